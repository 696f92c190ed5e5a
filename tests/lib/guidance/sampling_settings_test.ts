import assert from "node:assert/strict";
import { type PartialConfig, resolveRunConfig } from "../../../config/resolve_run_config.ts";
import {
  describeSampling,
  findSamplingKind,
  SAMPLING_SETTINGS,
  type SamplingKind,
  settleConfig,
} from "../../../lib/guidance/sampling_settings.ts";
import { countGuidedSteps } from "../../../lib/guidance/sample_calls.ts";
import { setUpRun } from "../../../lib/distill/set_up_run.ts";
import { planRun } from "../../../lib/distill/memory/plan_run.ts";
import { loadNetworks } from "../../../lib/distill/load_networks.ts";
import type { SessionLoader } from "../../../lib/onnx/runtime/session.ts";
import { findPalette } from "../../../lib/palette/formats/find_palette.ts";
import { gpuTest } from "../../support/gpu_test.ts";
import { goldenPath } from "../../support/goldens.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";
import { WASM_SESSIONS } from "../onnx/run_graph.ts";
import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { Image } from "../../../lib/image/image.ts";
import { memoryFolder } from "../conditioning/memory_folder.ts";
import { defined } from "../../../lib/text/defined.ts";

const TINY = goldenPath("tiny-sdxl");
const GRAY = Image.filled({ height: 8, width: 8 }, [128, 128, 128]);

/** Opens the teacher of a config for real, and settles the config. */
async function settle(gpu: Gpu, part: PartialConfig, image?: Image) {
  const training = { steps: 1, ...part.training };
  const config = resolveRunConfig({ prompt: "a cat", runtime: "wasm", ...part, training });
  const palette = await findPalette("game-boy");
  return await setUpRun(gpu, config, { palette, hub: {}, ...defined({ image }) });
}

/** A folder without a vocabulary, and a UNet with or without added conditions. */
function teacherOf(addedConditions: boolean, files: readonly string[] = []) {
  return {
    folder: { has: (path: string) => Promise.resolve(files.includes(path)) },
    unet: { addedConditions: addedConditions ? {} : undefined },
  } as unknown as Parameters<typeof findSamplingKind>[1];
}

gpuTest("a folder of SDXL's structure is sampled in 30 steps at guidance 7", async (gpu) => {
  const { config, samplingNote } = await settle(gpu, { diffusion: { modelId: TINY } });
  const { diffusion, sd } = config;
  assert.deepEqual(
    [diffusion.sampler, diffusion.numInferenceSteps, diffusion.guidanceScale, sd.guidanceScale],
    [SAMPLING_SETTINGS.sdxl.diffusion.sampler, 30, 7, 10],
  );
  assert.equal(
    samplingNote,
    `Settings for SDXL (by its UNet): sampler ${diffusion.sampler}, 30 steps, guidance 7, ` +
      `guidance of the score 10`,
  );
});

gpuTest("a few-step LoRA gives few trailing steps without guidance, known by name", async (gpu) => {
  await inTemporaryFolder(async (folder) => {
    const loraPath = `${folder}/sdxl_lightning_2step_lora.safetensors`;
    await Deno.copyFile(goldenPath("lora_kohya.safetensors"), loraPath);
    // Choosing a strength needs both rows.
    const diffusion = { modelId: TINY, loraPath, strength: 0 };
    const { config, samplingNote, usesNegativePrompt } = await settle(gpu, { diffusion });
    const { numInferenceSteps, timestepSpacing, guidanceScale } = config.diffusion;
    assert.deepEqual([numInferenceSteps, timestepSpacing, guidanceScale], [2, "trailing", 1]);
    assert.deepEqual([config.sd.guidanceScale, usesNegativePrompt], [0, false]);
    assert.equal(
      samplingNote,
      'Settings for Lightning (by the name "sdxl_lightning_2step_lora.safetensors"): sampler ' +
        "euler, 2 steps, trailing timesteps, guidance 1, guidance of the score 0",
    );
  });
});

gpuTest(
  "a run counts the chunks of its longer prompt; the preset paper cuts prompts",
  async (gpu) => {
    const long = "a red dragon ".repeat(30);
    const parts = { prompt: "a cat", negativePrompt: long, diffusion: { modelId: TINY } };
    const { promptChunks, config } = await settle(gpu, parts);
    const plan = await planRun(gpu, { ...await settle(gpu, parts), pictures: 1 });
    assert.equal(config.diffusion.promptChunks, true);
    assert(promptChunks! > 1);
    const paper = await settle(gpu, { ...parts, preset: "paper" });
    const { promptChunks: chunks, promptWeights: weights } = paper.config.diffusion;
    assert.deepEqual([paper.promptChunks, chunks, weights], [1, false, false]);
    const short = await planRun(gpu, { ...await settle(gpu, { ...parts, negativePrompt: "" }) });
    assert(plan.peakBytes > short.peakBytes);
  },
);

