import assert from "node:assert/strict";
import { type PartialConfig, resolveRunConfig } from "../../../config/resolve_run_config.ts";
import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { OpenClip } from "../../../lib/conditioning/choose_by_clip.ts";
import {
  type ClipLocation,
  findOwnClip,
  separateClip,
} from "../../../lib/conditioning/clip_location.ts";
import { createRun } from "../../../lib/distill/create_run.ts";
import { referenceTeacherCalls } from "../../../lib/distill/sample_references.ts";
import { settleConfig } from "../../../lib/guidance/sampling_settings.ts";
import type { Image } from "../../../lib/image/image.ts";
import { SessionPool } from "../../../lib/onnx/batching/session_pool.ts";
import { openModelFolder } from "../../../lib/weights/open_model_folder.ts";
import { copyTinyTeacher } from "../../support/copy_goldens.ts";
import { goldenPath } from "../../support/goldens.ts";
import { gpuTest } from "../../support/gpu_test.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";
import { randomClip } from "../conditioning/random_clip.ts";
import { tinyConfig } from "./tiny_run.ts";
import { WASM_SESSIONS } from "../onnx/run_graph.ts";

const SAMPLED = { numReferences: 3, numInferenceSteps: 1 };

gpuTest("a run starts from the sample with the best denoising error", async (gpu) => {
  const notes: string[] = [];
  const calls: (readonly [call: number, calls: number])[] = [];
  const config = tinyConfig({ diffusion: SAMPLED });
  await using run = await createRun(config, {
    gpu,
    onNote: (note) => notes.push(note),
    onSample: (...call) => calls.push(call),
  });
  const { images, chosen, scores } = run.references!;
  assert.deepEqual([images.length, scores!.length], [3, 3]);
  assert.equal(scores!.indexOf(Math.max(...scores!)), chosen);
  assert.equal(new Set(scores).size, 3);
  assert.equal(run.startImage, images[chosen]);
  // One step and two calls for the score each.
  assert.equal(run.teacherCalls, 9);
  assert.deepEqual(calls, Array.from({ length: 9 }, (_, i) => [i + 1, 9]));
  assert.deepEqual(notes, [
    "The run starts from the best of 3 samples of the teacher: the one that shows the prompt best, " +
    "by the denoising errors with and without it in the run's palette",
  ]);
});

/** Score of the first picture of a run with an image. */
async function scoreOfStart(
  part: PartialConfig,
  inputs: { readonly gpu: Gpu; readonly pool: SessionPool; readonly image: Image },
): Promise<number> {
  await using run = await createRun(tinyConfig(part), inputs);
  return await run.score();
}

gpuTest("a run chooses a sample by its first picture", async (gpu) => {
  await using pool = new SessionPool();
  // With seed 0 and these settings a run chooses by the score of pictures.
  const choice = { choice: "evidence", choiceTimes: [0.99], choiceNoises: 4 } as const;
  const parts: PartialConfig[] = [
    { generator: { initializationMethod: "palette-kmeans", palette: "sweetie-16" } },
    // Colors of one hue: the image is mapped to them first.
    { generator: { initializationMethod: "palette", palette: "game-boy" } },
    { generator: { initializationMethod: "kmeans", kmeansNbColors: 3 } },
    { generator: { initializationMethod: "nearest" } },
  ];
  for (const part of parts) {
    const asked: PartialConfig = {
      ...part,
      seed: 0,
      diffusion: { ...SAMPLED, ...choice, numReferences: 2 },
      // Without ControlNets an input image has the score of a sampled one.
      controlnet: { useControlnet: false },
    };
    await using run = await createRun(tinyConfig(asked), { gpu, pool });
    const { images, scores } = run.references!;
    const expected: number[] = [];
    for (const image of images) expected.push(await scoreOfStart(asked, { gpu, pool, image }));
    assert.deepEqual(scores, expected);
  }
});

