import assert from "node:assert/strict";
import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { Denoiser } from "../../../lib/guidance/denoiser.ts";
import { sampleImages, type SampleOptions } from "../../../lib/guidance/sample_image.ts";
import type { Image } from "../../../lib/image/image.ts";
import { gpuTest } from "../../support/gpu_test.ts";
import { openTinyTeacher } from "./tiny_teacher.ts";
import { WASM_SESSIONS } from "../onnx/run_graph.ts";

const CONFIG = {
  sampler: "ddim",
  numInferenceSteps: 2,
  guidanceScale: 5,
  numReferences: 1,
} as const;

async function sample(
  gpu: Gpu,
  rows: 1 | 2,
  options: Partial<SampleOptions> = {},
): Promise<Image[]> {
  const parts = { sessions: WASM_SESSIONS, ...await openTinyTeacher(rows) };
  await using denoiser = await Denoiser.create(gpu, parts);
  const samples = await sampleImages(gpu, { ...parts, denoiser }, {
    config: CONFIG,
    seed: 0,
    ...options,
  });
  const { height, width } = denoiser.latentSize;
  for (const { latents } of samples) assert.equal(latents.length, 4 * height * width);
  return samples.map(({ image }) => image);
}

gpuTest(
  "sampleImages() samples different images of the teacher's size, and calls onStep()",
  async (gpu) => {
    const steps: string[] = [];
    const images = await sample(gpu, 2, {
      config: { ...CONFIG, numReferences: 2 },
      onStep: (step, all) => steps.push(`${step}/${all}`),
    });
    assert.deepEqual(images.map(({ height, width }) => [height, width]), [[128, 128], [128, 128]]);
    assert.notDeepEqual(images[0]!.data, images[1]!.data);
    assert.equal(images[0]!.isTransparent(), false);
    assert(new Set(images[0]!.data).size > 16);
    assert.deepEqual(steps, ["1/4", "2/4", "3/4", "4/4"]);
  },
);

for (const sampler of ["ddim", "euler", "dpmpp_2m_karras", "lcm", "tcd"] as const) {
  gpuTest(`sampleImages() depends on the seed alone, with ${sampler}`, async (gpu) => {
    const config = { ...CONFIG, sampler };
    const [first] = await sample(gpu, 2, { config });
    const [again] = await sample(gpu, 2, { config });
    const [other] = await sample(gpu, 2, { config, seed: 1 });
    assert.deepEqual(again!.data, first!.data);
    assert.notDeepEqual(other!.data, first!.data);
  });
}

gpuTest(
  "sampleImages() with a guidance scale of 1 or less equals the prompt alone",
  async (gpu) => {
    const config = { ...CONFIG, guidanceScale: 1 };
    const [guided] = await sample(gpu, 2, { config });
    const [zero] = await sample(gpu, 2, { config: { ...CONFIG, guidanceScale: 0 } });
    assert.deepEqual(zero!.data, guided!.data);
    const [alone] = await sample(gpu, 1, { config });
    const [strong] = await sample(gpu, 2, { config: { ...CONFIG, guidanceScale: 9 } });
    const distance = (a: Image, b: Image) =>
      Math.max(...a.data.map((value, i) => Math.abs(value - b.data[i]!)));
    assert(distance(guided!, alone!) <= 1);
    assert(distance(strong!, alone!) > 1);
  },
);

gpuTest("sampleImages() is canceled between two steps", async (gpu) => {
  const stop = new AbortController();
  const onStep = () => stop.abort(new Error("enough"));
  await assert.rejects(sample(gpu, 2, { onStep, signal: stop.signal }), /enough/);
});
