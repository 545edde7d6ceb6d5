"""An independent structured pruning (flap) with numpy and PyTorch, to check the Java one against.

Makes the reference of wanda's StructuredRunTest, the digest of the bundled model cut by made-up statistics:

    python tools/structured_reference.py > wanda/src/test/resources/dev/sparsecast/wanda/structured/cuts.txt

Given a base model, a statistics file and a cut model it compares the two tensor by tensor, and has transformers load
the cut model:

    python tools/structured_reference.py MODEL_DIR STATISTICS CUT_DIR
"""

import hashlib
import json
import sys

import numpy as np
import torch

from mask_reference import TOKENS, load, made_up_sum_squares

O, DOWN = "self_attn.o_proj", "mlp.down_proj"
TAPS = {O: 1, DOWN: 3}


def made_up_sums(layer, tap, channels):
    j = np.arange(channels, dtype=np.int64)
    return ((j * 5417 + layer * 31 + tap * 17) % 401 - 200) / 4.0


def added_up(values, axis):
    """In float64, one value after the other from the first on."""
    return np.take(np.cumsum(values, axis=axis), -1, axis=axis) if values.shape[axis] else np.zeros(len(values))


def fluctuation(weight, squares, sums, tokens):
    mean = sums / tokens
    return added_up(weight * weight, 0) * np.maximum(0, squares / tokens - mean * mean)


def highest(scores, count):
    return np.sort(np.argsort(scores, kind="stable")[len(scores) - count:])


def cut(model, config, statistics, tokens, share, removed_heads=None):
    """(config changes, tensors) of the smaller model."""
    heads, groups, layers = (config[key] for key in ("num_attention_heads", "num_key_value_heads", "num_hidden_layers"))
    hidden, width = config["hidden_size"], config["intermediate_size"]
    head_dim = config.get("head_dim", hidden // heads)
    group = heads // groups * head_dim
    name = lambda layer, module: f"model.layers.{layer}.{module}"
    double = lambda layer, module: model[name(layer, module) + ".weight"].double().numpy()
    scores = {}
    for layer in range(layers):
        for module in (O, DOWN):
            score = fluctuation(double(layer, module), *statistics(layer, TAPS[module], name(layer, module)), tokens)
            scores[layer, module] = score.reshape(groups, group).sum(1) if module == O else score

    head_weights, neuron_weights = 2 * hidden * (group + head_dim), 3 * hidden
    block = groups * head_weights + width * neuron_weights
    multiple = min(16, width & -width)
    best = None
    for removed in range(groups) if removed_heads is None else [removed_heads]:
        gone = int(np.floor((share * block - removed * head_weights) / neuron_weights / multiple + 0.5)) * multiple
        if not 0 <= gone < width:
            continue
        kept = {key: highest(score, groups - removed if key[1] == O else width - gone)
                for key, score in scores.items()}
        loss = sum(1 - scores[key][kept[key]].sum() / scores[key].sum() for key in scores)
        if best is None or loss < best[0]:
            best = loss, removed, gone, kept
    _, removed, gone, kept = best

    changes = {}
    if removed:
        changes |= {"num_attention_heads": heads // groups * (groups - removed), "num_key_value_heads": groups - removed,
                    "head_dim": head_dim, "attention_bias": True}
    if gone:
        changes |= {"intermediate_size": width - gone, "mlp_bias": True}
    tensors = dict(model)
    for layer in range(layers):
        ranges = lambda size: (kept[layer, O][:, None] * size + np.arange(size)).flatten()
        rows = {"self_attn.q_proj": ranges(group), "self_attn.k_proj": ranges(head_dim),
                "self_attn.v_proj": ranges(head_dim), "mlp.gate_proj": kept[layer, DOWN], "mlp.up_proj": kept[layer, DOWN]}
        columns = {O: ranges(group), DOWN: kept[layer, DOWN]}
        for module, index in rows.items():
            weight = tensors[name(layer, module) + ".weight"] = model[name(layer, module) + ".weight"][index]
            if removed if "attn" in module else gone:
                tensors[name(layer, module) + ".bias"] = torch.zeros(len(index), dtype=weight.dtype)
        for module, index in columns.items():
            weight = model[name(layer, module) + ".weight"]
            tensors[name(layer, module) + ".weight"] = weight[:, index]
            if removed if "attn" in module else gone:
                lost = np.setdiff1d(np.arange(weight.shape[1]), index)
                mean = statistics(layer, TAPS[module], name(layer, module))[1] / tokens
                bias = added_up(double(layer, module)[:, lost] * mean[lost], 1)
                tensors[name(layer, module) + ".bias"] = torch.from_numpy(bias).float().to(weight.dtype)
    return changes, tensors


def print_cuts():
    directory = "demo/models/tiny-coder"
    model, config = load(directory), json.load(open(f"{directory}/config.json"))

    def statistics(layer, tap, module):
        channels = model[module + ".weight"].shape[1]
        return made_up_sum_squares(layer, tap, channels), made_up_sums(layer, tap, channels)

    for share, removed in [(0.0, None), (0.2, None), (0.5, None), (0.4, 1)]:
        changes, tensors = cut(model, config, statistics, TOKENS, share, removed)
        print(share, "-" if removed is None else removed, changes.get("num_attention_heads", config["num_attention_heads"]),
              changes.get("intermediate_size", config["intermediate_size"]), tensors_digest(tensors))


def tensors_digest(tensors):
    """The model digest of docs/formats.md."""
    lines = []
    for name in sorted(tensors):
        data = tensors[name].contiguous().view(torch.uint8).numpy().tobytes()
        sizes = ",".join(map(str, tensors[name].shape))
        lines.append(f"{hashlib.sha256(data).hexdigest()} {TYPES[tensors[name].dtype]} [{sizes}] {len(name)} {name}\n")
    return "sha256:" + hashlib.sha256("".join(lines).encode()).hexdigest()


TYPES = {torch.bfloat16: "BF16", torch.float16: "F16", torch.float32: "F32"}


def compare(directory, statistics_file, cut_directory):
    from safetensors import safe_open
    from transformers import AutoModelForCausalLM

    model, config = load(directory), json.load(open(f"{directory}/config.json"))
    found, made = load(cut_directory), json.load(open(f"{cut_directory}/config.json"))
    removed = config["num_key_value_heads"] - made["num_key_value_heads"]
    with safe_open(statistics_file, "np") as sums:
        statistics = lambda layer, tap, module: (
            sums.get_tensor(module + ".in_sum2"), sums.get_tensor(module + ".in_sum"))
        kept = sum(tensor.numel() for name, tensor in found.items() if "_proj.weight" in name)
        share = 1 - kept / sum(tensor.numel() for name, tensor in model.items() if "_proj.weight" in name)
        changes, tensors = cut(model, config, statistics, float(sums.metadata()["tokens"]), share, removed)
    differing = [name for name in tensors.keys() | found.keys()
                 if name not in tensors or name not in found or not torch.equal(tensors[name], found[name])]
    wrong = [key for key, value in (config | changes).items() if made.get(key) != value]
    loaded, info = AutoModelForCausalLM.from_pretrained(cut_directory, output_loading_info=True)
    print(f"removed {share:.6f}: {len(differing)} of {len(tensors)} tensors differ, {len(wrong)} config fields differ; "
          f"transformers loads {sum(p.numel() for p in loaded.parameters())} parameters, "
          f"missing {len(info['missing_keys'])}, unexpected {len(info['unexpected_keys'])}")


if __name__ == "__main__":
    compare(*sys.argv[1:]) if len(sys.argv) > 1 else print_cuts()
