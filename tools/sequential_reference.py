"""Compares a mask of `prune --sequential` with one made in PyTorch the way Wanda's authors do it, block by block.

With torch, transformers and safetensors installed:

    python tools/sequential_reference.py MODEL_DIR PROMPTS.jsonl MASK [MAX_TOKENS]

prints for every decoder block, and in all, how many bits of the two masks differ. Unstructured wanda only, float32.
"""

import json
import sys

import numpy as np
import torch
from safetensors import safe_open
from transformers import AutoModelForCausalLM, AutoTokenizer

MODULES = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj",
           "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"]


def stop_at_first_block(model, ids):
    """What the model hands to its first decoder block: hidden states and keyword arguments."""
    caught = {}

    class Stop(Exception):
        pass

    def catch(module, args, kwargs):
        caught["hidden"] = args[0] if args else kwargs.pop("hidden_states")
        caught["kwargs"] = {key: value for key, value in kwargs.items() if key != "hidden_states"}
        raise Stop

    handle = model.model.layers[0].register_forward_pre_hook(catch, with_kwargs=True)
    try:
        model(ids, use_cache=False)
    except Stop:
        pass
    handle.remove()
    return caught["hidden"], caught["kwargs"]


def run(block, hidden, kwargs):
    out = block(hidden, **kwargs)
    return out[0] if isinstance(out, tuple) else out


@torch.no_grad()
def main(directory, prompts, mask_file, max_tokens):
    tokenizer = AutoTokenizer.from_pretrained(directory)
    model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32).eval()
    sequences = [tokenizer(json.loads(line)["text"])["input_ids"][:max_tokens] for line in open(prompts)]
    states = [stop_at_first_block(model, torch.tensor([ids])) for ids in sequences if ids]
    tokens = sum(hidden.shape[1] for hidden, _ in states)
    differing_all = bits_all = 0
    with safe_open(mask_file, "np") as masks:
        made = masks.metadata()
        assert (made["method"], made["pattern"]) == ("wanda", "unstructured"), made
        sparsity = float(made["sparsity"])
        for layer, block in enumerate(model.model.layers):
            linears = {name: block.get_submodule(name) for name in MODULES}
            squares = {name: torch.zeros(linear.in_features, dtype=torch.float64) for name, linear in linears.items()}

            def hook(name):
                def add(module, args, output):
                    squares[name] += args[0].float().square().sum((0, 1)).double()
                return add

            handles = [linear.register_forward_hook(hook(name)) for name, linear in linears.items()]
            for hidden, kwargs in states:
                run(block, hidden, kwargs)
            for handle in handles:
                handle.remove()
            differing = bits = 0
            for name, linear in linears.items():
                norms = torch.sqrt(squares[name] / tokens).float()
                score = linear.weight.abs() * norms
                order = torch.sort(score, dim=-1, stable=True).indices
                kept = torch.ones_like(score, dtype=torch.bool)
                kept.scatter_(1, order[:, : int(score.shape[1] * sparsity)], False)
                linear.weight[~kept] = 0
                expected = np.packbits(kept.numpy(), axis=1, bitorder="little")
                actual = masks.get_tensor(f"model.layers.{layer}.{name}.mask")
                differing += int(np.bitwise_count(expected ^ actual).sum())
                bits += kept.numel()
            states = [(run(block, hidden, kwargs), kwargs) for hidden, kwargs in states]
            print(f"block {layer}: {differing} of {bits} bits differ")
            differing_all += differing
            bits_all += bits
    print(f"all: {differing_all} of {bits_all} bits differ, a share of {differing_all / bits_all:.2e}")


if __name__ == "__main__":
    main(*sys.argv[1:4], int(sys.argv[4]) if len(sys.argv) > 4 else 1 << 30)