gpuTest(
  "a run chooses a sample by what an inventory, rules and a craft make of it",
  async (gpu) => {
    await using pool = new SessionPool();
    const always: PartialConfig = {
      seed: 0,
      generator: { palette: "game-boy" },
      diffusion: { ...SAMPLED, choice: "evidence", choiceTimes: [0.99], choiceNoises: 4 },
      controlnet: { useControlnet: false },
      training: { steps: 0 },
    };
    const scoresOf = async (part: PartialConfig, inventory?: readonly number[]) => {
      const asked = { ...always, ...part };
      const inputs = { gpu, pool, ...inventory && { inventory } };
      await using run = await createRun(tinyConfig(asked), inputs);
      const { images, scores } = run.references!;
      const expected: number[] = [];
      for (const image of images) {
        // An input image is matched by the method that a sample has by default.
        const generator = { ...asked.generator, initializationMethod: "palette-area" } as const;
        // The teacher has a prediction without the prompt only if something needs it.
        const diffusion = { ...asked.diffusion, strength: 0.5 };
        const config = tinyConfig({ ...asked, generator, diffusion });
        await using start = await createRun(config, { ...inputs, image });
        expected.push(await start.score());
      }
      assert.deepEqual(scores, expected);
      return scores!;
    };
    const plain = await scoresOf({});
    const { imageH, imageW } = tinyConfig(always).generator;
    // Each color is scarce, so all samples change.
    const scarce = await scoresOf({}, new Array<number>(4).fill(Math.ceil(imageH * imageW / 4)));
    assert.notDeepEqual(scarce, plain);
    assert.notDeepEqual(await scoresOf({ constraint: { excludeColors: ["0", "1"] } }), plain);
    await scoresOf({ finish: { makeable: "cross-stitch" } });
  },
);

gpuTest("a run ranks the images themselves if its picture does not show them", async (gpu) => {
  const scoresOf = async (part: PartialConfig) => {
    await using run = await createRun(tinyConfig({ ...part, diffusion: SAMPLED }), { gpu });
    return run.references!.scores!;
  };
  const random = await scoresOf({ generator: { initDistance: "random" } });
  const zero = await scoresOf({ generator: { initDistance: "zero", palette: "sweetie-16" } });
  assert.equal(new Set(random).size, 3);
  assert.deepEqual(zero, random);
  assert.notDeepEqual(await scoresOf({}), random);
});

/** Writes a copy of the tiny teacher with its own CLIP, and returns that CLIP. */
async function writeTeacherWithClip(folder: string): Promise<ClipLocation> {
  await copyTinyTeacher(folder);
  const index = { clip: ["transformers", "CLIPModel"] };
  await Deno.writeTextFile(`${folder}/model_index.json`, JSON.stringify(index));
  await Deno.mkdir(`${folder}/clip`);
  const { "config.json": config, "model.safetensors": weights } = randomClip({
    seed: 1,
    eightBits: true,
  });
  await Deno.writeTextFile(`${folder}/clip/config.json`, config);
  await Deno.writeFile(`${folder}/clip/model.safetensors`, weights);
  return (await findOwnClip(openModelFolder(folder)))!;
}

/** Returns the finished picture of a run that starts from a sample, as an input image. */
async function pictureOf(
  part: PartialConfig,
  inputs: { readonly gpu: Gpu; readonly pool: SessionPool; readonly image: Image },
): Promise<Image> {
  // An input image is matched by the method that a sample has by default.
  const generator = { ...part.generator, initializationMethod: "palette-area" } as const;
  await using run = await createRun(tinyConfig({ ...part, generator }), inputs);
  return await run.image();
}

gpuTest("a teacher's own CLIP can choose by the pictures, without teacher calls", async (gpu) => {
  await inTemporaryFolder(async (modelId) => {
    const location = await writeTeacherWithClip(modelId);
    await using pool = new SessionPool();
    using clip = await OpenClip.open(location, { images: 3 });
    const scoresOf = async (part: PartialConfig) => {
      const [notes, calls]: [string[], number[]] = [[], []];
      const asked: PartialConfig = {
        ...part,
        training: { steps: 0 },
        controlnet: { useControlnet: false },
        diffusion: { ...SAMPLED, modelId, choice: "clip" },
      };
      const onSample = (call: number, of: number) => calls.push(call, of);
      const onNote = (note: string) => notes.push(note);
      await using run = await createRun(tinyConfig(asked), { gpu, pool, onNote, onSample });
      const { images, chosen, scores } = run.references!;
      const pictures: Image[] = [];
      for (const image of images) pictures.push(await pictureOf(asked, { gpu, pool, image }));
      const expected = await clip.choose(WASM_SESSIONS, {
        prompt: "a red dragon",
        images: pictures,
      });
      assert.deepEqual({ index: chosen, scores }, expected);
      assert.deepEqual([run.teacherCalls, calls], [3, [1, 3, 2, 3, 3, 3]]);
      assert.equal(run.config.diffusion.choice, "clip");
      return { scores, notes, pictures };
    };
    const plain = await scoresOf({});
    assert.equal(new Set(plain.scores).size, 3);
    assert.deepEqual(plain.notes, [
      "The run starts from the best of 3 samples of the teacher: the one that shows the prompt " +
      "best, by the teacher's CLIP in the run's palette",
    ]);
    // Rules and finishes are part of the picture.
    const changed = { constraint: { symmetry: "x" }, finish: { antialias: false } } as const;
    assert.notDeepEqual((await scoresOf(changed)).scores, plain.scores);
    // The background that the prompt of a transparent picture gets is for the teacher.
    await scoresOf({ generator: { transparent: true } });
  });
});

