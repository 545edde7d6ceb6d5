"""Perplexity and speed of pruned models with transformers, to set beside those of `sparsecast evaluate`.

With torch, transformers and safetensors installed:

    python benchmarks/pruned_perplexity.py MODEL_DIR PROMPTS.jsonl [MASK_FILE or CHECKPOINT_DIR ...]

Prints for the model itself, with each mask, and for each checkpoint: exp of the mean negative log-likelihood over all
predicted tokens, tokens per second of that pass, and bytes on disk.
"""

import json
import math
import pathlib
import sys
import time

import numpy as np
import torch
from safetensors import safe_open
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging


def perplexity(model, prompts):
    loss = predicted = 0
    with torch.inference_mode():
        for ids in prompts:
            logits = model(ids).logits[0, :-1].float()
            loss += torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="sum").item()
            predicted += ids.shape[1] - 1
    return math.exp(loss / predicted)


def load(directory):
    return AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32).eval()


def apply(model, mask_file):
    with safe_open(mask_file, "np") as masks, torch.no_grad():
        for name in masks.keys():
            weight = model.get_submodule(name.removesuffix(".mask")).weight
            kept = np.unpackbits(masks.get_tensor(name), axis=1, count=weight.shape[1], bitorder="little")
            weight *= torch.from_numpy(kept)


def main():
    logging.disable_progress_bar()
    directory, prompts, *others = sys.argv[1:]
    tokenizer = AutoTokenizer.from_pretrained(directory)
    texts = [json.loads(line)["text"] for line in open(prompts)]
    prompts = [tokenizer(text, return_tensors="pt").input_ids for text in texts]
    for other in [directory, *others]:
        path = pathlib.Path(other)
        model = load(other if path.is_dir() else directory)
        if path.is_file():
            apply(model, other)
        perplexity(model, prompts[:1])  # to warm up
        start = time.perf_counter()
        measured = perplexity(model, prompts)
        speed = sum(ids.shape[1] for ids in prompts) / (time.perf_counter() - start)
        size = sum(file.stat().st_size for file in (path.glob("*.safetensors") if path.is_dir() else [path]))
        print(f"{path.name}: perplexity {measured:.3f}, {speed:.0f} tokens/s, {size} bytes", flush=True)


if __name__ == "__main__":
    main()
