import assert from "node:assert/strict";
import { resolveSources } from "../../../../config/resolve_run_config.ts";
import { sourcesOfFlags } from "../../../../lib/cli/flags/config_from_flags.ts";
import { FLAG_NEEDS, noEffectNotes } from "../../../../lib/cli/flags/flag_needs.ts";
import type { Flag } from "../../../../lib/cli/flags/flag.ts";
import { type FlagsOf, flagsOf } from "../../../../lib/cli/flags/flag_table.ts";
import { attachValues, parseCommandLine } from "../../../../lib/cli/flags/parse_command_line.ts";
import { readVideoRequest } from "../../../../lib/cli/flags/video_flags.ts";
import { createTerminal } from "../../../../lib/report/terminal.ts";
import { layersCommand } from "../../../../lib/cli/commands/layers.ts";
import { APNG } from "../../../../lib/video/formats/apng.ts";
import { GIF } from "../../../../lib/video/formats/gif.ts";
import { MP4 } from "../../../../lib/video/formats/mp4.ts";
import { LIVE_KEYS } from "../../../config/live_keys.ts";

/** Parses arguments of `generate`. */
function generateFlags(args: readonly string[]): FlagsOf<"generate"> {
  const parsed = parseCommandLine(["generate", ...args]);
  assert(parsed?.command === "generate");
  return parsed.flags;
}

/** Config values, by dotted key in camelCase, and notes that arguments of `generate` lead to. */
function outcomeOf(args: readonly string[]) {
  const flags = generateFlags(args);
  const { config } = resolveSources(sourcesOfFlags(flags));
  // What else a flag needs is the subject of flag_needs_test.ts.
  const reasons = Object.values(FLAG_NEEDS).map(({ reason }) => reason);
  const notes = noEffectNotes(flags, config)
    .filter((note) => !reasons.some((reason) => note.endsWith(reason)));
  return { flags, config, notes };
}

/** A row: arguments, then the value of a key of the config, or the reason of a note. */
type Row = readonly [args: readonly string[], key: string, value: unknown];

/** A key that stands for a note. */
const NOTE = "note";
const [PICTURE, SCALER, WANDB] = [
  /one picture at a time$/,
  /gradients are float32 and need no scaling$/,
  /there is no Weights & Biases/,
];

