"""Token ids of a few texts by transformers, the reference of TokenizerTest.

Run from the repository root with transformers installed:

    python tools/tokenizer_reference.py > checkpoint/src/test/resources/dev/sparsecast/checkpoint/tokenizer-reference.jsonl

With --digests it prints one line for each file of bundled prompts instead (prompts, tokens, and a hash of all ids):

    python tools/tokenizer_reference.py --digests > checkpoint/src/test/resources/dev/sparsecast/checkpoint/tokenizer-digests.jsonl
"""

import hashlib
import json
import pathlib
import sys

from transformers import AutoTokenizer

TEXTS = [
    "def add(a, b):\n    return a + b\n",
    "",
    " ",
    "\n\n\t  \r\n",
    "price = 1234567890 + 0x1F",
    "Übergröße, naïve café, Ωμέγα, Привет",
    "日本語のテキストと中文字符 한국어",
    "emoji 😀👩‍👩‍👧‍👦🇨🇭 and 𝒜𝓁𝑔",
    "a\u0000b\u0001\u007f\ufffd\u200b",
    "<|endoftext|>x<|endoftext|> y <|endo",
    "שלום مرحبا e\u0301 \u1e69",
    "for (int i = 0; i < n; ++i) { sum += v[i] * v[i]; }  // ℝⁿ → ℝ",
]


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    tokenizer = AutoTokenizer.from_pretrained(root / "demo" / "models" / "tiny-coder")
    if "--digests" in sys.argv:
        for file in sorted((root / "demo" / "prompts").glob("*.jsonl")):
            texts = [json.loads(line)["text"] for line in file.read_text(encoding="utf-8").splitlines()]
            ids = [tokenizer(text)["input_ids"] for text in texts]
            lines = "".join(",".join(map(str, row)) + "\n" for row in ids)
            digest = hashlib.sha256(lines.encode()).hexdigest()
            tokens = sum(map(len, ids))
            print(json.dumps({"file": file.name, "prompts": len(ids), "tokens": tokens, "sha256": digest}))
    else:
        for text in TEXTS:
            print(json.dumps({"text": text, "ids": tokenizer(text)["input_ids"]}))


if __name__ == "__main__":
    main()