Deno.test("the evidence is measured of the CLIP's better half, of two samples at least", () => {
  const callsOf = (numReferences: number, hasClip: boolean) => {
    const config = resolveRunConfig({ diffusion: { numReferences, numInferenceSteps: 5 } });
    const settled = settleConfig(config, { kind: "sdxl", source: "", hasClip });
    return referenceTeacherCalls(settled) - 5 * numReferences;
  };
  // Two calls for each sample that is measured.
  assert.deepEqual([1, 2, 3, 4, 5, 8].map((n) => callsOf(n, true)), [0, 4, 4, 4, 6, 8]);
  assert.deepEqual([1, 2, 3, 4, 5, 8].map((n) => callsOf(n, false)), [0, 4, 6, 8, 10, 16]);
});

gpuTest("the evidence is added to the best logits of the teacher's CLIP", async (gpu) => {
  await inTemporaryFolder(async (modelId) => {
    await writeTeacherWithClip(modelId);
    await using pool = new SessionPool();
    const run = async (part: PartialConfig["diffusion"], generator: PartialConfig["generator"]) => {
      const config = tinyConfig({
        generator: { ...generator },
        diffusion: { ...SAMPLED, modelId, ...part },
      });
      const [notes, calls]: [string[], number[]] = [[], []];
      const onNote = (note: string) => notes.push(note);
      const onSample = (call: number, of: number) => calls.push(call, of);
      await using run = await createRun(config, { gpu, pool, onNote, onSample });
      const { chosen, scores } = run.references!;
      return { chosen, scores: scores!, teacherCalls: run.teacherCalls, notes, calls };
    };
    for (const generator of [{}, { initDistance: "random" }] as const) {
      const both = await run({}, generator);
      const [clip, evidence] = [
        await run({ choice: "clip" }, generator),
        await run({ choice: "evidence" }, generator),
      ];
      // Two of three samples are on the shortlist.
      const worst = Math.min(...clip.scores);
      const sums = clip.scores.map((logit, i) =>
        logit === worst ? -Infinity : logit + 9 * evidence.scores[i]!
      );
      assert.deepEqual(both.scores, sums);
      assert.equal(both.chosen, sums.indexOf(Math.max(...sums)));
      assert.deepEqual([both.teacherCalls, clip.teacherCalls, evidence.teacherCalls], [7, 3, 9]);
      assert.deepEqual(both.calls, [1, 2, 3, 4, 5, 6, 7].flatMap((call) => [call, 7]));
      assert.deepEqual(await run({ choice: "clip-and-evidence" }, generator), both);
      const end = generator.initDistance ? "" : " in the run's palette";
      assert(both.notes.includes(
        "The run starts from the best of 3 samples of the teacher: the one that shows the " +
          `prompt best, by the teacher's CLIP and the denoising errors with and without it${end}`,
      ));
    }
    // A few-step model has no evidence.
    const few = await run({ guidanceScale: 1, choice: "clip" }, {});
    assert.deepEqual(await run({ guidanceScale: 1 }, {}), few);
    assert.equal(few.teacherCalls, 3);
  });
});

gpuTest("a config may choose otherwise than by the teacher's CLIP", async (gpu) => {
  await inTemporaryFolder(async (modelId) => {
    await writeTeacherWithClip(modelId);
    await using pool = new SessionPool();
    const run = async (part: PartialConfig["diffusion"]) => {
      const config = tinyConfig({ diffusion: { ...SAMPLED, modelId, ...part } });
      await using run = await createRun(config, { gpu, pool });
      const { images, scores } = run.references!;
      return { calls: run.teacherCalls, scores, images };
    };
    const plain = tinyConfig({ diffusion: SAMPLED });
    await using other = await createRun(plain, { gpu, pool });
    const evidence = await run({ choice: "evidence" });
    assert.deepEqual([evidence.calls, evidence.scores], [9, other.references!.scores]);
    assert.equal((await run({ choice: "error" })).calls, 9);
    // A named CLIP comes first.
    const clipId = `${modelId}/named`;
    await writeNamedClip(clipId);
    const named = await run({ clipId, choice: "evidence" });
    assert.equal(named.calls, 3);
    assert.notDeepEqual(named.scores, (await run({ choice: "clip" })).scores);
    // The picture does not show the image, so the image is scored.
    const config = tinyConfig({
      diffusion: { ...SAMPLED, modelId, choice: "clip" },
      generator: { initDistance: "random" },
    });
    await using random = await createRun(config, { gpu, pool });
    using clip = await OpenClip.open((await findOwnClip(openModelFolder(modelId)))!, { images: 3 });
    const { images, scores } = random.references!;
    const expected = await clip.choose(WASM_SESSIONS, { prompt: "a red dragon", images });
    assert.deepEqual(scores, expected.scores);
  });
});

