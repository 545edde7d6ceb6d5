#!/usr/bin/env bash
#
# What a refresh ships, and how long it takes from the last prompt of a snapshot to the acknowledgement of its deployment.
#
#   benchmarks/releases.sh MODEL [refreshes, default 3] [held-out prompts, default 16] [kind...]
#
# MODEL is a directory of SmolLM2-135M, or of another model, in the Hugging Face format. Broker, worker, streams app, pruner and
# deployer run in one JVM on all processors. Prints a Markdown table. Files go to benchmarks/target/releases. Needs a JDK 25
# and Maven.

set -euo pipefail

model="$(cd "$1" && pwd)"
shift
cd "$(dirname "${BASH_SOURCE[0]}")/.."
work=benchmarks/target/releases
rm -rf "$work"

if [ -z "${SPARSECAST_NO_BUILD:-}" ]; then
    mvn -q -B -Dquick -DskipTests -pl benchmarks -am package >&2
fi
export DJL_OFFLINE=true OPT_OUT_TRACKING=true
"${JAVA_HOME:+$JAVA_HOME/bin/}java" --add-modules=jdk.incubator.vector --enable-native-access=ALL-UNNAMED -Xmx2g \
    -cp "benchmarks/target/classes:cli/target/sparsecast/lib/*" dev.sparsecast.benchmarks.ReleaseLatency \
    "$model" demo/prompts/python.jsonl "$work" "$@"
