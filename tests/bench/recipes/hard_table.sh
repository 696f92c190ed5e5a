#!/usr/bin/env bash
# Makes the whole table of the hard benchmark, SD-piXL's settings included. It needs a GPU: about
# 570,000 teacher calls. Stop it at any time; the next call continues.
#
#   tests/bench/recipes/hard_table.sh PROGRAMS FOLDER [flags of bench-recipes]
#   tests/bench/recipes/hard_table.sh 7 workdir/hard --runtime webgpu --batch 24
#
# PROGRAMS run side by side: one alone does not fill a large GPU.
set -euo pipefail
programs=$1 folder=$2
shift 2
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT

make() {
  local part pids=()
  for part in $(seq "$programs"); do
    deno task bench-recipes --set hard --output "$folder" --shard "$part/$programs" "$@" &
    pids+=($!)
  done
  for part in "${pids[@]}"; do wait "$part"; done
}

recipes=nearest,kmeans-majority,one-start,edit-0.2,edit-0.3,edit,edit-0.6,draft-start,draft,standard-start,standard
make --sizes all --seeds all "$@"
make --sizes 32 --palettes game-boy,2_2_2_lattice --seeds all "$@"
make --sizes 16,32 --recipes paper-start,paper-1000 "$@"
deno task bench-recipes --set hard --output "$folder" --sizes all --palettes all --seeds all \
  --recipes "$recipes,paper-start,paper-1000" --tables "$@"
