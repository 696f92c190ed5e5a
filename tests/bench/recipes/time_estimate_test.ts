import assert from "node:assert/strict";
import type { JournalEntry } from "./journal.ts";
import { groupTasks } from "./picture_tasks.ts";
import { PROMPT_SETS } from "./prompts.ts";
import { type Job, jobConfig, jobKey, RECIPES } from "./recipe.ts";
import { describeEstimate, estimateTime, plannedCalls } from "./time_estimate.ts";

function planned(name: string, set: "names48" | "images12" = "names48", size = 16) {
  const recipe = RECIPES.find((one) => one.name === name)!;
  const job: Job = {
    recipe,
    set,
    prompt: PROMPT_SETS[set][0]!,
    size,
    palette: "game-boy",
    seed: 0,
  };
  return { job, config: jobConfig(job, { model: "mini", runtime: "auto", overrides: [] }) };
}

function made(job: Job, teacherCalls: number, seconds: number): JournalEntry {
  const cost = { teacherCalls, seconds, loadSeconds: 9, peakBytes: 1, runtime: "wasm" };
  return { key: jobKey(job), fingerprint: "1", ...cost, adapter: "a" };
}

Deno.test("plannedCalls() counts samples, edit and steps", () => {
  assert.equal(plannedCalls(planned("nearest")), 6);
  assert.equal(plannedCalls(planned("edit")), 6 + 9);
  assert.equal(plannedCalls(planned("edit", "images12")), 9);
  const draft = planned("draft");
  // Each of the last two steps is one call for two samples.
  assert.equal(plannedCalls(draft), 2 * 4 + 2 + 2 * 2);
  const { diffusion } = draft.config;
  for (const [part, calls] of [[{ choice: "clip" }, 10], [{ clipId: "a/b" }, 10]] as const) {
    const config = { ...draft.config, diffusion: { ...diffusion, ...part } };
    assert.equal(plannedCalls({ ...draft, config }), calls);
  }
  assert.equal(plannedCalls(planned("standard", "images12")), 4 + 9 + 14 + 8);
  assert.equal(plannedCalls(planned("paper-1000", "images12")), 1000);
});

Deno.test("estimateTime() takes the same recipe and size, else the time of a call", () => {
  const entries = [made(planned("nearest").job, 8, 2), made(planned("edit").job, 20, 5)];
  assert.deepEqual(estimateTime([planned("edit")], entries), { teacherCalls: 20, seconds: 5 });
  // 15 calls of another size, at 7 s for 28 calls.
  const other = estimateTime([planned("edit", "names48", 32)], entries);
  assert.deepEqual(other, { teacherCalls: 15, seconds: 3.75 });
  assert.deepEqual(estimateTime([planned("nearest")], []), { teacherCalls: 6, seconds: undefined });
});

Deno.test("describeEstimate() writes calls and time", () => {
  const teacherCalls = 12345;
  assert.match(describeEstimate({ teacherCalls, seconds: undefined }), /about 12,345 .*follows/);
  const times = [30, 600, 36000].map((seconds) => describeEstimate({ teacherCalls, seconds }));
  assert.deepEqual(times.map((text) => text.split(" and ")[1]), ["30 s", "10 min", "10.0 h"]);
});

Deno.test("groupTasks() joins tasks of one recipe, set and size", () => {
  const tasks = [16, 32, 16, 16].map((size) => planned("edit", "names48", size));
  const sizes = groupTasks(tasks, 2).map((group) => group.map(({ job }) => job.size));
  assert.deepEqual(sizes, [[16, 16], [32], [16]]);
});
