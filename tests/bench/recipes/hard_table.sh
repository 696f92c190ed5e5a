#!/usr/bin/env bash
# Makes the table of the hard benchmark, SD-piXL's settings included, what matters most first. It
# needs a GPU: about 230,000 teacher calls. Stop it at any time; the next call continues.
#
#   tests/bench/recipes/hard_table.sh PROGRAMS FOLDER [flags of bench-recipes]
#   tests/bench/recipes/hard_table.sh 11 workdir/hard --runtime webgpu --batch 24
#   SECONDS_AT_MOST=400 STAGES=1,3-4,2 tests/bench/recipes/hard_table.sh 11 workdir/hard --runtime webgpu
#
# PROGRAMS run side by side: one alone does not fill a large GPU. Take a prime number: the work is
# dealt out in turns, and a period of the recipes would give all slow ones to the same program.
# STAGES: numbers and ranges of the list below, in the order in which they run, such as 1,7-8,2.
# SECONDS_AT_MOST: stops after so long, and makes the tables, unless TABLES=no.
# PREFIX: a command that starts the commands of a program; it gets the program's number first, and so
# can deal the programs out to several GPUs.
set -euo pipefail
programs=$1 folder=$2
shift 2
names=nearest,kmeans-majority,draft,standard
images=nearest,kmeans-majority,edit-0.2,edit-0.3,edit,edit-0.6,draft,standard-start,standard
# For a prompt without an image, draft and standard have no edit and no steps: each is its own start.
stages=(
  "--set game48 --sizes 16,32 --seeds all --recipes $names"
  "--set game48 --sizes 16,32 --recipes paper-start,paper-1000 --limit ${PAPER_PROMPTS:-16} --batch 4"
  "--set detailed20 --sizes 16,32 --seeds all --recipes $images"
  "--set combined24 --sizes 16,32 --seeds all --recipes $names"
  "--set game48 --sizes 16,32 --recipes max"
  "--set game48 --sizes 16,32 --recipes one-start,edit-0.2,edit-0.3,edit,edit-0.6"
  "--set hard --sizes 12,24,48,64 --recipes $names"
  "--set hard --sizes 32 --palettes game-boy,2_2_2_lattice --recipes $names"
  "--set detailed20 --sizes 32 --recipes paper-start,paper-1000 --limit 8 --batch 4"
  "--set game48,combined24 --sizes 12,24,48,64 --seeds 1,2 --recipes $names"
  "--set detailed20 --sizes 12,24,48,64 --seeds all --recipes $images"
  "--set hard --sizes 32 --palettes game-boy,2_2_2_lattice --seeds 1,2 --recipes $names"
)
wanted=()
for range in $(tr , ' ' <<< "${STAGES:-1-${#stages[@]}}"); do
  mapfile -t -O "${#wanted[@]}" wanted < <(seq "${range%-*}" "${range#*-}")
done
batch=${BATCH:-24}
recipes=nearest,kmeans-majority,one-start,edit-0.2,edit-0.3,edit,edit-0.6,draft-start,draft,standard-start,standard
started=$SECONDS
set -m # Each program is a process group of its own, so that the limit ends all of it.

start=()
bench() { "${start[@]}" deno task --quiet bench-recipes --output "$folder" "$@"; }

# Does a program's part of each stage, also after one that failed. It does not wait for the others
# between stages.
work() {
  local part=$1 stage code=0
  shift
  # shellcheck disable=SC2206 # the prefix is words
  [ -z "${PREFIX:-}" ] || start=($PREFIX "$part")
  for stage in "${wanted[@]}"; do
    # shellcheck disable=SC2086 # the flags are words
    if bench "$@" --batch "$batch" ${stages[stage - 1]} --shard "$part/$programs"; then
      echo "program $part: stage $stage is done after $((SECONDS - started)) s" >&2
    else
      code=1
      echo "program $part: stage $stage failed after $((SECONDS - started)) s" >&2
    fi
  done
  return "$code"
}

groups=()
for part in $(seq "$programs"); do
  work "$part" "$@" &
  groups+=($!)
done
end() { for group in "${groups[@]}"; do kill -- "-$group" 2>/dev/null || true; done; }
trap end EXIT INT TERM
if [ -n "${SECONDS_AT_MOST:-}" ]; then
  (sleep "$SECONDS_AT_MOST" && echo "Stopped after $SECONDS_AT_MOST s" >&2 && end) &
  limit=$!
  disown "$limit" # The shell says nothing when it ends.
fi
failed=0
for group in "${groups[@]}"; do wait "$group" || failed=1; done
[ -z "${limit:-}" ] || kill -- "-$limit" 2>/dev/null || true
[ "${TABLES:-yes}" = yes ] || exit "$failed"
bench --set hard --sizes all --palettes all --seeds all --tables "$@" \
  --recipes "$recipes,max,paper-start,paper-1000"
exit "$failed"
