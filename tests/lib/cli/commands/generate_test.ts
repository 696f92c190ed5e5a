import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { decodeImage } from "../../../../lib/image/formats/decode_image.ts";
import type { Run } from "../../../../lib/distill/run.ts";
import { Image } from "../../../../lib/image/image.ts";
import { generateCommand, type PictureFunctions } from "../../../../lib/cli/commands/generate.ts";
import { type GenerateFlags, generateFlags } from "../../../support/generate_flags.ts";
import type { RunEvent } from "../../../../lib/report/run_event.ts";
import { createTerminal } from "../../../../lib/report/terminal.ts";
import { findPalette } from "../../../../lib/palette/formats/find_palette.ts";
import { assertEnlarged } from "../../../support/compare_frames.ts";
import { readApng } from "../../../support/read_apng.ts";
import { readGif } from "../../../support/read_gif.ts";
import { inTemporaryFolder } from "../../../support/temporary_folder.ts";
import { paintingRuns } from "./painting_run.ts";

/** Runs `generate --json` in this process, and returns its events. */
async function generate(
  flags: Partial<GenerateFlags>,
  functions: PictureFunctions = paintingRuns(),
) {
  let text = "";
  const terminal = createTerminal({ print: (part) => void (text += part) });
  const terminals = { out: terminal, status: terminal };
  const code = await generateCommand(
    generateFlags({ json: true, ...flags }),
    terminals,
    functions,
  );
  const events = text.trimEnd().split("\n").map((line) => JSON.parse(line) as RunEvent);
  return { code, events };
}

function doneOf(events: readonly RunEvent[]): RunEvent & { event: "done" } {
  const last = events.at(-1);
  assert(last?.event === "done");
  return last;
}

Deno.test("generate writes pictures, config, metrics and a checkpoint", async () => {
  await inTemporaryFolder(async (output) => {
    const prompt = 'a knight: "red" 🐉';
    const { code, events } = await generate({
      prompt,
      palette: "game-boy",
      size: "8,10",
      steps: "5",
      seed: "3",
      output,
      set: ["training.save_steps=2", "training.checkpoint_steps=2"],
    });
    assert.equal(code, 0);
    assert.deepEqual(events.map(({ event }) => event), [
      "stage",
      "start",
      ...Array(5).fill("step"),
      "done",
    ]);
    const { folder, files, interrupted } = doneOf(events);
    assert.match(folder, /standard\/\d{4}(-\d\d){5}-mini-im8x10-game-boy$/);
    assert.equal(interrupted, false);
    assert.deepEqual(files.map((file) => file.slice(folder.length + 1)), [
      "final_argmax.png",
      "final_argmax_x51.png",
      "final_softmax.png",
      "picture.json",
      "checkpoint_5.safetensors",
      "config.yaml",
      "metrics.jsonl",
    ]);
    for (const file of files) assert((await Deno.stat(file)).size > 0);
    for (const name of ["2_hard", "4_hard", "4_soft"]) {
      const picture = await decodeImage(await Deno.readFile(`${folder}/png_logs/${name}.png`));
      // 512 / 10 pixels, rounded, times 8 x 10.
      assert.deepEqual([picture.height, picture.width], [408, 510], name);
    }
    assert((await Deno.stat(`${folder}/checkpoint_4.safetensors`)).isFile);
    const log = await readLog(folder, 3);
    for (const line of ["load …", ", 8 x 10 pixels", "3/5", "done (", ...files]) {
      assert(log.includes(line), line);
    }
    const picture = await Deno.readFile(files[0]!);
    const sidecar = JSON.parse(await Deno.readTextFile(`${folder}/picture.json`));
    assert.equal(sidecar.sha256, createHash("sha256").update(picture).digest("hex"));
    assert.deepEqual(sidecar.palette, {
      name: "game-boy",
      colors: ["0f380f", "306230", "8bac0f", "9bbc0f"],
    });
    const { seed, versions, config } = sidecar;
    assert.deepEqual([seed, config.generator.image_H, config.training.steps], [3, 8, 5]);
    assert.match(versions.smalti, /^\d+\.\d+\.\d+$/);
    assert.deepEqual(
      [versions.deno, versions["onnxruntime-web"]],
      [Deno.version.deno, "1.30.0"],
    );
    // The config runs again to the same.
    const again = await generate({ config: `${folder}/config.yaml` });
    assert.deepEqual(await Deno.readFile(doneOf(again.events).files[0]!), picture);
    const start = again.events.find(({ event }) => event === "start");
    assert(start?.event === "start" && start.prompt === prompt && start.seed === 3);
  });
});

