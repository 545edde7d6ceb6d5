"""Compares `sparsecast profile` with Hugging Face transformers and forward hooks: same prompts, same machine, one run.

usage: profile_transformers.py MODEL [--sparsecast COMMAND] [--parts equal,lengths,mixed,matrices] [--lengths 16,64,...]
                        [--rounds N] [--prompts FILE...]

Every figure comes from a process of its own, so that peak memory is its own, and the sides take turns. transformers
warms up untimed; Sparsecast's first pass counts.
"""
import argparse, json, os, sys, tempfile, time

TAPS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
BATCH_TOKENS = 2048
SIDES = [("sparsecast", "float32"), ("whole model", "float32"), ("without head", "float32"),
         ("sparsecast", "bfloat16"), ("whole model", "bfloat16"), ("without head", "bfloat16")]


def child(arguments):
    """One side's Python process: profiles a file of prompts and prints tokens and seconds."""
    import torch
    from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast
    side, dtype, model_dir, prompts, max_tokens, batch_tokens = arguments
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=os.path.join(model_dir, "tokenizer.json"))
    model = AutoModelForCausalLM.from_pretrained(model_dir, dtype=getattr(torch, dtype)).eval()
    sequences = [tokenizer(json.loads(line)["text"])["input_ids"][:int(max_tokens)] for line in open(prompts)]
    sequences.sort(key=len, reverse=True)
    sums, valid = {}, [None]

    def hook(module, inputs):
        x = inputs[0].reshape(-1, inputs[0].shape[-1]).float()
        if valid[0] is not None:
            x = x[valid[0]]
        squares, plain = sums.setdefault(module, [0, 0])
        sums[module] = [squares + x.square().sum(0).double(), plain + x.sum(0).double()]

    for name, module in model.named_modules():
        if name.endswith(TAPS):
            module.register_forward_pre_hook(hook)
    batches, start = [], 0
    while start < len(sequences):
        width = len(sequences[start])
        count = max(1, int(batch_tokens) // width)
        batches.append(sequences[start:start + count])
        start += count
    run = model if side == "whole model" else model.model

    @torch.inference_mode()
    def forward(batch):
        width = len(batch[0])
        ids = torch.tensor([tokens + [0] * (width - len(tokens)) for tokens in batch])
        mask = torch.tensor([[1] * len(tokens) + [0] * (width - len(tokens)) for tokens in batch])
        padded = not bool(mask.all())
        valid[0] = mask.reshape(-1).bool() if padded else None
        run(input_ids=ids, attention_mask=mask if padded else None, use_cache=False)

    for _ in range(2):
        forward(batches[0])
    sums.clear()
    begin = time.perf_counter()
    for batch in batches:
        forward(batch)
    seconds = time.perf_counter() - begin
    print(json.dumps({"tokens": sum(map(len, sequences)), "seconds": seconds}))


def matrices():
    """The machine's matrix speed at SmolLM2's shapes, by the fastest path that each side has."""
    import torch
    linear = torch.ops.mkldnn._linear_pointwise
    result = {}
    for rows, columns in ((960, 576), (576, 576), (1536, 576), (576, 1536)):
        for dtype in (torch.float32, torch.bfloat16):
            x, w = torch.randn(2048, columns, dtype=dtype), torch.randn(rows, columns, dtype=dtype)
            packed = torch.ops.mkldnn._reorder_linear_weight(w, 2048)
            for name, call in (("oneDNN", lambda: linear(x, packed, None, "none", [], "")),
                               ("torch.nn.functional.linear", lambda: torch.nn.functional.linear(x, w))):
                with torch.inference_mode():
                    times = []
                    for _ in range(25):
                        begin = time.perf_counter()
                        call()
                        times.append(time.perf_counter() - begin)
                result[f"{rows}x{columns} {str(dtype)[6:]} {name}"] = round(
                    2 * 2048 * rows * columns / min(times) / 1e9)
    print(json.dumps(result))


def peak(command):
    """The JSON that a command prints last, and its peak memory in MiB."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.dup2(write, 1)
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 2)
        os.execvp(command[0], command)
    os.close(write)
    with os.fdopen(read) as pipe:
        output = pipe.read()
    _, status, usage = os.wait4(pid, 0)
    if status:
        sys.exit(f"{' '.join(command)} failed with {status}")
    return json.loads(output[output.index("{"):]), usage.ru_maxrss / 1024


def table(title, options, prompts, max_tokens, batch_tokens):
    results = {side: [] for side in SIDES}
    for _ in range(options.rounds):
        for side, dtype in SIDES:
            if side == "sparsecast":
                command = [options.sparsecast, "profile", "--model", options.model, "--prompts", prompts, "--out",
                           os.path.join(tempfile.gettempdir(), "profile-benchmark.safetensors"), "--max-tokens",
                           str(max_tokens), "--batch-tokens", str(batch_tokens), "--precision", dtype, "--json"]
            else:
                command = [sys.executable, __file__, "child", side, dtype, options.model, prompts, str(max_tokens),
                           str(batch_tokens)]
            results[side, dtype].append(peak(command))
    speed = {}
    for key, runs in results.items():
        speeds = [run["tokens"] / run["seconds"] for run, _ in runs]
        speed[key] = (max(speeds), min(speeds), max(memory for _, memory in runs))
    tokens = results[SIDES[0]][0][0]["tokens"]
    base = speed["sparsecast", "float32"][0]
    row = [title, f"{tokens:,}"]
    for dtype in ("float32", "bfloat16"):
        ours = speed["sparsecast", dtype][0]
        row += [f"{ours:,.0f}"] + [f"{speed[s, dtype][0]:,.0f} ({ours / speed[s, dtype][0]:.2f}x)"
                                   for s in ("whole model", "without head")]
    ours = speed["sparsecast", "bfloat16"][0]
    row.append(f"{ours / speed['whole model', 'float32'][0]:.2f}x")
    print("| " + " | ".join(row) + " |", flush=True)
    return speed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--sparsecast", default="./sparsecast")
    parser.add_argument("--parts", default="matrices,equal,mixed,lengths")
    parser.add_argument("--lengths", default="16,64,256,1024,4096")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--prompts", nargs="+", required=True)
    options = parser.parse_args()
    parts = options.parts.split(",")
    texts = [json.loads(line)["text"] for name in options.prompts for line in open(name)]
    whole = "\n\n".join(texts)
    with tempfile.TemporaryDirectory() as directory:
        def written(name, contents):
            path = os.path.join(directory, name + ".jsonl")
            with open(path, "w") as out:
                for number, text in enumerate(contents):
                    out.write(json.dumps({"id": str(number), "language": "en", "domain": "code", "text": text}) + "\n")
            return path

        if "matrices" in parts:
            run, _ = peak([sys.executable, __file__, "matrices"])
            print("GFLOP/s at 2,048 tokens: " + json.dumps(run, indent=1))
        print("| prompts | tokens | sparsecast float32 | transformers whole | without head | sparsecast bfloat16 "
              "| transformers whole | without head | bfloat16 to whole float32 |\n" + "| --- " * 9 + "|")
        memory = None
        step = len(whole) // 48
        if "equal" in parts:
            texts_equal = [whole[i * step:] + whole[:i * step] for i in range(48)]
            memory = table("4 × 512", options, written("equal", [t[:6000] for t in texts_equal]), 512, BATCH_TOKENS)
        if "mixed" in parts:
            memory = table("mixed lengths", options, written("mixed", texts[::12]), 1 << 20, BATCH_TOKENS)
        if "lengths" in parts:
            for length in map(int, options.lengths.split(",")):
                count = max(2, min(40, 3000 // length))
                contents = [(whole[i * step // 3:] + whole)[:length * 8 + 200] for i in range(count)]
                memory = table(f"1 × {length}", options, written(f"length-{length}", contents), length, 1)
        if memory:
            print("\npeak memory of the last row, MiB: " + ", ".join(
                f"{side} {dtype} {values[2]:,.0f}" for (side, dtype), values in memory.items()))


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] == "child":
        child(sys.argv[2:])
    elif len(sys.argv) > 1 and sys.argv[1] == "matrices":
        matrices()
    else:
        main()