gpuTest(
  "the UNet has one row where neither guidance nor the choice of a strength asks for two",
  async (gpu) => {
    for (
      const { guidanceScale, guidanceEnd, scoreGuidance, rows, steps = 1, strength = 0, image } of [
        { guidanceScale: 1, scoreGuidance: 0, rows: 1 },
        { guidanceScale: 0, scoreGuidance: 0, rows: 1 },
        { guidanceScale: 1.5, scoreGuidance: 0, rows: 2 },
        { guidanceScale: 0, scoreGuidance: 3, rows: 2 },
        { guidanceScale: 0, scoreGuidance: 3, rows: 1, steps: 0 },
        { guidanceScale: 1, scoreGuidance: 0, rows: 1, strength: 0.4 },
        // One step does not end within half of the steps; an edit has guidance in all of its steps.
        { guidanceScale: 3, guidanceEnd: 0.5, scoreGuidance: 0, rows: 1 },
        { guidanceScale: 3, guidanceEnd: 0.5, scoreGuidance: 0, rows: 2, strength: 0.4 },
        { guidanceScale: 3, guidanceEnd: 1, scoreGuidance: 0, rows: 2 },
        // Only an edit of an input image is chosen.
        { guidanceScale: 1, scoreGuidance: 0, rows: 1, strength: null },
        { guidanceScale: 1, scoreGuidance: 0, rows: 2, strength: null, image: GRAY },
      ]
    ) {
      const shapes: (readonly number[])[] = [];
      const sessions: SessionLoader = {
        runtime: WASM_SESSIONS.runtime,
        gpu: WASM_SESSIONS.gpu,
        load: (graph, options) => {
          const sample = graph.inputs.find(({ name }) => name === "sample");
          if (sample) shapes.push(sample.shape);
          return WASM_SESSIONS.load(graph, options);
        },
      };
      const setup = await settle(gpu, {
        diffusion: {
          modelId: TINY,
          guidanceScale,
          strength,
          ...guidanceEnd && { guidanceEnd, numInferenceSteps: 1 },
        },
        training: { steps },
        sd: { imSize: 32, guidanceScale: scoreGuidance },
        controlnet: { useControlnet: false },
      }, image);
      await using owned = new AsyncDisposableStack();
      await loadNetworks(gpu, setup, { sessions, owned });
      assert.deepEqual(shapes.map(([batch]) => batch), [rows]);
    }
  },
);

Deno.test("the kind of a teacher follows from the key, the names, the vocabulary or the UNet", async () => {
  const kindOf = async (
    diffusion: Partial<Parameters<typeof findSamplingKind>[0]>,
    teacher = teacherOf(true),
  ) => {
    const asked = { fast: null, modelId: "own/model", loraPath: null, ...diffusion };
    return (await findSamplingKind(asked, teacher)).kind;
  };
  assert.equal(await kindOf({}), "sdxl");
  assert.equal(await kindOf({}, teacherOf(false)), "sd");
  assert.equal(await kindOf({}, teacherOf(true, ["vocabulary.json"])), "mini");
  assert.equal(await kindOf({ modelId: "mini" }), "mini");
  assert.equal(await kindOf({ modelId: "stabilityai/sdxl-turbo" }), "turbo");
  assert.equal(await kindOf({ modelId: "stabilityai/sdxl-turbo", fast: "none" }), "sdxl");
  assert.equal(await kindOf({ fast: "dmd2" }), "dmd2");
});

Deno.test("SD 1 and 2 take 30 steps at 7.5, few-step models 4 to 8 trailing ones at 1", () => {
  const config = resolveRunConfig({});
  const sd = settleConfig(config, { kind: "sd", source: "" }).diffusion;
  assert.deepEqual([sd.numInferenceSteps, sd.guidanceScale], [30, 7.5]);
  for (const kind of ["turbo", "lightning", "hyper", "lcm", "tcd", "dmd2"] as const) {
    const { diffusion } = settleConfig(config, { kind, source: "" });
    assert(diffusion.numInferenceSteps >= 4 && diffusion.numInferenceSteps <= 8);
    assert.deepEqual([diffusion.guidanceScale, diffusion.timestepSpacing], [1, "trailing"]);
  }
});

const MINI = { kind: "mini", source: "" } as const;

