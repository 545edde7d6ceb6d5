"""PyTorch's ways of making Wanda masks, on the shapes of SelectionBenchmark: nanoseconds per weight, bfloat16, 50 %.

    python benchmarks/selection_pytorch.py [seconds per figure, default 2] [threads, default 2]

Prints lines of layer, what was measured, and the median, separated by tabs, as SelectionBenchmark does.

"sort + scatter" is what the paper's authors do (stable sort of float32 scores, scatter of the first half of the indices);
"topk" finds the same number of weights faster, without their rule for ties.
"""

import sys
import time

import torch

SHAPES = [
    ("llama-7b q,k,v,o", 4096, 4096), ("llama-7b gate,up", 11008, 4096), ("llama-7b down", 4096, 11008),
    ("smollm2-135m q,o", 576, 576), ("smollm2-135m gate,up", 1536, 576), ("smollm2-135m down", 576, 1536),
]
seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2
torch.set_num_threads(int(sys.argv[2]) if len(sys.argv) > 2 else 2)


def score(weight, norm):
    return weight.abs().float() * norm


def sort_scatter(weight, norm):
    scores = score(weight, norm)
    mask = torch.zeros_like(scores, dtype=torch.bool)
    order = torch.sort(scores, dim=-1, stable=True).indices
    return mask.scatter_(1, order[:, : scores.shape[1] // 2], True)


def topk(weight, norm):
    scores = score(weight, norm)
    mask = torch.zeros_like(scores, dtype=torch.bool)
    order = torch.topk(scores, scores.shape[1] // 2, dim=-1, largest=False, sorted=False).indices
    return mask.scatter_(1, order, True)


for name, rows, columns in SHAPES:
    generator = torch.Generator().manual_seed(1)
    scales = torch.exp(0.1 * torch.randn(rows, 1, generator=generator))
    weight = (0.02 * scales * torch.randn(rows, columns, generator=generator)).bfloat16()
    norm = torch.exp(0.5 * torch.randn(columns, generator=generator))
    for label, what in (("PyTorch sort", sort_scatter), ("PyTorch topk", topk)):
        what(weight[:64], norm)
        times = []
        begin = time.perf_counter()
        while not times or time.perf_counter() - begin < seconds:
            start = time.perf_counter()
            what(weight, norm)
            times.append((time.perf_counter() - start) * 1e9 / weight.numel())
        times.sort()
        print(f"{name}\t{label}\t{times[len(times) // 2]:.4f}", flush=True)
