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


def norms(sum_squares, tokens):
    """float32(sqrt(sum x^2 / n)), divided and rooted in float64."""
    return torch.sqrt(torch.from_numpy(sum_squares / tokens)).float()


def added_up(values):
    """Sums over the last axis in float64, one value after the other from the first on."""
    return np.cumsum(values.astype(np.float64), axis=-1)[..., -1]


def relative_importance(weight, norm):
    """RIA's score: (|W_ij| / sum_i |W_ij| + |W_ij| / sum_j |W_ij|) * sqrt(norm_j), rounded once from float64."""
    magnitudes = weight.abs().double().numpy()
    rows, columns = added_up(magnitudes), added_up(magnitudes.T)
    shares = [np.divide(1, sums, out=np.zeros_like(sums), where=sums != 0) for sums in (rows, columns)]
    factor = (shares[0][:, None] + shares[1][None, :]) * np.sqrt(norm.double().numpy())
    return torch.from_numpy((magnitudes * factor).astype(np.float32))


def scores(weight, norm, method):
    if method == "ria":
        return relative_importance(weight, norm)
    return weight.abs().float() * norm if method == "wanda" else weight.abs().float()


def keep(score, pattern, sparsity):
    """True where a weight stays; a stable ascending sort of float32 scores decides."""
    kept = torch.ones_like(score, dtype=torch.bool)
    if pattern == "unstructured":
        order = torch.sort(score, dim=-1, stable=True).indices
        kept.scatter_(1, order[:, : int(score.shape[1] * sparsity)], False)
    elif pattern == "whole-matrix":
        order = torch.sort(score.flatten(), stable=True).indices
        kept.view(-1)[order[: int(score.numel() * sparsity)]] = False
    else:
        n, m = map(int, pattern.split(":"))
        groups = score.reshape(score.shape[0], -1, m)
        order = torch.sort(groups, dim=-1, stable=True).indices
        kept = kept.reshape(groups.shape).scatter_(2, order[:, :, : m - n], False).reshape(score.shape)
    return kept.numpy()


def layer_sparsities(modules, layers, sparsity, budget):
    """OWL: blocks with more scores above M times their mean keep more. `modules(layer)` gives (weight, norm) pairs."""
    if budget == "uniform":
        return [sparsity] * layers
    multiple, spread = map(float, budget.split(":")[1:])
    shares = []
    for layer in range(layers):
        all_scores = [scores(weight, norm, "wanda").numpy() for weight, norm in modules(layer)]
        count = sum(score.size for score in all_scores)
        mean = added_up(np.concatenate([added_up(score) for score in all_scores])) / count
        outliers = sum(int((score.astype(np.float64) > multiple * mean).sum()) for score in all_scores)
        shares.append(outliers / count)
    shares = np.array(shares)
    if shares.max() > shares.min():
        shares = (shares - shares.min()) / (shares.max() - shares.min()) * (2 * spread)
    else:
        shares = np.zeros_like(shares)
    return list(sparsity - (shares - added_up(shares) / layers))


def packed(kept):
    return np.packbits(kept, axis=1, bitorder="little")


def reference(model, sum_squares, tokens, method, pattern, sparsity, budget):
    """(module, packed mask) of every prunable module in order; the last is (None, sparsities of the layers)."""
    layers = 1 + max(int(name.split(".")[2]) for name in model if name.startswith("model.layers."))

    def modules(layer):
        for module, tap in MODULES:
            name = f"model.layers.{layer}.{module}"
            weight = model[name + ".weight"]
            yield name, weight, norms(sum_squares(layer, tap, name, weight.shape[1]), tokens)

    pairs = lambda layer: ((weight, norm) for _, weight, norm in modules(layer))
    sparsities = layer_sparsities(pairs, layers, sparsity, budget)
    for layer in range(layers):
        for name, weight, norm in modules(layer):
            yield name, packed(keep(scores(weight, norm, method), pattern, sparsities[layer]))
    yield None, sparsities


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
    for method, pattern, sparsity, *budget in [
        ("wanda", "unstructured", 0.5), ("wanda", "unstructured", 0.6), ("wanda", "unstructured", 0.0),
        ("wanda", "unstructured", 0.97), ("wanda", "2:4", 0.5), ("wanda", "4:8", 0.5), ("wanda", "1:4", 0.75),
        ("wanda", "3:16", 0.8125), ("magnitude", "unstructured", 0.5), ("magnitude", "2:4", 0.5),
        ("wanda", "whole-matrix", 0.6), ("ria", "unstructured", 0.6), ("ria", "whole-matrix", 0.5), ("ria", "2:4", 0.5),
        ("wanda", "unstructured", 0.7, "owl:5:0.08"), ("ria", "whole-matrix", 0.6, "owl:3:0.15"),
        ("magnitude", "unstructured", 0.5, "owl:7:0.05"),
    ]:
        budget = budget[0] if budget else "uniform"
        digest = hashlib.sha256()
        squares = lambda layer, tap, name, channels: made_up_sum_squares(layer, tap, channels)
        *masks, (_, sparsities) = reference(model, squares, TOKENS, method, pattern, sparsity, budget)
        for _, mask in masks:
            digest.update(mask.tobytes())
        print(method, pattern, sparsity, budget, "sha256:" + digest.hexdigest(), ",".join(map(str, sparsities)))


def compare(directory, statistics, mask):
    model = load(directory)
    with safe_open(statistics, "np") as sums, safe_open(mask, "np") as masks:
        tokens = float(sums.metadata()["tokens"])
        made = masks.metadata()
        squares = lambda layer, tap, name, channels: sums.get_tensor(name + ".in_sum2")
        budget = made.get("budget", "uniform")
        differing = bits = 0
        *expected, (_, sparsities) = reference(
            model, squares, tokens, made["method"], made["pattern"], float(made["sparsity"]), budget)
        if "layer_sparsities" in made and list(map(float, made["layer_sparsities"].split(","))) != sparsities:
            print("the sparsities of the layers differ:", made["layer_sparsities"], sparsities)
        for name, mask in expected:
            differing += int(np.bitwise_count(mask ^ masks.get_tensor(name + ".mask")).sum())
            bits += model[name + ".weight"].numel()
        print(f"{made['method']} {made['pattern']} {made['sparsity']} {budget}: {differing} of {bits} bits differ")


if __name__ == "__main__":
    compare(*sys.argv[1:]) if len(sys.argv) > 1 else print_digests()