Deno.test("mini keeps the settings that it was tuned with, in each preset but paper", () => {
  for (const preset of ["draft", "standard", "max"] as const) {
    const { diffusion, sd } = settleConfig(resolveRunConfig({ preset }), MINI);
    assert.deepEqual(
      [diffusion.sampler, diffusion.numInferenceSteps, diffusion.guidanceScale, sd.guidanceScale],
      ["ddim", 6, 4, 10],
    );
    assert.equal(countGuidedSteps(diffusion), 4);
  }
  const own = settleConfig(resolveRunConfig({ preset: "paper" }), MINI).diffusion;
  assert.deepEqual([own.numInferenceSteps, own.timesteps, own.guidanceEnd], [50, null, 1]);
  const paper = resolveRunConfig({ preset: "paper" });
  const found = { kind: "lcm", source: "" } as const;
  assert.deepEqual(settleConfig(paper, found).sd, paper.sd);
});

Deno.test("keys of the user win, and are told apart; without keys of the kind nothing is told", () => {
  const found = { kind: "sdxl", source: "by its UNet" } as const;
  const use = { samples: true, edits: false };
  const config = resolveRunConfig({
    training: { steps: 1 },
    diffusion: { numInferenceSteps: 1, sampler: "ddim" },
  });
  assert.equal(settleConfig(config, found).diffusion.numInferenceSteps, 1);
  assert.equal(
    describeSampling(config, found, use),
    "Settings for SDXL (by its UNet): guidance 7, guidance of the score 10; " +
      "as configured: sampler ddim, 1 step",
  );
  assert.equal(
    describeSampling(config, found, { samples: false, edits: false }),
    "Settings for SDXL (by its UNet): guidance of the score 10",
  );
  const settled = settleConfig(config, found);
  assert.equal(describeSampling(settled, found, use), undefined);
});

Deno.test("timesteps of the config say the number of steps, and are told", () => {
  const found = { kind: "mini", source: "built in" } as const;
  const diffusion = { timesteps: [999, 700, 400], guidanceEnd: 0.7 };
  const config = resolveRunConfig({ diffusion });
  const settled = settleConfig(config, found).diffusion;
  assert.deepEqual([settled.timesteps, settled.numInferenceSteps], [[999, 700, 400], 3]);
  assert.equal(
    describeSampling(config, found, { samples: true, edits: false }),
    "Settings for the project's own teachers (built in): sampler ddim, guidance 4; as configured: " +
      "3 steps, timesteps 999 700 400, guidance in the first 2 steps",
  );
  const named = { kind: "lightning", source: "", steps: 2 } as const;
  assert.equal(settleConfig(config, named).diffusion.numInferenceSteps, 3);
  assert.throws(
    () => settleConfig(config, { kind: "sdxl", source: "" }),
    /"diffusion.timesteps": expected ~ or "diffusion.sampler" with another value.*dpmpp_2m_karras/,
  );
  const euler = resolveRunConfig({ diffusion: { ...diffusion, sampler: "euler" } });
  assert.equal(settleConfig(euler, { kind: "sdxl", source: "" }).diffusion.numInferenceSteps, 3);
});

Deno.test("a teacher's CLIP helps to rank the samples unless the config says otherwise", () => {
  const rankedBy = (
    diffusion: PartialConfig["diffusion"],
    hasClip: boolean,
    kind: SamplingKind = "sdxl",
  ) =>
    settleConfig(resolveRunConfig({ ...diffusion && { diffusion } }), {
      kind,
      source: "",
      hasClip,
    }).diffusion.choice;
  assert.deepEqual([rankedBy({}, true), rankedBy({}, false)], ["clip-and-evidence", "evidence"]);
  for (const choice of ["clip-and-evidence", "clip", "evidence", "error"] as const) {
    assert.deepEqual([rankedBy({ choice }, true), rankedBy({ choice }, false)], [choice, choice]);
    assert.equal(rankedBy({ choice, clipId: "a/b" }, false), "clip");
  }
  // A few-step model runs without the negative prompt, so it has no evidence.
  assert.deepEqual([rankedBy({}, true, "turbo"), rankedBy({}, false, "turbo")], [
    "clip",
    "evidence",
  ]);
  assert.equal(rankedBy({ choice: "clip-and-evidence" }, true, "turbo"), "clip");
  assert.equal(rankedBy({ guidanceScale: 1 }, true), "clip");
  const paper = resolveRunConfig({ preset: "paper" });
  const settled = settleConfig(paper, { kind: "mini", source: "", hasClip: true });
  assert.equal(settled.diffusion.choice, "error");
});

Deno.test("findSamplingKind() finds the teacher's CLIP", async () => {
  const asked = { fast: null, modelId: "own/model", loraPath: null } as const;
  const hasClip = async (index: Record<string, unknown>) => {
    const folder = memoryFolder({ "model_index.json": JSON.stringify(index) });
    return (await findSamplingKind(asked, { ...teacherOf(true), folder })).hasClip;
  };
  assert.equal(await hasClip({ clip: ["transformers", "CLIPModel"] }), true);
  assert.equal(await hasClip({ vae: ["diffusers", "AutoencoderKL"] }), false);
});
