import assert from "node:assert/strict";
import { NoiseSchedule } from "../../../lib/guidance/noise_schedule.ts";
import {
  constraintWeight,
  editTimesteps,
  type ImageCodec,
  type ProjectedSamplingParts,
  sampleProjected,
} from "../../../lib/guidance/projected_sampling.ts";
import type { SchedulerConfig } from "../../../lib/guidance/scheduler_config.ts";
import { Image } from "../../../lib/image/image.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";

const SIZE = { height: 2, width: 2 };

const TRAINING: SchedulerConfig = {
  numTrainTimesteps: 1000,
  betaStart: 0.00085,
  betaEnd: 0.012,
  betaSchedule: "scaled_linear",
  rescaleBetasZeroSnr: false,
  predictionType: "epsilon",
  sampling: {
    timestepSpacing: "trailing",
    stepsOffset: 0,
    setAlphaToOne: true,
    clipRange: 4,
    useClippedModelOutput: false,
  },
};
const SCHEDULE = new NoiseSchedule(TRAINING);

/** Latents are the values of the image, moved and scaled: an autoencoder without loss. */
const CODEC: ImageCodec = {
  encode: (image) => Promise.resolve(image.toFloats().map((value) => 2 * value - 1)),
  decode: (latents) =>
    Promise.resolve(Image.fromFloats(SIZE, latents.map((value) => (value + 1) / 2))),
};

/** A teacher that sees one image behind all noise. */
function teacherOf(
  target: Float32Array,
  schedule = SCHEDULE,
): ProjectedSamplingParts["predict"] {
  return (latents, timestep) => {
    const alpha = schedule.alphaAt(timestep);
    return Promise.resolve(
      latents.map((x, i) => (x - Math.sqrt(alpha) * target[i]!) / Math.sqrt(1 - alpha)),
    );
  };
}

const TARGET = Float32Array.from({ length: 12 }, (_, i) => (i % 5) / 4 - 0.6);
const START = new Float32Array(12).fill(0.5);
const NOISE = Float32Array.from({ length: 12 }, (_, i) => Math.sin(3 * i));
const keep = (image: Image) => image;
/** Black or white, by the value of each channel. */
const blackOrWhite = (image: Image) =>
  new Image(SIZE, image.data.map((value, i) => i % 4 === 3 || value > 127 ? 255 : 0));

Deno.test("editTimesteps() are those of a whole sample below the strength", () => {
  const at = (strength: number) => editTimesteps({ schedule: SCHEDULE, steps: 10, strength });
  assert.deepEqual(at(1), [999, 899, 799, 699, 599, 499, 399, 299, 199, 99]);
  assert.deepEqual(at(0.4), [399, 299, 199, 99]);
  assert.deepEqual(at(0), []);
});

Deno.test("the weight of the constraint rises from 0 to 1", () => {
  assert.deepEqual([0, 1, 2].map((i) => constraintWeight(i, 3)), [0, 0.5, 1]);
  assert.equal(constraintWeight(0, 1), 1);
});

Deno.test("sampleProjected() without a constraint is DDIM: it ends where the teacher sees", async () => {
  const parts = { predict: teacherOf(TARGET), codec: CODEC, project: keep };
  const end = await sampleProjected(START, NOISE, parts, {
    schedule: SCHEDULE,
    steps: 8,
    strength: 1,
  });
  assertAllClose(end, TARGET, { atol: 1e-5 }); // eight float32 steps
});

Deno.test("sampleProjected() ends on the constraint, nearest to what the teacher sees", async () => {
  const parts = { predict: teacherOf(TARGET), codec: CODEC, project: blackOrWhite };
  const end = await sampleProjected(START, NOISE, parts, {
    schedule: SCHEDULE,
    steps: 8,
    strength: 0.5,
  });
  const wanted = TARGET.map((value) => value > 0 ? 1 : -1);
  assertAllClose(end, wanted, { atol: 1 / 127 }); // the codec rounds to 8 bits
});

Deno.test("sampleProjected() starts at pure noise without losing the image", async () => {
  const schedule = new NoiseSchedule({
    ...TRAINING,
    rescaleBetasZeroSnr: true,
    sampling: { ...TRAINING.sampling, clipRange: undefined },
  });
  assert.equal(schedule.alphasCumprod[999], 0);
  const parts = { predict: teacherOf(TARGET, schedule), codec: CODEC, project: blackOrWhite };
  const end = await sampleProjected(START, NOISE, parts, { schedule, steps: 8, strength: 1 });
  assertAllClose(end, TARGET.map((value) => value > 0 ? 1 : -1), { atol: 1 / 127 });
});

Deno.test("sampleProjected() of strength 0 changes nothing and asks no teacher", async () => {
  const predict = () => Promise.reject(new Error("asked"));
  const parts = { predict, codec: CODEC, project: blackOrWhite };
  const end = await sampleProjected(START, NOISE, parts, {
    schedule: SCHEDULE,
    steps: 8,
    strength: 0,
  });
  assert.deepEqual(end, START);
});

Deno.test("sampleProjected() tells each step and stops between two", async () => {
  const parts = { predict: teacherOf(TARGET), codec: CODEC, project: keep };
  const aborter = new AbortController();
  const told: string[] = [];
  await assert.rejects(
    sampleProjected(START, NOISE, parts, {
      schedule: SCHEDULE,
      steps: 8,
      strength: 1,
      signal: aborter.signal,
      onStep: (step, steps) => {
        told.push(`${step}/${steps}`);
        if (step === 2) aborter.abort(new Error("stopped"));
      },
    }),
    /stopped/,
  );
  assert.deepEqual(told, ["1/8", "2/8"]);
});
