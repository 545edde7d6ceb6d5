"""Reads an importance matrix with llama.cpp's own gguf package and computes it again from the statistics it was made of.

Run with the files of `sparsecast export imatrix`, with gguf, safetensors and numpy installed:

    python tools/imatrix_check.py MATRIX.gguf STATISTICS...

Ends with 1 if a tensor is missing, has another name, shape or type than llama.cpp expects, or another value.
"""

import sys

import numpy as np
from gguf import GGMLQuantizationType, GGUFReader, MODEL_ARCH, get_tensor_name_map
from safetensors import safe_open


def statistics(files):
    """Sums of all files in float64: (module → Σx², module → Σx, tokens)."""
    squares, sums, tokens = {}, {}, 0.0
    for file in files:
        with safe_open(file, "np") as opened:
            tokens += float(opened.metadata()["tokens"])
            for name in opened.keys():
                module, kind = name.rsplit(".", 1)
                total = squares if kind == "in_sum2" else sums
                total[module] = total.get(module, 0) + opened.get_tensor(name)
    return squares, sums, tokens


def main():
    matrix = GGUFReader(sys.argv[1])
    squares, sums, tokens = statistics(sys.argv[2:])
    layers = 1 + max(int(module.split(".")[2]) for module in squares)
    value = lambda key: matrix.get_field(key).contents()
    assert value("general.type") == "imatrix", value("general.type")
    assert len(value("imatrix.datasets")) == len(sys.argv) - 2, value("imatrix.datasets")
    assert value("imatrix.chunk_count") == max(1, int(tokens / value("imatrix.chunk_size")))

    tensors = {tensor.name: tensor for tensor in matrix.tensors}
    assert len(tensors) == 3 * len(squares), (len(tensors), len(squares))
    worst = 0.0
    for arch in MODEL_ARCH.LLAMA, MODEL_ARCH.QWEN2, MODEL_ARCH.QWEN3, MODEL_ARCH.GEMMA:
        names = get_tensor_name_map(arch, layers)
        for module in squares:
            weight = names.get_name(module) + ".weight"
            for kind, expected in [
                ("in_sum2", squares[module]), ("in_sum", sums[module]), ("counts", np.array([tokens]))]:
                tensor = tensors[f"{weight}.{kind}"]
                assert tensor.tensor_type == GGMLQuantizationType.F32, tensor
                assert tensor.data.shape == expected.shape, (tensor.name, tensor.data.shape)
                error = np.abs(tensor.data.astype(np.float64) - expected) / np.maximum(np.abs(expected), 1e-30)
                worst = max(worst, float(error.max()))
    assert worst < 2.0**-24, worst
    print(f"{len(tensors)} tensors of {layers} layers, {tokens:.0f} tokens: as computed again,"
          f" relative error at most {worst:.1e} (float32 rounds by 6.0e-08)")


if __name__ == "__main__":
    main()
