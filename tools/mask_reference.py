"""Makes the reference masks of wanda's PrunerReferenceTest: an independent pruning of the bundled model with PyTorch.

Run from the repository root, with torch and safetensors installed:

    python tools/mask_reference.py > wanda/src/test/resources/dev/sparsecast/wanda/pruning/mask-digests.txt

Given a statistics file and a mask file it compares instead, and prints how many bits differ:

    python tools/mask_reference.py MODEL_DIR STATISTICS MASK
"""

import hashlib
import json
import sys

import numpy as np
import torch
from safetensors import safe_open

MODULES = [
    ("self_attn.q_proj", 0), ("self_attn.k_proj", 0), ("self_attn.v_proj", 0), ("self_attn.o_proj", 1),
    ("mlp.gate_proj", 2), ("mlp.up_proj", 2), ("mlp.down_proj", 3),
]
TOKENS = 1234


def made_up_sum_squares(layer, tap, channels):
    """Statistics that the test can make too: whole numbers over 8, with dead channels and outliers."""
    j = np.arange(channels, dtype=np.int64)
    values = (j * 7919 + layer * 104729 + tap * 1299709) % 1009
    values = np.where(values < 20, 0, values)
    values = np.where(values > 1000, values * 5000, values)
    return values / 8.0


def keep(weight, sum_squares, tokens, method, pattern, sparsity):
    """True where a weight stays; a stable ascending sort of float32 scores decides."""
    score = weight.abs().float()
    if method == "wanda":
        score = score * torch.sqrt(torch.from_numpy(sum_squares / tokens)).float()
    kept = torch.ones_like(score, dtype=torch.bool)
    if pattern == "unstructured":
        order = torch.sort(score, dim=-1, stable=True).indices
        kept.scatter_(1, order[:, : int(score.shape[1] * sparsity)], False)
    else:
        n, m = map(int, pattern.split(":"))
        groups = score.reshape(score.shape[0], -1, m)
        order = torch.sort(groups, dim=-1, stable=True).indices
        kept = kept.reshape(groups.shape).scatter_(2, order[:, :, : m - n], False).reshape(score.shape)
    return kept.numpy()


def packed(kept):
    return np.packbits(kept, axis=1, bitorder="little")


def reference(model, sum_squares, tokens, method, pattern, sparsity):
    """(module, packed mask) of every prunable module in order."""
    layers = 1 + max(int(name.split(".")[2]) for name in model if name.startswith("model.layers."))
    for layer in range(layers):
        for module, tap in MODULES:
            name = f"model.layers.{layer}.{module}"
            weight = model[name + ".weight"]
            kept = keep(weight, sum_squares(layer, tap, name, weight.shape[1]), tokens, method, pattern, sparsity)
            yield name, packed(kept)


def load(directory):
    index = f"{directory}/model.safetensors.index.json"
    try:
        shards = sorted(set(json.load(open(index))["weight_map"].values()))
    except FileNotFoundError:
        shards = ["model.safetensors"]
    tensors = {}
    for shard in shards:
        with safe_open(f"{directory}/{shard}", "pt") as file:
            tensors.update({name: file.get_tensor(name) for name in file.keys()})
    return tensors


def print_digests():
    model = load("demo/models/tiny-coder")
    for method, pattern, sparsity in [
        ("wanda", "unstructured", 0.5), ("wanda", "unstructured", 0.6), ("wanda", "unstructured", 0.0),
        ("wanda", "unstructured", 0.97), ("wanda", "2:4", 0.5), ("wanda", "4:8", 0.5), ("wanda", "1:4", 0.75),
        ("wanda", "3:16", 0.8125), ("magnitude", "unstructured", 0.5), ("magnitude", "2:4", 0.5),
    ]:
        digest = hashlib.sha256()
        squares = lambda layer, tap, name, channels: made_up_sum_squares(layer, tap, channels)
        for _, mask in reference(model, squares, TOKENS, method, pattern, sparsity):
            digest.update(mask.tobytes())
        print(method, pattern, sparsity, "sha256:" + digest.hexdigest())


def compare(directory, statistics, mask):
    model = load(directory)
    with safe_open(statistics, "np") as sums, safe_open(mask, "np") as masks:
        tokens = float(sums.metadata()["tokens"])
        made = masks.metadata()
        squares = lambda layer, tap, name, channels: sums.get_tensor(name + ".in_sum2")
        differing = bits = 0
        for name, expected in reference(
                model, squares, tokens, made["method"], made["pattern"], float(made["sparsity"])):
            differing += int(np.bitwise_count(expected ^ masks.get_tensor(name + ".mask")).sum())
            bits += model[name + ".weight"].numel()
        print(f"{made['method']} {made['pattern']} {made['sparsity']}: {differing} of {bits} bits differ")


if __name__ == "__main__":
    compare(*sys.argv[1:]) if len(sys.argv) > 1 else print_digests()