gpuTest("a CLIP that is not there cannot choose", async (gpu) => {
  const create = (diffusion: PartialConfig["diffusion"]) =>
    createRun(tinyConfig({ diffusion: { choice: "clip", ...diffusion } }), { gpu });
  for (const choice of ["clip", "clip-and-evidence"] as const) {
    await assert.rejects(create({ ...SAMPLED, choice }), {
      message: new RegExp(
        `it has no CLIP, so "diffusion.choice" cannot be "${choice}"; set it to "evidence"`,
      ),
    });
  }
  // There is nothing to choose.
  await using run = await create({});
  assert.equal(run.references!.scores, undefined);
});

/** Writes the CLIP of the reference tensors with a tokenizer of letters. */
async function writeNamedClip(folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  for (const name of ["config.json", "model.safetensors"]) {
    await Deno.copyFile(goldenPath(`tiny-clip/${name}`), `${folder}/${name}`);
  }
  const letters = Array.from({ length: 26 }, (_, i) => String.fromCharCode(97 + i));
  const words = [...letters, ...letters.map((letter) => `${letter}</w>`)].map((word, i) =>
    [word, i] as const
  );
  const vocabulary = [...words, ["<|startoftext|>", 498], ["<|endoftext|>", 499]];
  await Deno.writeTextFile(`${folder}/vocab.json`, JSON.stringify(Object.fromEntries(vocabulary)));
  await Deno.writeTextFile(`${folder}/merges.txt`, "#version: 0.2\n");
  await Deno.writeTextFile(`${folder}/tokenizer_config.json`, '{"model_max_length": 77}');
}

gpuTest("a run starts from the sample with the best score of a named CLIP", async (gpu) => {
  await inTemporaryFolder(async (clipId) => {
    await writeNamedClip(clipId);
    await using pool = new SessionPool();
    const notes: string[] = [];
    const asked: PartialConfig = {
      // Weights and typographic signs are for the teacher.
      prompt: "(a red:1.2) dragon",
      training: { steps: 0 },
      controlnet: { useControlnet: false },
      diffusion: { ...SAMPLED, clipId },
    };
    const config = tinyConfig(asked);
    await using run = await createRun(config, { gpu, pool, onNote: (note) => notes.push(note) });
    const { images, chosen, scores } = run.references!;
    const pictures: Image[] = [];
    for (const image of images) pictures.push(await pictureOf(asked, { gpu, pool, image }));
    using clip = await OpenClip.open(separateClip(openModelFolder(clipId)), { images: 3 });
    const prompt = "a red dragon";
    const expected = await clip.choose(WASM_SESSIONS, { prompt, images: pictures });
    assert.deepEqual({ index: chosen, scores }, expected);
    assert.equal(run.teacherCalls, 3);
    assert.equal(
      notes.at(-1),
      "The run starts from the best of 3 samples of the teacher: the one that shows the prompt " +
        `best, by "${clipId}" in the run's palette`,
    );
  });
});

gpuTest("a run looks for all files of its CLIP before the teacher samples", async (gpu) => {
  await inTemporaryFolder(async (clipId) => {
    await Deno.copyFile(goldenPath("tiny-clip/config.json"), `${clipId}/config.json`);
    const config = tinyConfig({ diffusion: { ...SAMPLED, numInferenceSteps: 1000, clipId } });
    const create = () => createRun(config, { gpu });
    // A thousand steps would take a minute.
    await assert.rejects(create(), { message: /tokenizer_config\.json": there is no such file/ });
    for (const name of ["merges.txt", "tokenizer_config.json", "vocab.json"]) {
      await Deno.copyFile(goldenPath(`tiny-sdxl/tokenizer/${name}`), `${clipId}/${name}`);
    }
    await assert.rejects(create(), { message: /safetensors/ });
  });
});

gpuTest("a run says that there is nothing for CLIP to choose", async (gpu) => {
  const notes: string[] = [];
  const config = tinyConfig({ diffusion: { clipId: "no/clip", numInferenceSteps: 1 } });
  await using run = await createRun(config, { gpu, onNote: (note) => notes.push(note) });
  assert.equal(run.references!.scores, undefined);
  assert.deepEqual(notes, [
    '"diffusion.clip_id" has no effect: only one image is sampled',
  ]);
});