Deno.test("generate --score tells the score in picture.json, and changes nothing else", async () => {
  await inTemporaryFolder(async (output) => {
    const flags = { prompt: "a cat", size: "8,10", steps: "2", seed: "3", output };
    const made = [];
    for (const scored of [{}, { score: true }] as const) {
      const { events } = await generate({ ...flags, ...scored });
      const { score: told, files } = doneOf(events);
      const sidecar = JSON.parse(await Deno.readTextFile(files[3]!));
      made.push({ told, sidecar, picture: await Deno.readFile(files[0]!) });
    }
    const [plain, scored] = made as [typeof made[0], typeof made[0]];
    assert.equal(plain!.told, undefined);
    assert(Number.isFinite(scored!.told));
    assert.deepEqual(scored!.picture, plain!.picture);
    assert.equal(scored!.sidecar.score, scored!.told);
    const { score: _, ...rest } = scored!.sidecar;
    assert.deepEqual(rest, plain!.sidecar);
  });
});

/** Reads the log of a run that began once. */
async function readLog(folder: string, seed: number): Promise<string> {
  const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  const logs = names.filter((name) => /^\d{4}(-\d\d){5}-log-\d+\.txt$/.test(name));
  assert.equal(logs.length, 1);
  assert(logs[0]!.endsWith(`-log-${seed}.txt`), logs[0]!);
  return await Deno.readTextFile(`${folder}/${logs[0]}`);
}

Deno.test("generate --verbose also writes what the run begins with and what steps see", async () => {
  await inTemporaryFolder(async (output) => {
    const set = ["training.save_steps=1", "saving_resize=32", "training.laplacian_scale=1"];
    const { events } = await generate({
      prompt: "a cat",
      size: "8,8",
      steps: "2",
      output,
      verbose: true,
      set,
    });
    const { folder, files } = doneOf(events);
    assert(files.some((file) => /tensorboard\/events\.out\.tfevents\./.test(file)));
    const sides = {
      target_image: [2, 3],
      "png_logs/00_initialization": [32, 32],
      "png_logs/1_hard": [32, 32],
      "png_logs/1_soft": [32, 32],
      "png_logs/1_hard_gumbel": [32, 32],
      "png_logs/1_soft_gumbel": [32, 32],
      // What the teacher sees is not enlarged.
      "png_logs/1_augmented": [4, 5],
      "entropy/1_normalized_entropy": [32, 32],
      // A decoded gradient is as large as what the teacher sees.
      "gradients/1_grad_500": [4, 5],
      "gradients/1_grad_length_500": [32, 32],
      "laplacian/1_laplacian": [32, 32],
    };
    for (const [name, size] of Object.entries(sides)) {
      const { height, width } = await decodeImage(await Deno.readFile(`${folder}/${name}.png`));
      assert.deepEqual([height, width], size, name);
    }
  });
});

Deno.test("generate keeps the size of pictures with a saving_resize of 0, and logs an error", async () => {
  await inTemporaryFolder(async (output) => {
    const set = ["training.save_steps=1", "saving_resize=0"];
    const flags = { prompt: "a cat", size: "8,9", steps: "2", output, set };
    const { folder } = doneOf((await generate(flags)).events);
    for (const name of ["1_hard", "1_soft"]) {
      const picture = await decodeImage(await Deno.readFile(`${folder}/png_logs/${name}.png`));
      assert.deepEqual([picture.height, picture.width], [8, 9]);
    }
    const failing = paintingRuns({
      change(run) {
        run.picture = () => Promise.reject(new Error("Cannot read the picture"));
        return run;
      },
    });
    await assert.rejects(generate({ ...flags, config: "default.yaml" }, failing));
    for await (const { name } of Deno.readDir(`${output}/default`)) {
      const log = await readLog(`${output}/default/${name}`, 0);
      assert.match(log, /\nerror: Error: Cannot read the picture\n/);
    }
  });
});

