"""Reference values for the forward pass, made with Hugging Face transformers.

Run from the repository root, in an environment with torch, transformers, safetensors and numpy:

    python tools/reference/make_reference.py [NAME ...]

It writes inference-worker/src/test/resources/reference: tiny random checkpoints, one or more a family, and, for each of
them and for demo/models/tiny-coder, a JSON file with token ids, sums over the inputs of every linear layer, logits and
losses. Without names it makes all. Seeds are fixed; other versions of PyTorch may differ in the last digits.
"""

import json
import pathlib
import shutil
import sys

import torch
from transformers import (
    AutoModelForCausalLM, AutoTokenizer, GemmaConfig, LlamaConfig, LlamaForCausalLM, MistralConfig, Qwen2Config,
    Qwen3Config,
)

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


# What all families share. Sizes are odd where they may be, so that nothing agrees by chance.
SMALL = dict(
    vocab_size=61, hidden_size=30, intermediate_size=43, num_hidden_layers=2, num_attention_heads=6,
    num_key_value_heads=2, head_dim=8, max_position_embeddings=256, rms_norm_eps=1e-5, tie_word_embeddings=False,
    bos_token_id=0, eos_token_id=0, pad_token_id=None,
)
LLAMA3 = dict(
    rope_type="llama3", rope_theta=1000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
    original_max_position_embeddings=48,
)
LINEAR = dict(rope_type="linear", rope_theta=300.0, factor=3.0)
FAMILIES = {
    # The wavelengths of this head lie on both sides of the band that is blended, and within it.
    "llama3": LlamaConfig(**SMALL, rope_parameters=LLAMA3),
    "llama-biases": LlamaConfig(**SMALL, rope_parameters=LINEAR, attention_bias=True, mlp_bias=True),
    "mistral": MistralConfig(**SMALL, sliding_window=37),
    "qwen2": Qwen2Config(**SMALL | dict(tie_word_embeddings=True)),
    "qwen2-window": Qwen2Config(**SMALL, use_sliding_window=True, sliding_window=130, max_window_layers=0),
    "qwen3": Qwen3Config(**SMALL | dict(tie_word_embeddings=True)),
    "qwen3-biases": Qwen3Config(**SMALL, attention_bias=True),
    "gemma": GemmaConfig(**SMALL | dict(tie_word_embeddings=True, num_key_value_heads=1)),
}
# The same weights in other files: the reference of the family holds for all.
VARIANTS = {"mistral-float16-sharded": (torch.float16, "14KB"), "mistral-float32": (torch.float32, "1GB")}


def exact_in_any_type(values):
    """Values near these that bfloat16, float16 and float32 all hold."""
    rounded = values.to(torch.bfloat16).float()
    return torch.where(rounded.abs() < 2.0**-14, 0.0, rounded)


def randomize(model):
    """Weights that keep activations of order one, gains about one, and biases that matter."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            values = torch.randn(parameter.shape)
            if name.endswith("norm.weight"):
                one = 0.0 if model.config.model_type == "gemma" else 1.0
                values = one + 0.2 * values
            elif name.endswith(".bias"):
                values = 0.3 * values
            else:
                values = values * parameter.shape[-1] ** -0.5
            parameter.copy_(exact_in_any_type(values))


def save(model, name, dtype, shard_size):
    shutil.rmtree(OUT / name, ignore_errors=True)
    model.to(dtype).save_pretrained(OUT / name, max_shard_size=shard_size)
    (OUT / name / "generation_config.json").unlink(missing_ok=True)


def family(name):
    torch.manual_seed(sorted(FAMILIES).index(name) + 100)
    model = AutoModelForCausalLM.from_config(FAMILIES[name])
    randomize(model)
    sequences = [torch.randint(0, SMALL["vocab_size"], (length,)).tolist() for length in (1, 2, 37, 38, 64, 150, 160)]
    save(model, name, torch.bfloat16, "1GB")
    write(name, measure(reference(name), sequences))
    for variant, (dtype, shard_size) in VARIANTS.items():
        if variant.startswith(name + "-"):
            save(reference(name), variant, dtype, shard_size)


def reference(name):
    return AutoModelForCausalLM.from_pretrained(
        OUT / name, dtype=torch.float32, attn_implementation="eager").eval()


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


MAKERS = {
    "llama-tied": lambda: tiny_random("llama-tied", True, 10000.0, 1),
    "llama-untied": lambda: tiny_random("llama-untied", False, 700.0, 2),
    "tiny-coder": tiny_coder,
} | {name: lambda name=name: family(name) for name in FAMILIES}

if __name__ == "__main__":
    for wanted in sys.argv[1:] or MAKERS:
        MAKERS[wanted]()
