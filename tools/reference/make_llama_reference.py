"""Reference values for the forward pass, made with Hugging Face transformers.

Run from the repository root, in an environment with torch, transformers, safetensors and numpy:

    python tools/reference/make_llama_reference.py

It writes inference-worker/src/test/resources/reference: two tiny random Llama checkpoints (tied and untied embeddings)
and, for each of them and for demo/models/tiny-coder, a JSON file with token ids, sums over the inputs of every linear
layer, logits and losses. Seeds are fixed; other versions of PyTorch may differ in the last digits.
"""

import json
import pathlib

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / "inference-worker/src/test/resources/reference"
TAPS = {
    "self_attn.q_proj": "attention_input",
    "self_attn.o_proj": "attention_output",
    "mlp.gate_proj": "mlp_input",
    "mlp.down_proj": "mlp_hidden",
}


def digits(tensor):
    return [float(f"{value:.8g}") for value in tensor.flatten().tolist()]


def measure(model, sequences, logits_of=4):
    """Sums over all sequences per layer and tap (accumulated in float64), loss of each sequence, some logits."""
    sums = {}

    def hook(name):
        def observe(module, inputs):
            x = inputs[0].detach().double().reshape(-1, inputs[0].shape[-1])
            square, plain = sums.get(name, (0, 0))
            sums[name] = (square + (x * x).sum(0), plain + x.sum(0))

        return observe

    handles = []
    for layer, block in enumerate(model.model.layers):
        for module, tap in TAPS.items():
            handles.append(block.get_submodule(module).register_forward_pre_hook(hook(f"{layer}/{tap}")))
    results = []
    for tokens in sequences:
        with torch.no_grad():
            logits = model(torch.tensor([tokens])).logits[0].float()
        losses = torch.nn.functional.cross_entropy(
            logits[:-1].double(), torch.tensor(tokens[1:]), reduction="sum"
        ) if len(tokens) > 1 else torch.tensor(0.0)
        results.append({
            "tokens": tokens,
            "negative_log_likelihood": losses.item(),
            "last_logits": digits(logits[-1][:: max(1, logits.shape[-1] // 64)]),
        })
    for handle in handles:
        handle.remove()
    return {
        "sequences": results,
        "logit_stride": max(1, model.config.vocab_size // 64),
        "sums": {name: {"sum_squares": digits(a), "sum": digits(b)} for name, (a, b) in sorted(sums.items())},
    }


def write(name, values):
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / f"{name}.json").write_text(json.dumps(values) + "\n")


def tiny_random(name, tied, rope_theta, seed):
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=97, hidden_size=42, intermediate_size=75, num_hidden_layers=2, num_attention_heads=6,
        num_key_value_heads=2, head_dim=14, max_position_embeddings=256, rms_norm_eps=1e-5, rope_theta=rope_theta,
        tie_word_embeddings=tied, bos_token_id=0, eos_token_id=0,
    )
    model = LlamaForCausalLM(config)
    for parameter_name, parameter in model.named_parameters():
        spread = 0.2 if parameter_name.endswith("norm.weight") else parameter.shape[-1] ** -0.5
        torch.nn.init.normal_(parameter, 1.0 if parameter_name.endswith("norm.weight") else 0.0, spread)
    model.to(torch.bfloat16).save_pretrained(OUT / name)
    (OUT / name / "generation_config.json").unlink(missing_ok=True)
    # Loaded anew: the conversion above has rounded the rotary frequencies, too.
    model = AutoModelForCausalLM.from_pretrained(OUT / name, dtype=torch.float32).eval()
    sequences = [torch.randint(0, 97, (length,)).tolist() for length in (1, 2, 17, 33, 35, 150, 160)]
    write(name, measure(model, sequences))


def tiny_coder():
    directory = ROOT / "demo/models/tiny-coder"
    model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(directory)
    values = {"prompts": []}
    sequences = []
    for file in ("python", "java", "math"):
        lines = (ROOT / f"demo/prompts/{file}.jsonl").read_text().splitlines()[:2]
        for line in lines:
            prompt = json.loads(line)
            values["prompts"].append({"id": prompt["id"], "file": file})
            sequences.append(tokenizer(prompt["text"]).input_ids[:256])
    write("tiny-coder", values | measure(model, sequences))


if __name__ == "__main__":
    tiny_random("llama-tied", True, 10000.0, 1)
    tiny_random("llama-untied", False, 700.0, 2)
    tiny_coder()
