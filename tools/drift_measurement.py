"""How far apart windows of prompts are, and how well the drift rule tells a shift from noise (docs/drift.md).

Needs torch, transformers and numpy:
    python tools/drift_measurement.py demo/models/tiny-coder demo/prompts
"""

import hashlib
import json
import pathlib
import sys

import numpy
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

MAX_TOKENS = 256
PARTS, PART_TOKENS, LEARNING, CONSECUTIVE = 3, 1000, 3, 2
TRIALS = 200
# Prompts that are counted before the first release.
FIRST_RELEASE = {"python": 32, "java": 32, "cpp": 32, "javascript": 30, "math": 22, "commonsense": 20}


def held_out(prompt_id):
    return int.from_bytes(hashlib.sha256(("held-out-26:" + prompt_id).encode()).digest()[:8], "big") % 5 == 0


def profile(model_directory, prompts_directory):
    """Per file: sums of squares of every counted prompt (one long vector of all taps) and its tokens."""
    tokenizer = AutoTokenizer.from_pretrained(model_directory)
    model = AutoModelForCausalLM.from_pretrained(model_directory, dtype=torch.float32).eval()
    seen = {}

    def hook(name):
        def keep(module, inputs, output):
            seen[name] = inputs[0][0].double().square().sum(0).numpy()
        return keep

    names = []
    for layer, block in enumerate(model.model.layers):
        for tap, module in (("attention_input", block.self_attn.q_proj), ("attention_output", block.self_attn.o_proj),
                            ("mlp_input", block.mlp.gate_proj), ("mlp_hidden", block.mlp.down_proj)):
            names.append((layer, tap))
            module.register_forward_hook(hook((layer, tap)))
    files = {}
    for path in sorted(pathlib.Path(prompts_directory).glob("*.jsonl")):
        prompts = []
        for line in path.read_text().splitlines():
            record = json.loads(line)
            if held_out(record["id"]):
                continue
            ids = tokenizer(record["text"], return_tensors="pt").input_ids[:, :MAX_TOKENS]
            with torch.no_grad():
                model.model(ids)
            prompts.append((numpy.concatenate([seen[name] for name in names]), ids.shape[1]))
        files[path.stem] = prompts
    bounds = numpy.cumsum([0] + [len(seen[name]) for name in names])
    return files, [slice(a, b) for a, b in zip(bounds, bounds[1:])]


def total(samples):
    return sum(s[0] for s in samples), sum(s[1] for s in samples)


def distances(sample, reference, taps):
    r, r0 = (numpy.sqrt(s[0] / s[1]) for s in (sample, reference))
    return numpy.array([numpy.linalg.norm(r[t] - r0[t]) / numpy.linalg.norm(r0[t]) for t in taps])


def windows(prompts, tokens):
    window = []
    for prompt in prompts:
        window.append(prompt)
        if total(window)[1] >= tokens:
            yield total(window)
            window = []


def shuffled(random, prompts):
    return [prompts[i] for i in random.permutation(len(prompts))]


def effect_sizes(files, taps, random):
    print("window  stationary (mean ± sd, max)   shifted (mean ± sd, min)")
    for tokens in (1000, 1500, 2000, 3000):
        same, other = [], []
        for _ in range(40):
            order = shuffled(random, files["python"])
            reference = total(order[:32])
            same += [distances(w, reference, taps).mean() for w in windows(order[32:], tokens)]
            moved = shuffled(random, files["python-data"])
            other += [distances(w, reference, taps).mean() for w in windows(moved, tokens)]
        print(f"{tokens:6}  {numpy.mean(same):.4f} ± {numpy.std(same):.4f}, {max(same):.4f}"
              f"      {numpy.mean(other):.4f} ± {numpy.std(other):.4f}, {min(other):.4f}")


def story(before, after, first_release, flush, taps, random):
    """Ratios of effect to noise floor, part by part: (ratio, prompts counted since the shift)."""
    prompts = shuffled(random, before) + (shuffled(random, after) if after else [])
    reference, part, parts, noise, learned, ratios, at = None, [], [], None, 0, [], 0
    while at < len(prompts):
        flushed = prompts[at:at + int(random.integers(flush[0], flush[1] + 1))]
        part += flushed
        at += len(flushed)
        if reference is None and at >= first_release:
            reference = total(prompts[:at])
        newest = total(part)
        if newest[1] < PART_TOKENS:
            continue
        if parts:
            earlier = total([total(p) for p in parts[-PARTS:]])
            variance = distances(newest, earlier, taps) ** 2 / (1 / newest[1] + 1 / earlier[1])
            if learned >= LEARNING:
                variance = numpy.minimum(variance, 4 * noise)
            learned += 1
            noise = variance if noise is None else noise + (variance - noise) * max(1 / learned, 0.05)
        parts.append(part)
        part = []
        if reference is not None and learned >= LEARNING:
            window = total([total(p) for p in parts[-PARTS:]])
            floor = numpy.sqrt(noise * (1 / window[1] + 1 / reference[1])).mean()
            ratios.append((distances(window, reference, taps).mean() / floor, at - len(before)))
    return ratios


def drifted(ratios, factor):
    """Prompts since the shift when drift was established, or None."""
    above = 0
    for ratio, since in ratios:
        above = above + 1 if ratio > factor else 0
        if above == CONSECUTIVE:
            return since
    return None


def rule(files, taps, random):
    print("flush (prompts)  factor  detected  before the shift  mean delay (prompts)  false alarms")
    for flush in ((1, 3), (3, 8)):
        shifts = [story(files["python"], files["python-data"], FIRST_RELEASE["python"], flush, taps, random)
                  for _ in range(TRIALS)]
        steady = [story(files[name], None, first, flush, taps, random)
                  for name, first in FIRST_RELEASE.items() for _ in range(TRIALS // 4)]
        for factor in (1.2, 1.25, 1.3, 1.35):
            found = [drifted([r for r in ratios if r[1] > 0], factor) for ratios in shifts]
            early = [drifted([r for r in ratios if r[1] <= 0], factor) is not None for ratios in shifts]
            alarms = [drifted(ratios, factor) is not None for ratios in steady]
            delays = [since for since in found if since is not None]
            print(f"{flush[0]}-{flush[1]:<14} {factor:6}  {len(delays) / len(found):8.3f}  {numpy.mean(early):16.3f}"
                  f"  {numpy.mean(delays):20.1f}  {numpy.mean(alarms):12.3f}")


def main():
    files, taps = profile(*sys.argv[1:])
    random = numpy.random.default_rng(7)
    effect_sizes(files, taps, random)
    rule(files, taps, random)


if __name__ == "__main__":
    main()
