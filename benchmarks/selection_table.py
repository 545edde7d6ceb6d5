"""Makes a Markdown table of what benchmarks/selection.sh measured: lines of layer, what, and nanoseconds, one set a launch.

    python benchmarks/selection_table.py FILE

Each figure is the median over the launches, with the lowest and the highest in brackets. Ratios are of medians.
"""

import statistics
import sys

figures = {}
for line in open(sys.argv[1]):
    layer, what, value = line.rstrip("\n").split("\t")
    figures.setdefault(layer, {}).setdefault(what, []).append(float(value))

ours = ["50 %", "50 %, 4 at once", "2:4", "50 %, scalar"]
columns = ["PyTorch sort", "PyTorch topk", "reading", *ours]
print("| layer |", " | ".join(columns), "| sort ÷ 50 % | topk ÷ 50 % | 50 % ÷ reading | 2:4 ÷ reading |")
print("| --- |", " | ".join("---" for _ in columns), "| --- | --- | --- | --- |")
for layer, found in figures.items():
    median = {what: statistics.median(found[what]) for what in columns}
    cells = [f"{median[what]:.3g} ({min(found[what]):.3g}–{max(found[what]):.3g})" for what in columns]
    ratios = [
        f"{median['PyTorch sort'] / median['50 %']:.0f}", f"{median['PyTorch topk'] / median['50 %']:.0f}",
        f"{median['50 %'] / median['reading']:.1f}", f"{median['2:4'] / median['reading']:.1f}",
    ]
    print("|", layer, "|", " | ".join(cells), "|", " | ".join(ratios), "|")
