#!/bin/sh
# Lets a running vLLM server take the weights of the version that was just switched to, without starting it again:
# weights and cache are dropped, the weights are read anew from where the server was told to find them, and the prefix
# cache, which was made by the old ones, is emptied. Requests wait meanwhile. Any failure undoes the switch.
#
#   VLLM_SERVER_DEV_MODE=1 vllm serve STATE/python/current --enable-sleep-mode --served-model-name python
#   VLLM_URL=http://127.0.0.1:8000 sparsecast deploy ... --submodels python \
#       --hook-command deployer/examples/vllm-reload.sh --probe-url http://127.0.0.1:8000/health
#
# vLLM's development endpoints are not for strangers: keep the server's port closed to others.
set -eu

server=${VLLM_URL:-http://127.0.0.1:8000}

post() {
    curl --fail --silent --show-error --max-time "${VLLM_TIMEOUT:-50}" --output /dev/null \
        --request POST --header 'Content-Type: application/json' --data "$2" "$server$1"
}

echo "reloading $SPARSECAST_SUBMODEL version $SPARSECAST_VERSION from $SPARSECAST_DIRECTORY"
post '/sleep?level=2' ''
post '/wake_up?tags=weights' ''
post '/collective_rpc' '{"method": "reload_weights"}'
post '/wake_up?tags=kv_cache' ''
post '/reset_prefix_cache' ''
