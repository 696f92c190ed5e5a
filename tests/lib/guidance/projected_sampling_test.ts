import assert from "node:assert/strict";
import { NoiseSchedule } from "../../../lib/guidance/noise_schedule.ts";
import {
  constraintWeight,
  type EditState,
  editStep,
  editTimesteps,
  type ImageCodec,
  type PictureConstraint,
  startEdit,
} from "../../../lib/guidance/projected_sampling.ts";
import type { PredictNoise } from "../../../lib/guidance/samplers.ts";
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
function teacherOf(target: Float32Array, schedule = SCHEDULE): PredictNoise {
  return (latents, timestep) => {
    const alpha = schedule.alphaAt(timestep);
    return Promise.resolve(
      latents.map((x, i) => (x - Math.sqrt(alpha) * target[i]!) / Math.sqrt(1 - alpha)),
    );
  };
}

const TARGET = Float32Array.from({ length: 12 }, (_, i) => (i % 5) / 4 - 0.6);
const START = Image.filled(SIZE, [191, 191, 191]);
const NOISE = Float32Array.from({ length: 12 }, (_, i) => Math.sin(3 * i));
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

const keep = { project: (image: Image) => image, render: (picture: Image) => picture };
/** Black or white, by the value of each channel. */
const blackOrWhite = {
  project: (image: Image) =>
    new Image(SIZE, image.data.map((value, i) => i % 4 === 3 || value > 127 ? 255 : 0)),
  render: (picture: Image) => picture,
};

/** Makes all steps of an edit, and returns its states. */
async function edit(
  constraint: PictureConstraint,
  strength: number,
  schedule = SCHEDULE,
): Promise<EditState[]> {
  const networks = { predict: teacherOf(TARGET, schedule), codec: CODEC, constraint, schedule };
  const timesteps = editTimesteps({ schedule, steps: 8, strength });
  const states = [await startEdit(START, NOISE, networks, timesteps)];
  for (const index of timesteps.keys()) {
    states.push(await editStep(states.at(-1)!, networks, timesteps, index));
  }
  return states;
}

Deno.test("an edit starts from the picture with the noise of its first timestep", async () => {
  const [{ latents, picture }] = await edit(keep, 0.5) as [EditState];
  const alpha = SCHEDULE.alphaAt(499);
  const clean = await CODEC.encode(START);
  const expected = clean.map((x, i) => Math.sqrt(alpha) * x + Math.sqrt(1 - alpha) * NOISE[i]!);
  assert.equal(picture, START);
  assertAllClose(latents, expected, { atol: 1e-6 });
});

Deno.test("an edit without a constraint is DDIM: it ends where the teacher sees", async () => {
  const { latents, picture } = (await edit(keep, 1)).at(-1)!;
  assertAllClose(latents, TARGET, { atol: 1e-5 }); // eight float32 steps
  assertAllClose(await CODEC.encode(picture), TARGET, { atol: 1 / 127 }); // 8 bits
});

Deno.test("an edit ends on the constraint, nearest to what the teacher sees", async () => {
  const states = await edit(blackOrWhite, 0.5);
  const wanted = TARGET.map((value) => value > 0 ? 1 : -1);
  assertAllClose(await CODEC.encode(states.at(-1)!.picture), wanted, { atol: 1e-6 });
  // The first step has no weight, so its picture is still the start; the others obey.
  assert.equal(states[1]!.picture, START);
  for (const { picture } of states.slice(2)) {
    assert.deepEqual(blackOrWhite.project(picture).data, picture.data);
  }
});

Deno.test("an edit starts at pure noise without losing the image", async () => {
  const schedule = new NoiseSchedule({
    ...TRAINING,
    rescaleBetasZeroSnr: true,
    sampling: { ...TRAINING.sampling, clipRange: undefined },
  });
  assert.equal(schedule.alphasCumprod[999], 0);
  const { picture } = (await edit(blackOrWhite, 1, schedule)).at(-1)!;
  const wanted = TARGET.map((value) => value > 0 ? 1 : -1);
  assertAllClose(await CODEC.encode(picture), wanted, { atol: 1e-6 });
});

Deno.test("the constraint moves latents by its weight", async () => {
  const states = await edit(blackOrWhite, 0.5);
  const timesteps = editTimesteps({ schedule: SCHEDULE, steps: 8, strength: 0.5 });
  assert.equal(timesteps.length, 4);
  // The second of four steps has a weight of one third.
  const [alpha, next] = [timesteps[1]!, timesteps[2]!].map((t) => SCHEDULE.alphaAt(t)) as [
    number,
    number,
  ];
  const clean = TARGET.map((x) => x + (Math.sign(x) - Math.round(127.5 * (x + 1)) / 127.5 + 1) / 3);
  const expected = states[1]!.latents.map((x, i) =>
    Math.sqrt(next) * clean[i]! +
    Math.sqrt(1 - next) * (x - Math.sqrt(alpha) * clean[i]!) / Math.sqrt(1 - alpha)
  );
  assertAllClose(states[2]!.latents, expected, { atol: 0.01 }); // the codec rounds to 8 bits
});