// Every flag of main.py and of its accelerate parser, in both spellings.
// Source: https://github.com/AlexandreBinninger/SD-piXL, main.py.
const ROWS: readonly Row[] = [
  [["-pt", "a cat"], "prompt", "a cat"],
  [["--prompt", "a knight: red"], "prompt", "a knight: red"],
  [["-npt", "fog"], "negativePrompt", "fog"],
  [["--negative_prompt", "fog"], "negativePrompt", "fog"],
  [["--download", "--seed", "7"], "seed", 7],
  [["--force_download", "--seed", "7"], "seed", 7],
  [["--palette", "pico-8"], "generator.palette", "pico-8"],
  [["-knc", "5"], "generator.kmeansNbColors", 5],
  [["--kmeans_nb_colors", "5"], "generator.initializationMethod", "kmeans"],
  [["--size", "48,32"], "generator.imageH", 48],
  [["--input_image", "a_b.png"], "image", "a_b.png"],
  [["-cpu"], "runtime", "wasm"],
  [["--use_cpu"], "runtime", "wasm"],
  [["-cumgard", "1"], "training.gradientAccumulationSteps", 1],
  [["-cumgard", "4"], "training.gradientAccumulationSteps", 4],
  [["--gradient-accumulate-step", "4"], "training.gradientAccumulationSteps", 4],
  [["--gradient_accumulate_step", "4"], "training.gradientAccumulationSteps", 4],
  [["--split-batches"], NOTE, PICTURE],
  [["-mprec", "no"], NOTE, undefined],
  [["--mixed-precision", "fp16"], NOTE, /unless diffusion\.precision sets it$/],
  [["--mixed_precision", "bf16"], NOTE, /unless diffusion\.precision sets it$/],
  [["--init-scale", "65536.0"], NOTE, SCALER],
  [["--growth-factor", "2.0"], NOTE, SCALER],
  [["--backoff-factor", "0.5"], NOTE, SCALER],
  [["--growth-interval", "2000"], NOTE, SCALER],
  [["-gard_norm", "-1"], "training.maxGradNorm", 1],
  [["-gard_norm", "0.5"], "training.maxGradNorm", 0.5],
  [["--max_grad_norm", "2"], "training.maxGradNorm", 2],
  [["--max_grad_norm", "2"], "training.clipGrad", true],
  [["--use-wandb"], NOTE, WANDB],
  [["--project-name", "x"], NOTE, WANDB],
  [["--entity", "x"], NOTE, WANDB],
  [["-d", "7"], "seed", 7],
  [["--seed", "7"], "seed", 7],
  [["-respath", "runs"], "output", "runs"],
  [["--results_path", "runs"], "output", "runs"],
  [["-log_step", "1000"], NOTE, /a line at each step$/],
  [["--log_step", "1000"], NOTE, /a line at each step$/],
  [["-eval_step", "5000"], NOTE, /there is no evaluation/],
  [["-save_step", "500"], "training.checkpointSteps", 500],
  [["--save_step", "500"], "training.checkpointSteps", 500],
  [["-update", "training.steps=7 sd.grad_scale=2"], "training.steps", 7],
  [["-update", "training.steps=7 sd.grad_scale=2"], "sd.gradScale", 2],
  [["--update", "training.steps=7", "sd.grad_scale=2"], "sd.gradScale", 2],
  [["--update=generator.image_H=64 prompt=a red cat"], "prompt", "a red cat"],
  [["--steps", "30"], "training.steps", 30],
];

// Flags that are ours.
const OWN_ROWS: readonly Row[] = [
  [["--preset", "paper"], "preset", "paper"],
  [["--quality", "draft"], "preset", "draft"],
  [["--preset", "paper"], "training.steps", 10_001],
  [["--fit", "pad"], "generator.imageFit", "pad"],
  [["--model", "owner/name"], "diffusion.modelId", "owner/name"],
  [["--runtime", "native"], "runtime", "native"],
  [["--batch", "3"], "batch", 3],
  [["--transparent"], "generator.transparent", true],
  [["--colors", "5"], "generator.kmeansSpace", "oklab"],
  [["--colors", "5"], "generator.kmeansNbColors", 5],
  [["--colors", "5"], "generator.initializationMethod", "kmeans"],
  [["--craft", "beads"], "generator.palette", "hama"],
  [["--craft", "beads"], "training.looseScale", 30000],
  [["--craft", "beads"], "finish.makeable", "beads"],
  [["--craft", "bricks"], "training.pottsDown", 0.5],
  [["--craft", "bricks", "--palette", "pico-8"], "generator.palette", "pico-8"],
  [["--lock-colors", "0,red", "--max-colors", "4"], "constraint.lockColors", ["0", "red"]],
  [["--exclude-colors", "0,#ff0000"], "constraint.excludeColors", ["0", "#ff0000"]],
  [["--outline", "black", "--transparent"], "finish.outline", "black"],
  [["--no-antialias"], "finish.antialias", false],
  [["--no_antialias"], "finish.antialias", false],
  [["--output", "runs"], "output", "runs"],
  [["--set", "sd.t_min=0.1", "--set", "sd.t_max=0.9"], "sd.tMin", 0.1],
];