Deno.test("generate records every nth step, from the first picture to the last, with metrics", async () => {
  await inTemporaryFolder(async (output) => {
    const { events } = await generate({
      prompt: "a cat",
      size: "8,10",
      steps: "5",
      output,
      tensorboard: true,
      makeVideo: true,
      videoFrameFreq: "2",
      videoSize: "32,40",
      fps: "10",
    });
    const { files } = doneOf(events);
    const named = (end: RegExp) => files.find((file) => end.test(file))!;
    for (const video of [named(/video_hard\.mp4$/), named(/video_soft\.mp4$/)]) {
      const { frames, height, width, seconds } = readMp4(await Deno.readFile(video));
      // Steps 0, 2, 4 and the last, 5.
      assert.deepEqual([frames, height, width, seconds], [4, 32, 40, 0.4]);
    }
    // A resumed run leaves the earlier videos.
    const resumed = await generate({
      resume: doneOf(events).folder,
      steps: "8",
      makeVideo: true,
      videoSize: "32,40",
    });
    const later = doneOf(resumed.events).files.find((file) => /hard_from_5\.mp4$/.test(file))!;
    assert.equal(readMp4(await Deno.readFile(later)).frames, 4);
    assert.equal(readMp4(await Deno.readFile(named(/video_hard\.mp4$/))).frames, 4);
    const log = await Deno.readFile(named(/tensorboard\/events\.out\.tfevents\./));
    const text = new TextDecoder("latin1").decode(log);
    for (const tag of ["loss/score", "learning_rate", "average_entropy", "max_prob"]) {
      assert.equal(text.split(tag).length - 1, 5, tag);
    }
  });
});

Deno.test("generate records a run in the formats that are asked for, in exactly its colors", async () => {
  await inTemporaryFolder(async (output) => {
    const flags = { prompt: "a cat", size: "8,10", steps: "3", output, palette: "game-boy" };
    const video = { makeVideo: true, videoSize: "16,20", fps: "5" } as const;
    const { events } = await generate({ ...flags, ...video, videoFormat: "gif,apng" });
    const { files, folder } = doneOf(events);
    const videos = files.filter((file) => file.includes("video_"));
    assert.deepEqual(videos.map((file) => file.slice(folder.length + 1)), [
      ...["video_hard.gif", "video_hard.apng", "video_soft.apng"],
    ]);
    const { colors } = await findPalette("game-boy");
    const gif = readGif(await Deno.readFile(videos[0]!));
    const apng = readApng(await Deno.readFile(videos[1]!));
    assert.deepEqual([gif.colors, apng.palette], [colors, colors]);
    // A painting run turns one pixel more to color 1 at each step.
    const pictures = [0, 1, 2, 3].map((step) =>
      Image.fromIndices(
        { height: 8, width: 10 },
        Array.from({ length: 80 }, (_, i) => i < step ? 1 : 0),
        colors,
      )
    );
    assert.deepEqual([gif.frames.length, apng.frames.length], [4, 4]);
    pictures.forEach((picture, n) => {
      assertEnlarged(Image.fromIndices(gif, gif.frames[n]!.indices, colors), picture, 2);
      assertEnlarged(apng.frames[n]!.image, picture, 2);
    });
    const mixture = readApng(await Deno.readFile(videos[2]!));
    assert.deepEqual(mixture.frames.map(({ seconds }) => seconds), [0.8]);
    // What a GIF cannot hold is said before anything is made.
    const folders = Array.from(Deno.readDirSync(`${output}/standard`)).length;
    const many = { ...flags, ...video, palette: "7_7_7_lattice", videoFormat: "mp4,gif" };
    await assert.rejects(generate(many), {
      message: /^Cannot write "video_hard\.gif": a GIF holds 256 colors, "7_7_7_lattice" has 343/,
    });
    assert.equal(Array.from(Deno.readDirSync(`${output}/standard`)).length, folders);
  });
});

/** Reads what the boxes of an MP4 file say of its only track. */
function readMp4(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer);
  const text = new TextDecoder("latin1").decode(bytes);
  const box = (type: string) => text.indexOf(type) + 4;
  // Version 0 of the boxes. Source: ISO/IEC 14496-12, 8.2.2, 8.3.2 and 8.7.3.
  const [mvhd, tkhd, stsz] = [box("mvhd"), box("tkhd"), box("stsz")];
  assert.deepEqual([bytes[mvhd], bytes[tkhd]], [0, 0]);
  return {
    frames: view.getUint32(stsz + 8),
    seconds: view.getUint32(mvhd + 16) / view.getUint32(mvhd + 12),
    width: view.getUint32(tkhd + 76) / 2 ** 16,
    height: view.getUint32(tkhd + 80) / 2 ** 16,
  };
}

