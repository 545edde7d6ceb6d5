"""Loads the archive that Java writes for a Llama model into PyTorch and compares it with transformers.


ARCHIVE is written by dev.sparsecast.benchmarks.WriteScript. Prints the largest relative error of Σx² of every tap (against
transformers in float32 with forward hooks) and tokens a second of both sides.
"""
import argparse, json, os, time
import torch
from transformers import AutoModelForCausalLM

TAPS = {"self_attn.q_proj": 0, "self_attn.o_proj": 1, "mlp.gate_proj": 2, "mlp.down_proj": 3}
STORED = {"F32": 6, "F16": 5, "BF16": 15}


def read(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = torch.frombuffer(bytearray(file.read()), dtype=torch.uint8)
    header.pop("__metadata__", None)
    return {name: (data[slice(*entry["data_offsets"])].reshape(*entry["shape"][:-1], -1), STORED[entry["dtype"]])
            for name, entry in header.items()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("archive")
    parser.add_argument("model")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--tokens", type=int, default=512)
    parser.add_argument("--sequences", type=int, default=4)
    options = parser.parse_args()
    device = torch.device(options.device)
    config = json.load(open(os.path.join(options.model, "config.json")))
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    width = config.get("head_dim") or hidden // heads
    channels = [hidden, heads * width, hidden, config["intermediate_size"]]
    tensors = read(os.path.join(options.model, "model.safetensors"))
    script = torch.jit.load(options.archive, map_location=device)

    def made(method, *names):
        parts, stored = zip(*(tensors[name] for name in names))
        return method([part.to(device) for part in parts], list(stored))

    blocks = []
    for layer in range(config["num_hidden_layers"]):
        p = f"model.layers.{layer}."
        blocks.append([
            made(script.gain, p + "input_layernorm.weight"),
            made(script.matrix, *(f"{p}self_attn.{n}_proj.weight" for n in "qkv")),
            made(script.matrix, p + "self_attn.o_proj.weight"),
            made(script.gain, p + "post_attention_layernorm.weight"),
            *(made(script.matrix, f"{p}mlp.{n}_proj.weight") for n in ("gate", "up", "down"))])
    table, stored = tensors["model.embed_tokens.weight"]
    embedding = script.floats([table.to(device)], [stored], stored)
    theta = config.get("rope_theta") or config["rope_parameters"]["rope_theta"]
    frequencies = (1 / theta ** (torch.arange(0, width, 2).float() / width)).to(device)
    ids = torch.randint(0, config["vocab_size"], (options.sequences, options.tokens), generator=torch.manual_seed(1))
    flat = ids.reshape(-1).to(device)
    positions = torch.arange(options.tokens).repeat(options.sequences).to(device)
    triangle = script.triangle(frequencies)
    runs = [options.sequences, 0, options.tokens, 0]

    @torch.inference_mode()
    def ours():
        rotary = script.rotary(frequencies, positions)
        x, sums = script.embed(embedding, flat), []
        for weights in blocks:
            x, of_block = script.block(x, weights, rotary, triangle, runs, [], [flat.shape[0]])
            sums.append(of_block)
        return torch.cat(sums).cpu()

    model = AutoModelForCausalLM.from_pretrained(options.model, dtype=torch.float32).eval().to(device)
    expected = {}

    def hook(name):
        def before(module, inputs):
            expected[name] = inputs[0].reshape(-1, inputs[0].shape[-1]).float().square().sum(0).cpu()
        return before

    for name, module in model.named_modules():
        if name.endswith(tuple(TAPS)):
            module.register_forward_pre_hook(hook(name))

    @torch.inference_mode()
    def theirs():
        model.model(ids.to(device), use_cache=False)

    def seconds(run):
        run(), run()
        if device.type == "cuda":
            torch.cuda.synchronize()
        begin = time.perf_counter()
        run()
        if device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - begin

    their_seconds = seconds(theirs)
    our_seconds = seconds(ours)
    sums = ours()
    for module, tap in TAPS.items():
        start = 2 * sum(channels[:tap])
        error = max(((sums[layer, start:start + channels[tap]] - expected[f"model.layers.{layer}.{module}"]).abs()
                     / expected[f"model.layers.{layer}.{module}"]).max().item() for layer in range(len(blocks)))
        print(f"input of {module}: largest relative error of Σx² {error:.1e}")
    tokens = flat.shape[0]
    print(f"{options.device}: script {tokens / our_seconds:,.0f} tokens/s, transformers float32 with hooks, without head "
          f"{tokens / their_seconds:,.0f} tokens/s")


if __name__ == "__main__":
    main()
