import assert from "node:assert/strict";
import { BENCH_FLAGS, BenchFlags, benchHelp } from "../../../lib/launcher/bench_flags.ts";

Deno.test("BenchFlags gives typed values, else defaults", () => {
  const flags = new BenchFlags("bench-recipes", ["--override", "a=1", "--override=b", "--limit=3"]);
  assert.deepEqual(flags.all("--override"), ["a=1", "b"]);
  assert.deepEqual([flags.get("--limit"), flags.get("--seeds"), flags.get("--judge")], [
    "3",
    "0",
    undefined,
  ]);
  assert.deepEqual([flags.has("--help"), flags.has("--seeds")], [false, false]);
  assert(new BenchFlags("bench-steps", ["-h"]).has("--help"));
});

Deno.test("BenchFlags refuses what the benchmark does not take", () => {
  const refusals: readonly (readonly [string[], RegExp])[] = [
    [["--sice", "3"], /unknown option "--sice"; did you mean "--sizes"\?$/],
    [["--set", "names48"], /unknown option "--set"/],
    [["extra"], /unknown option "extra"/],
    [["--model"], /expected <mini> after --model$/],
    [["--all=1"], /expected no value after --all$/],
  ];
  for (const [args, message] of refusals) {
    assert.throws(() => new BenchFlags("bench-steps", args), { name: "UsageError", message });
  }
});

Deno.test("benchHelp() lists each flag of a benchmark, without open lists", () => {
  for (const command of ["bench-recipes", "bench-steps", "bench-queue"] as const) {
    const lists = { sets: "s", hard: "h", sizes: "s", palettes: "p", seeds: "0" };
    const lines = benchHelp(command, lists).split("\n");
    const flags = BENCH_FLAGS.filter(({ commands }) => commands.some((one) => one === command));
    assert.equal(lines.length, flags.length);
    for (const line of lines) assert.doesNotMatch(line, /[{}]|undefined/);
  }
});
