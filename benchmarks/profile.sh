#!/usr/bin/env bash
# Compares `sparsecast profile` with transformers and forward hooks. Makes its own Python environment with torch and
# transformers in benchmarks/target, unless PYTHON names one.
# usage: benchmarks/profile.sh SMOLLM2_DIR [options of benchmarks/profile_transformers.py]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
if [ -z "${PYTHON:-}" ]; then
  environment=$here/target/profile-environment
  [ -x "$environment/bin/python" ] || python3 -m venv "$environment" >&2
  "$environment/bin/pip" install --quiet torch transformers >&2
  PYTHON=$environment/bin/python
fi
model=$1; shift
exec "$PYTHON" "$here/profile_transformers.py" "$model" --sparsecast "$here/../sparsecast" \
  --prompts "$here"/../demo/prompts/*.jsonl "$@"