Deno.test("generate tells what a flag of SD-piXL cannot do here, and finds configs by name", async () => {
  await inTemporaryFolder(async (output) => {
    const flags = { prompt: "a cat", size: "8,8", steps: "1", output };
    const sdPixl = { useWandb: true, mixedPrecision: "no" } as const;
    const { code, events } = await generate({ ...flags, ...sdPixl, config: "default.yaml" });
    assert.equal(code, 0);
    const notes = events.flatMap((event) => event.event === "note" ? [event.message] : []);
    assert.equal(notes.length, 1);
    assert.match(notes[0]!, /^"--use-wandb" has no effect: /);
    assert.match(doneOf(events).folder, /\/default\//);
  });
});

Deno.test("generate --resume continues in the folder of the run", async () => {
  await inTemporaryFolder(async (output) => {
    const flags = { prompt: "a cat", size: "8,8", output };
    const first = await generate({ ...flags, steps: "3" });
    const { folder } = doneOf(first.events);
    const second = await generate({ resume: folder, steps: "6" });
    assert.equal(doneOf(second.events).folder, folder);
    const steps = second.events.flatMap((event) => event.event === "step" ? [event.step] : []);
    assert.deepEqual(steps, [4, 5, 6]);
    const metrics = await Deno.readTextFile(`${folder}/metrics.jsonl`);
    const logged = metrics.trimEnd().split("\n").map((line) => JSON.parse(line).step);
    assert.deepEqual(logged, [1, 2, 3, 4, 5, 6]);
    // Nothing is left to do, and what was done is still told.
    const third = await generate({ resume: folder });
    assert.deepEqual(third.events.map(({ event }) => event), ["stage", "start", "done"]);
    assert.equal(doneOf(third.events).teacherCalls, 6);
  });
});

Deno.test("generate refuses to begin without prompt and image", async () => {
  await assert.rejects(generate({ prompt: " " }), {
    name: "UsageError",
    message: /^Cannot generate: expected a prompt or an image; add --prompt/,
  });
});

Deno.test("generate names files that are not there", async () => {
  const cases: [Partial<GenerateFlags>, RegExp][] = [
    [{ config: "no.yaml" }, /^Cannot read "no.yaml": there is no such file/],
    [{ inputImage: "no.png" }, /^Cannot read "no.png": there is no such file/],
    [{ palette: "swetie-16" }, /^Cannot find palette "swetie-16".*sweetie-16/],
    [{ resume: "no" }, /^Cannot read "no": there is no such file or folder/],
  ];
  for (const [flags, message] of cases) {
    await assert.rejects(generate({ prompt: "a cat", ...flags }), { message });
  }
});

// Closing a terminal sends SIGHUP.
for (const signal of ["SIGINT", "SIGHUP"] as const) {
  Deno.test(`${signal} leaves a valid picture and a checkpoint`, async () => {
    await inTemporaryFolder(async (output) => {
      const root = fileURLToPath(new URL("../../../../", import.meta.url));
      const engine = fileURLToPath(new URL("painting_run.ts", import.meta.url));
      const child = new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "--quiet", "--no-prompt", "--no-check"],
          ...[`--allow-read=${root}`, `--allow-write=${output}`, engine],
          ...["generate", "--prompt", "a cat", "--steps", "100000", "--output", output, "--json"],
        ],
        stdout: "piped",
        stderr: "piped",
      }).spawn();
      const events: RunEvent[] = [];
      let rest = "";
      const lines = child.stdout.pipeThrough(new TextDecoderStream());
      for await (const part of lines) {
        const texts = (rest + part).split("\n");
        rest = texts.pop()!;
        const isFirstStep = !events.some(({ event }) => event === "step");
        for (const text of texts) events.push(JSON.parse(text));
        // A terminal may send the same Ctrl-C to several programs, which hand it on.
        if (isFirstStep && events.some(({ event }) => event === "step")) {
          child.kill(signal);
          child.kill(signal);
        }
      }
      const [{ code }, errors] = await Promise.all([
        child.status,
        new Response(child.stderr).text(),
      ]);
      assert.deepEqual([code, errors], [130, ""]);
      const { interrupted, files } = doneOf(events);
      assert.equal(interrupted, true);
      assert(files.some((file) => /checkpoint_\d+\.safetensors$/.test(file)));
      for (const file of files) assert((await Deno.stat(file)).size > 0);
    });
  });
}

Deno.test("generate tells once that steps without a finite gradient change nothing", async () => {
  await inTemporaryFolder(async (output) => {
    const change = (run: Run): Run =>
      Object.defineProperty(Object.create(run), "makeStep", {
        value: async () => ({ ...await run.makeStep(), isApplied: false }),
      });
    const { events } = await generate(
      { prompt: "a cat", steps: "3", output },
      paintingRuns({ change }),
    );
    assert.deepEqual(events.flatMap((event) => event.event === "note" ? [event.message] : []), [
      "the gradient of step 1 is not finite; such steps change nothing",
    ]);
  });
});
