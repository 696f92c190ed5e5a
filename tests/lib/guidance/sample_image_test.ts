import assert from "node:assert/strict";
import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { drawNormal } from "../../../kernels/random/philox.ts";
import { RANDOM_STREAMS } from "../../../kernels/random/streams.ts";
import { Denoiser } from "../../../lib/guidance/denoiser.ts";
import { countSampleCalls } from "../../../lib/guidance/sample_calls.ts";
import { guide, sampleImages, type SampleOptions } from "../../../lib/guidance/sample_image.ts";
import { sampleDdim } from "../../../lib/guidance/samplers.ts";
import type { Image } from "../../../lib/image/image.ts";
import { gpuTest } from "../../support/gpu_test.ts";
import { openTinyTeacher, relativeError } from "./tiny_teacher.ts";
import { WASM_SESSIONS } from "../onnx/run_graph.ts";

const CONFIG = {
  sampler: "ddim",
  numInferenceSteps: 2,
  timesteps: null,
  guidanceScale: 5,
  guidanceEnd: 1,
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
  "sampleImages() samples different images of the teacher's size, and calls onCall()",
  async (gpu) => {
    const steps: string[] = [];
    const images = await sample(gpu, 2, {
      config: { ...CONFIG, numReferences: 2 },
      onCall: (step, all) => steps.push(`${step}/${all}`),
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
  const onCall = () => stop.abort(new Error("enough"));
  for (const guidanceEnd of [1, 0.5]) {
    const config = { ...CONFIG, guidanceEnd, numReferences: 2 };
    const { signal } = stop;
    await assert.rejects(sample(gpu, 2, { config, onCall, signal }), /enough/);
  }
});

gpuTest(
  "without guidance in the last steps, each run of the network serves two images",
  async (gpu) => {
    const config = {
      ...CONFIG,
      numInferenceSteps: 4,
      timesteps: [999, 841, 659, 435],
      guidanceEnd: 0.75,
      numReferences: 3,
    };
    const parts = { sessions: WASM_SESSIONS, ...await openTinyTeacher(2) };
    await using denoiser = await Denoiser.create(gpu, parts);
    let runs = 0;
    const counting = new Proxy(denoiser, {
      get: (target, name) => {
        const value = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        if (String(name).startsWith("predict")) runs++;
        return value.bind(target);
      },
    });
    const calls: string[] = [];
    const samples = await sampleImages(gpu, { ...parts, denoiser: counting }, {
      config,
      seed: 7,
      onCall: (call, all) => calls.push(`${call}/${all}`),
    });
    // Nine with guidance, one for two images, one for the last one.
    assert.equal(countSampleCalls(config), 11);
    assert.deepEqual(calls, Array.from({ length: 11 }, (_, i) => `${i + 1}/11`));
    assert.equal(runs, 11);

    // One image after the other, by a network of one row in the last step.
    const alone = { sessions: WASM_SESSIONS, ...await openTinyTeacher(1) };
    await using single = await Denoiser.create(gpu, alone);
    const { height, width } = denoiser.latentSize;
    const shape = [1, 4, height, width];
    const [guided, prompt] = [guide(denoiser, shape, 5), guide(single, shape, 1)];
    for (const [step, { latents }] of samples.entries()) {
      const noise = await drawNormal(gpu, shape, { seed: 7, stream: RANDOM_STREAMS.sample, step });
      const expected = await sampleDdim(
        noise,
        (x, t) => (t === 435 ? prompt : guided)(x, t),
        { schedule: parts.schedule, steps: 4, timesteps: config.timesteps },
      );
      const error = relativeError(latents, expected);
      assert(error < 1e-4, `relative error ${error}`); // other batch size, other order of sums
    }
  },
);

Deno.test("countSampleCalls() counts runs, not images, where images share them", () => {
  const config = { ...CONFIG, numInferenceSteps: 4, guidanceEnd: 0.75 };
  const count = (part: Partial<typeof config> & { guidanceScale?: number }) =>
    countSampleCalls({ ...config, ...part } as typeof config);
  assert.deepEqual([1, 2, 6].map((numReferences) => count({ numReferences } as never)), [4, 7, 21]);
  // Guidance in all steps, or in none: each image has its own runs.
  for (const part of [{ guidanceEnd: 1 }, { guidanceEnd: 0.1 }, { guidanceScale: 1 }]) {
    assert.equal(count({ ...part, numReferences: 2 } as never), 8);
  }
});
