import assert from "node:assert/strict";
import { resolveRunConfig } from "../../../config/resolve_run_config.ts";
import { referenceTeacherCalls } from "../../../lib/distill/sample_references.ts";
import { settleConfig } from "../../../lib/guidance/sampling_settings.ts";
import { PRESET_COSTS, Timings, type Work } from "../../../lib/studio/timings.ts";
import { WorkMeter } from "../../../lib/studio/work_meter.ts";
import type { RunEvent } from "../../../lib/report/run_event.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";

const PRESETS = { draft: "fastest", standard: "fast", paper: "slow" };

/** Returns the seconds that are expected of draft, standard and paper. */
function secondsOf(timings: Timings, teacher: string): (number | undefined)[] {
  return timings.presets(teacher, PRESETS).map(({ seconds }) => seconds);
}

Deno.test("times are learned from the work of runs, and kept", async () => {
  await inTemporaryFolder(async (folder) => {
    const timings = new Timings(folder);
    await timings.read();
    assert.deepEqual(secondsOf(timings, "mini"), [undefined, undefined, undefined]);
    await timings.add("mini", { preset: "draft", kind: "calls", count: 16, seconds: 8 });
    const later = new Timings(folder);
    await later.read();
    // A step of score distillation has a teacher call: it takes at least as long.
    assert.deepEqual(secondsOf(later, "mini"), [14 / 2, 36 / 2, 10_511 / 2]);
    const minOf = () => later.presets("mini", PRESETS).map(({ isMin }) => isMin);
    assert.deepEqual(minOf(), [false, false, true]);
    await later.add("mini", { preset: "paper", kind: "steps", count: 3, seconds: 6 });
    assert.deepEqual(secondsOf(later, "mini"), [14 / 2, 36 / 2, 510 / 2 + 10_001 * 2]);
    assert.deepEqual(minOf(), [false, false, false]);
    // Its own times count for a preset.
    await later.add("mini", { preset: "standard", kind: "calls", count: 36, seconds: 17 });
    assert.deepEqual(secondsOf(later, "mini").slice(0, 2), [14 / 2, 17]);
    assert.deepEqual(secondsOf(later, "sdxl"), [undefined, undefined, undefined]);
  });
});

/** Returns what a meter tells of events. */
function measure(use: (meter: WorkMeter) => void): Work[] {
  const told: Work[] = [];
  use(new WorkMeter("paper", (work) => told.push(work)));
  return told;
}

function step(step: number, seconds: number): RunEvent {
  const rest = { losses: {}, learningRate: 0, timestep: 1, steps: 100 };
  return { event: "step", stage: "distill", step, teacherCalls: 510 + step, seconds, ...rest };
}

function done(teacherCalls: number, seconds: number, interrupted = false): RunEvent {
  return { event: "done", folder: "f", files: [], teacherCalls, seconds, interrupted };
}

Deno.test("the work of a run follows from its events, also if it is stopped", () => {
  assert.deepEqual(measure((meter) => meter.receive(done(16, 8))), [
    { preset: "paper", kind: "calls", count: 16, seconds: 8 },
  ]);
  assert.deepEqual(measure((meter) => meter.receive(done(5, 8, true))), []);
  const calls = { preset: "paper", kind: "calls", count: 510, seconds: 30 };
  assert.deepEqual(
    measure((meter) => {
      for (const [i, seconds] of [30, 32, 35].entries()) meter.receive(step(i + 1, seconds));
      meter.receive(done(513, 99, true));
    }),
    [calls, { preset: "paper", kind: "steps", count: 2, seconds: 5 }],
  );
  // A pause is no work.
  assert.deepEqual(
    measure((meter) => {
      meter.receive(step(1, 30));
      meter.receive(step(2, 32));
      meter.pause();
      meter.receive(step(3, 1000));
      meter.receive(step(4, 1003));
      meter.receive(done(514, 1003));
    }),
    [calls, { preset: "paper", kind: "steps", count: 2, seconds: 5 }],
  );
});

Deno.test("a damaged file of times counts as none", async () => {
  await inTemporaryFolder(async (folder) => {
    await Deno.mkdir(`${folder}/studio`);
    const wrong = '{"mini draft calls":{"count":-1,"seconds":2}}';
    for (const text of ["", "{", "[1]", '{"mini draft calls":3}', wrong]) {
      await Deno.writeTextFile(`${folder}/studio/timings.json`, text);
      const timings = new Timings(folder);
      await timings.read();
      assert.equal(timings.presets("mini", PRESETS)[0]!.seconds, undefined, text);
    }
  });
});

Deno.test("the teacher calls of the presets are those that their files tell", () => {
  for (const name of ["draft", "standard", "max"] as const) {
    const found = { kind: "mini", source: "", hasClip: true } as const;
    const config = settleConfig(resolveRunConfig({ preset: name }), found);
    assert.equal(PRESET_COSTS[name]!.calls, referenceTeacherCalls(config), name);
    const file = new URL(`../../../config/presets/${name}.yaml`, import.meta.url);
    const text = Deno.readTextFileSync(file).replaceAll("\n# ", " ");
    const [, calls] = /(\d+) teacher calls \(NFE\)/.exec(text)!;
    assert.equal(PRESET_COSTS[name]!.calls, Number(calls), name);
  }
});

Deno.test("paper samples its start image, and then makes its steps", () => {
  const config = resolveRunConfig({ preset: "paper" });
  const found = { kind: "mini", source: "", hasClip: true } as const;
  const calls = referenceTeacherCalls(settleConfig(config, found));
  assert.deepEqual(PRESET_COSTS.paper, { calls, steps: config.training.steps });
});
