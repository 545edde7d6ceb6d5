"""The identity of a checkpoint, computed without any of our code; definition: Checkpoint.digest's documentation.

Run with a model directory; needs Python alone:

    python tools/checkpoint_digest.py demo/models/tiny-coder
"""

import hashlib
import json
import pathlib
import sys


def tensors(file):
    raw = file.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + length])
    header.pop("__metadata__", None)
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        yield name, entry["dtype"], entry["shape"], raw[8 + length + begin : 8 + length + end]


def main():
    directory = pathlib.Path(sys.argv[1])
    lines = {}
    for file in directory.glob("*.safetensors"):
        for name, dtype, shape, data in tensors(file):
            sizes = ",".join(map(str, shape))
            digest = hashlib.sha256(data).hexdigest()
            lines[name] = f"{digest} {dtype} [{sizes}] {len(name.encode())} {name}\n"
    text = "".join(lines[name] for name in sorted(lines))
    print("sha256:" + hashlib.sha256(text.encode()).hexdigest())


if __name__ == "__main__":
    main()
