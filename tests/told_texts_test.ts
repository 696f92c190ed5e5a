import assert from "node:assert/strict";
import { CONFIG_KEYS } from "../config/run_config.ts";
import { configKeys, valueIn } from "../config/config_keys.ts";
import { parseRange } from "../config/keys/check_value.ts";
import { resolveRunConfig } from "../config/resolve_run_config.ts";
import type { RunConfig } from "../config/run_config.ts";
import { FAILED, WRONG_INPUT } from "../lib/cli/commands/describe_error.ts";
import { COMMANDS } from "../lib/cli/flags/command_table.ts";
import type { Flag } from "../lib/cli/flags/flag.ts";
import { FLAGS } from "../lib/cli/flags/flag_table.ts";
import { choiceTeacherCalls } from "../lib/distill/choose_strength.ts";
import { countEditSteps, planEdits } from "../lib/distill/edit_plan.ts";
import { runNotes } from "../lib/distill/run_notes.ts";
import { MAX_PICTURES } from "../lib/distill/choose_batch.ts";
import { referenceTeacherCalls } from "../lib/distill/sample_references.ts";
import { setUpRun } from "../lib/distill/set_up_run.ts";
import { NoiseSchedule } from "../lib/guidance/noise_schedule.ts";
import { settleConfig } from "../lib/guidance/sampling_settings.ts";
import { precisionName } from "../lib/onnx/runtime/network_precision.ts";
import { Palette, paletteWarnings } from "../lib/palette/palette.ts";
import { headLines } from "../lib/report/event_text.ts";
import { openModelFolder } from "../lib/weights/open_model_folder.ts";
import { DEFAULT_FPS, DEFAULT_VIDEO_SIZE } from "../lib/video/video_format.ts";
import { tinyConfig } from "./lib/distill/tiny_run.ts";
import { gpuTest } from "./support/gpu_test.ts";

const README = await Deno.readTextFile(new URL("../README.md", import.meta.url));
const MINI = openModelFolder(new URL("../assets/models/mini/", import.meta.url));
const PRESETS = ["draft", "standard", "max", "paper"] as const;

function helpOf(name: Flag["name"], command: Flag["commands"][number] = "generate"): string {
  const all: readonly Flag[] = FLAGS;
  return all.find((flag) => flag.name === name && flag.commands.includes(command))!.help!;
}

/** Counts the teacher calls of a preset with a prompt and the teacher mini. */
async function teacherCalls(preset: typeof PRESETS[number]): Promise<number> {
  const found = { kind: "mini", source: "mini", hasClip: true } as const;
  const config = settleConfig(resolveRunConfig({ preset, prompt: "a cat" }), found);
  const { steps, gradientAccumulationSteps } = config.training;
  const schedule = await NoiseSchedule.open(MINI);
  const plan = planEdits(schedule, config, { hasInputImage: false, unknownWords: [] });
  const choice = plan.isChosen && plan.edits.length > 0
    ? choiceTeacherCalls(plan.edits.length + 1)
    : 0;
  return referenceTeacherCalls(config) + countEditSteps(plan) + choice +
    steps * gradientAccumulationSteps;
}

Deno.test("the help of a flag tells the default of its key", () => {
  const config = resolveRunConfig({});
  const all: readonly Flag[] = FLAGS;
  let count = 0;
  for (const { name, key, help = "" } of all) {
    const told = /default: ([^\s,;)]+)/.exec(help)?.[1];
    const found = configKeys().find(({ path }) => path === key);
    const value = found && valueIn(config, found);
    if (told === undefined || value === undefined) continue;
    // What the teacher or the number of pictures chooses is a phrase.
    if (value === null || key === "batch") {
      assert.match(told, /^(by|as)$/, name);
      continue;
    }
    assert.equal(told, String(value), name);
    count++;
  }
  assert(count >= 5, `${count} defaults`);
});

Deno.test("the help tells the limits and defaults that are used", () => {
  const { min, max } = parseRange(CONFIG_KEYS.generator.imageH.range);
  assert.match(helpOf("--size"), new RegExp(`each from ${min} to ${max}$`));
  assert.match(helpOf("--fps"), new RegExp(`default: ${DEFAULT_FPS}\\)`));
  assert.match(helpOf("--fps", "video"), new RegExp(`default: ${DEFAULT_FPS},`));
  const size = `${DEFAULT_VIDEO_SIZE.height},${DEFAULT_VIDEO_SIZE.width}`;
  for (const command of ["generate", "video"] as const) {
    assert(helpOf("--video-size", command).includes(size), command);
  }
  const batches = `up to ${MAX_PICTURES.gpu} on a GPU and ${MAX_PICTURES.cpu} on a CPU`;
  for (const text of [README, COMMANDS[0]!.notes]) {
    assert(text.replaceAll("\n", " ").includes(batches), batches);
  }
});

Deno.test("the README and the presets tell the teacher calls of each preset", async () => {
  for (const preset of PRESETS) {
    const calls = await teacherCalls(preset);
    const row = new RegExp(`^\\| \`${preset}\` +\\| +([\\d,]+) \\|`, "m").exec(README);
    assert.equal(row?.[1], calls.toLocaleString("en"), preset);
    const yaml = await Deno.readTextFile(
      new URL(`../config/presets/${preset}.yaml`, import.meta.url),
    );
    const told = /(\d+) teacher calls/.exec(yaml.replaceAll(/\n# /g, " "))?.[1];
    assert(told === undefined || told === String(calls), `${preset}: ${told}`);
  }
});

Deno.test("the README tells the exit codes", () => {
  const codes = [...README.matchAll(/^\| +(\d+) \| (done|the work|a flag|stopped)/gm)]
    .map(([, code, what]) => [what, Number(code)]);
  assert.deepEqual(Object.fromEntries(codes), {
    done: 0,
    "the work": FAILED,
    "a flag": WRONG_INPUT,
    stopped: 130,
  });
});

Deno.test("a palette of one color is told to give blank pictures", () => {
  const told = (colors: number[]) => paletteWarnings(new Palette("p", Uint8Array.from(colors)));
  assert.deepEqual(told([1, 2, 3]), [
    'Palette "p" has a single color, so every picture is blank',
  ]);
  assert.deepEqual(told([1, 2, 3, 4, 5, 6]), []);
});

Deno.test("the start of a resumed run tells its step", () => {
  const event = {
    event: "start",
    folder: "f",
    prompt: "a cat",
    palette: "p",
    height: 8,
    width: 9,
    seed: 1,
    steps: 5,
    runtime: "wasm",
    adapter: "a",
    resumedFrom: 3,
  } as unknown as Parameters<typeof headLines>[0];
  assert.equal(headLines(event).at(-1), "resuming after step 3");
  assert(!headLines({ ...event, resumedFrom: 0 } as typeof event).join().includes("resuming"));
});

gpuTest("a run tells that its runtime computes in fp32 only, and does", async (gpu) => {
  const palette = new Palette("p", Uint8Array.of(0, 0, 0, 255, 255, 255));
  const notesOf = async (precision: RunConfig["diffusion"]["precision"]) => {
    const setup = await setUpRun(gpu, tinyConfig({ diffusion: { precision } }), {
      palette,
      hub: {},
    });
    assert.equal(precisionName(setup.precision), "fp32");
    return (await runNotes(setup, undefined)).filter((note) => note.includes("fp32"));
  };
  assert.deepEqual(await notesOf("fp16"), [
    '"diffusion.precision" has no effect: this runtime computes in fp32',
  ]);
  assert.deepEqual(await notesOf("fp32"), []);
});