/** Flags of `generate` that are no config, and the test that shows what each changes. */
const OTHER_FLAGS: Readonly<Record<string, string>> = {
  "--config": "tests/lib/cli/commands/generate_test.ts",
  "--debug": "tests/cli_test.ts",
  "--detach": "tests/lib/cli/commands/generate_queue_test.ts",
  "--download": "tests/lib/cli/commands/hub_generate_test.ts",
  "--force-download": "tests/lib/cli/commands/hub_generate_test.ts",
  "--fps": "tests/lib/cli/commands/generate_test.ts",
  "--frames": "tests/lib/cli/flags/frame_flags_test.ts",
  "--json": "tests/lib/cli/commands/generate_test.ts",
  "--make-video": "tests/lib/cli/commands/generate_test.ts",
  "--max-waiting": "tests/lib/cli/commands/generate_queue_test.ts",
  "--priority": "tests/lib/cli/commands/generate_queue_test.ts",
  "--queue": "tests/lib/cli/commands/generate_queue_test.ts",
  "--resume": "tests/lib/cli/commands/generate_test.ts",
  "--score": "tests/lib/cli/commands/generate_test.ts",
  "--tensorboard": "tests/lib/cli/commands/generate_test.ts",
  "--variations": "tests/lib/cli/commands/generate_several_test.ts",
  "--verbose": "tests/lib/cli/commands/generate_test.ts",
  "--video-format": "tests/lib/cli/commands/generate_test.ts",
  "--video-frame-freq": "tests/lib/cli/commands/generate_test.ts",
  "--video-size": "tests/lib/cli/commands/generate_test.ts",
};

Deno.test("each flag with a key sets that key", () => {
  const flags: readonly Flag[] = flagsOf("generate");
  const keyed = flags.filter(({ key, value }) => key !== undefined && value !== undefined);
  assert(keyed.length > 10);
  for (const { name, key } of keyed) {
    const { value, given = [] } = LIVE_KEYS[key!]!;
    const { config } = outcomeOf([name, value, ...given.flatMap((set) => ["--set", set])]);
    const path = key!.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
    assert.equal(String(valueAt(config, path)), value, name);
  }
});

/** Returns the value at a dotted path. */
function valueAt(config: object, path: string): unknown {
  return path.split(".").reduce<unknown>(
    (section, part) => (section as Record<string, unknown>)[part],
    config,
  );
}

Deno.test("no flag of generate is dead: it has a key, a row here, or is shown by a test", async () => {
  const flags: readonly Flag[] = flagsOf("generate");
  const known: string[] = flags.filter(({ key }) => key === undefined).map(({ name }) => name);
  const rows = [...ROWS, ...OWN_ROWS].flatMap(([args]) => attachValues(args, flagsOf("generate")))
    .map((argument) => argument.split("=")[0]!);
  const shown = new Set([...rows, ...Object.keys(OTHER_FLAGS)]);
  assert.deepEqual(known.filter((name) => !shown.has(name)), []);
  assert.deepEqual(Object.keys(OTHER_FLAGS).filter((name) => !known.includes(name)), []);
  for (const [name, file] of Object.entries(OTHER_FLAGS)) {
    const text = await Deno.readTextFile(new URL(`../../../../${file}`, import.meta.url));
    const property = name.slice(2).replaceAll(/-(\w)/g, (_, letter) => letter.toUpperCase());
    assert(text.includes(name) || new RegExp(`\\b${property}\\b`).test(text), `${name}: ${file}`);
  }
});

Deno.test("generate takes every flag of SD-piXL, with its meaning or with a note", () => {
  for (const [args, key, expected] of [...ROWS, ...OWN_ROWS]) {
    const { config, notes } = outcomeOf(args);
    const name = args.join(" ");
    if (key !== NOTE) {
      assert.deepEqual([valueAt(config, key), notes], [expected, []], name);
    } else if (expected === undefined) {
      assert.deepEqual(notes, [], name);
    } else {
      assert.equal(notes.length, 1, name);
      assert.match(notes[0]!, /^"--[a-z-]+" has no effect: /, name);
      assert.match(notes[0]!, expected as RegExp, name);
    }
  }
});

