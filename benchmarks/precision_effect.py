"""What bfloat16 compute does to statistics, masks and sub-models, beside float32.

usage: precision_effect.py MODEL PROMPTS.jsonl HELD_OUT.jsonl [--sparsecast COMMAND] [--max-tokens N]

Prints the relative error of Σx² per tap, the share of mask bits that differ, and the perplexity of the sub-models on
the held-out prompts. Needs numpy.
"""
import argparse, json, os, shutil, subprocess, sys, tempfile
import numpy as np

TAPS = {"attention_input": "self_attn.q_proj", "attention_output": "self_attn.o_proj",
        "mlp_input": "mlp.gate_proj", "mlp_hidden": "mlp.down_proj"}
METHODS = (("50 %", "0.5", "unstructured"), ("60 %", "0.6", "unstructured"), ("2:4", "0.5", "2:4"))


def run(options, *arguments):
    done = subprocess.run([options.sparsecast, *map(str, arguments), "--json"], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"sparsecast {arguments[0]} failed")
    return json.loads(done.stdout)


def tensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    return {name: np.frombuffer(data[slice(*entry["data_offsets"])], "<f8")
            for name, entry in header.items() if name != "__metadata__"}


def errors(wide, narrow):
    for tap, module in TAPS.items():
        found = []
        for name in wide:
            if name.endswith(module + ".in_sum2"):
                a, b = wide[name], narrow[name]
                used = a > 0
                found.append(np.abs(b[used] - a[used]) / a[used])
        all_errors = np.concatenate(found)
        print(f"| {tap} | {np.median(all_errors):.1e} | {np.quantile(all_errors, 0.99):.1e} | {all_errors.max():.1e} |")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("prompts")
    parser.add_argument("held_out")
    parser.add_argument("--sparsecast", default="./sparsecast")
    parser.add_argument("--max-tokens", default="512")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        paths = {}
        for precision in ("float32", "bfloat16"):
            paths[precision] = os.path.join(directory, precision + ".safetensors")
            run(options, "profile", "--model", options.model, "--prompts", options.prompts, "--out", paths[precision],
                "--max-tokens", options.max_tokens, "--precision", precision)
        print("| tap | median relative error of Σx² | 99 % below | largest |\n| --- | --- | --- | --- |")
        errors(tensors(paths["float32"]), tensors(paths["bfloat16"]))
        print("\n| mask | bits that differ | perplexity, float32 statistics | bfloat16 statistics |\n| --- | --- | --- | --- |")
        for label, sparsity, pattern in METHODS:
            masks, perplexities = [], []
            for precision, path in paths.items():
                masks.append(os.path.join(directory, precision + ".mask"))
                pruned = os.path.join(directory, "pruned")
                run(options, "prune", "--model", options.model, "--statistics", path, "--method", "wanda", "--sparsity",
                    sparsity, "--pattern", pattern, "--mask", masks[-1], "--out", pruned)
                perplexities.append(run(options, "evaluate", "--model", pruned, "--prompts", options.held_out,
                                        "--max-tokens", options.max_tokens)["perplexity"])
                shutil.rmtree(pruned)
            difference = run(options, "compare", *masks)
            print(f"| wanda {label} | {difference['differing_bits'] / difference['bits']:.2%} "
                  f"| {perplexities[0]:.4f} | {perplexities[1]:.4f} |", flush=True)
        dense = [run(options, "evaluate", "--model", options.model, "--prompts", options.held_out, "--max-tokens",
                     options.max_tokens, "--precision", precision)["perplexity"] for precision in paths]
        print(f"\nperplexity of the dense model: {dense[0]:.4f} computed in float32, {dense[1]:.4f} in bfloat16")


if __name__ == "__main__":
    main()
