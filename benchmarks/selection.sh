#!/usr/bin/env bash
#
# Making masks, side by side: PyTorch's two ways, plain reading, and the kernels, in one run.
#
#   benchmarks/selection.sh [launches, default 5] [seconds per figure, default 1] [threads, default 2]
#
# PyTorch and a new JVM take turns, so that the machine's moods and the differences from one JVM to the next show in the
# ranges. Prints a Markdown table of nanoseconds per weight. Needs a JDK 25, Maven and Python 3; PyTorch goes into an
# environment of its own under benchmarks/target, or is taken from the Python that SPARSECAST_PYTHON names.

set -euo pipefail

launches="${1:-5}"
seconds="${2:-1}"
threads="${3:-2}"
cd "$(dirname "${BASH_SOURCE[0]}")/.."
work=benchmarks/target/selection
mkdir -p "$work"

if [ -z "${SPARSECAST_PYTHON:-}" ]; then
    if ! "$work/venv/bin/python" -c 'import torch, numpy' 2>/dev/null; then
        echo "selection: installing PyTorch into $work/venv" >&2
        python3 -m venv "$work/venv"
        "$work/venv/bin/pip" install --quiet torch numpy >&2
    fi
    SPARSECAST_PYTHON="$work/venv/bin/python"
fi

if [ -z "${SPARSECAST_NO_BUILD:-}" ]; then
    mvn -q -B -Dquick -DskipTests -pl benchmarks -am package >&2
fi
class_path="$(ls -d {benchmarks,wanda,checkpoint}/target/classes | tr '\n' ':')cli/target/sparsecast/lib/*"
: >"$work/figures.tsv"
for launch in $(seq "$launches"); do
    echo "selection: launch $launch of $launches" >&2
    "$SPARSECAST_PYTHON" benchmarks/selection_pytorch.py "$seconds" "$threads" >>"$work/figures.tsv"
    "${JAVA_HOME:+$JAVA_HOME/bin/}java" --add-modules=jdk.incubator.vector --enable-native-access=ALL-UNNAMED \
        -cp "$class_path" dev.sparsecast.benchmarks.SelectionBenchmark "$seconds" "$threads" >>"$work/figures.tsv"
done
"$SPARSECAST_PYTHON" benchmarks/selection_table.py "$work/figures.tsv"