Deno.test("generate takes the flags of SD-piXL that are no config", () => {
  const { flags } = outcomeOf([
    ...["-c", "config.yaml", "--verbose", "--tensorboard", "-mv", "-frame_freq", "10"],
    ...["--video_size", "256,512", "--fps", "24", "--download", "--force_download"],
  ]);
  assert.deepEqual([flags.download, flags.forceDownload], [true, true]);
  const { config, verbose, tensorboard } = flags;
  assert.deepEqual([config, verbose, tensorboard], ["config.yaml", true, true]);
  const formats = [MP4];
  const video = { videoSize: { height: 256, width: 512 }, frameSteps: 10, fps: 24, formats };
  assert.deepEqual(readVideoRequest(flags), video);
  const long = outcomeOf(["--make_video", "--video_frame_freq", "10"]);
  const usual = { videoSize: { height: 512, width: 512 }, frameSteps: 10, fps: 30, formats };
  assert.deepEqual(readVideoRequest(long.flags), usual);
  assert.equal(readVideoRequest((outcomeOf(["--fps", "24"])).flags), undefined);
  const several = outcomeOf(["-mv", "--video_format", "APNG, gif,apng"]);
  assert.deepEqual(readVideoRequest(several.flags)!.formats, [APNG, GIF]);
});

Deno.test("a wrong value of a flag of SD-piXL is named", () => {
  const cases: [readonly string[], RegExp][] = [
    [["-save_step", "often"], /^Cannot read flag "--save-step": expected an integer/],
    [["-gard_norm", "big"], /^Cannot read flag "--max-grad-norm": expected a number/],
  ];
  for (const [args, message] of cases) assert.throws(() => outcomeOf(args), { message });
  const videos: [readonly string[], RegExp][] = [
    [["--fps", "0"], /"--fps": expected an integer in \[1, 240\], got "0"/],
    [["--video_size", "big"], /"--video-size": expected height,width/],
    [["--video_size", "0,16"], /"--video-size": expected an integer in \[1, 8192\], got "0"/],
    [["-frame_freq", "0.5"], /"--video-frame-freq": expected an integer/],
    [["--video_format", "gif,avi"], /"--video-format": expected mp4, gif, .* or several/],
  ];
  for (const [args, message] of videos) {
    const { flags } = outcomeOf(args);
    assert.throws(() => readVideoRequest(flags), { message });
  }
});

Deno.test("video takes its flags with underscores and with dashes", () => {
  for (const flag of ["--video_size", "--video-size"]) {
    const typed = ["video", "run", "--format", "gif", flag, "64,48", "--fps", "9", "-o", "videos"];
    const { command, args, flags } = parseCommandLine(typed)!;
    assert.deepEqual([command, args], ["video", ["run"]]);
    const expected = { format: "gif", videoSize: "64,48", fps: "9", output: "videos" };
    assert.deepEqual({ ...flags }, expected);
  }
  assert.throws(() => parseCommandLine(["video"]), {
    message: /missing required argument "folder"/,
  });
});

Deno.test("layers and palettes take the flags of SD-piXL's scripts", async () => {
  // models/pixelart.py
  const { args, flags } = parseCommandLine([
    ...["layers", "--checkpoint", "run", "--palette", "pico-8", "--height", "64"],
    ...["--width", "64", "--save_dir", "out"],
  ])!;
  const expected = { palette: "pico-8", height: "64", width: "64", output: "out" };
  assert.deepEqual([args, { ...flags }], [[], { checkpoint: "run", ...expected }]);
  const out = createTerminal({ print: () => {} });
  await assert.rejects(layersCommand(undefined, {}, { out }), {
    message: /expected a run's folder or a checkpoint/,
  });
  // assets/palettes/palette_show.py
  for (const flag of ["--hex_path", "--hex_dir"]) {
    const { command, flags } = parseCommandLine(["palettes", flag, "my.hex"])!;
    assert.deepEqual([command, { ...flags }], ["palettes", { hexPath: ["my.hex"] }]);
  }
});
