import assert from "node:assert/strict";
import { COMMANDS } from "../lib/cli/flags/command_table.ts";
import { scoreByDenoising } from "../lib/guidance/choose_by_denoising.ts";
import type { Denoiser } from "../lib/guidance/denoiser.ts";
import type { NoiseSchedule } from "../lib/guidance/noise_schedule.ts";
import { writePictureIndex } from "../lib/outputs/picture_index.ts";
import { formatScore } from "../lib/text/format_score.ts";
import { Gpu } from "../kernels/gpu/gpu.ts";
import { inTemporaryFolder } from "./support/temporary_folder.ts";

const COUNT = 4;
const ALPHA = 0.25;
const SCHEDULE = { size: 1001, alphaAt: () => ALPHA } as unknown as NoiseSchedule;

/** What a teacher predicts, of the noise in latents of 0. */
interface Prediction {
  /** With the prompt: the noise times this. */
  readonly prompt: number;
  /** With the negative prompt: the noise times this. */
  readonly negative: number;
}

/** Scores an image by a teacher, and tells at which timesteps the teacher is called. */
async function score(gpu: Gpu, { prompt, negative }: Prediction) {
  const timesteps: number[] = [];
  const errors: number[] = [];
  const denoiser = {
    rows: 2,
    latentSize: { height: 1, width: 1 },
    predictHost({ data }: { data: Float32Array }, timestep: number) {
      const noise = data.map((noisy) => noisy / Math.sqrt(1 - ALPHA));
      timesteps.push(timestep);
      errors.push(noise.slice(COUNT).reduce((sum, n) => sum + ((prompt - 1) * n) ** 2, 0) / COUNT);
      return Promise.resolve(noise.map((n, i) => n * (i < COUNT ? negative : prompt)));
    },
  };
  const parts = { schedule: SCHEDULE, denoiser: denoiser as unknown as Denoiser };
  const candidates = [new Float32Array(COUNT)];
  const [found] = await scoreByDenoising(gpu, { parts, candidates }, { seed: 1 });
  return { score: found!, timesteps, errors };
}

/** Reads what index.json says about its scores. */
async function readScoreNote(): Promise<string> {
  let note = "";
  await inTemporaryFolder(async (folder) => {
    const { index } = await writePictureIndex(folder, [], []);
    note = JSON.parse(await Deno.readTextFile(index)).score;
  });
  return note;
}

Deno.test("the note of index.json describes the score that is computed", async () => {
  using gpu = await Gpu.request();
  const note = await readScoreNote();
  const good = await score(gpu, { prompt: 0.9, negative: 0.5 });
  const poor = await score(gpu, { prompt: 0.5, negative: 0.5 });

  assert.match(note, /^-log of the mean squared error of the noise that the teacher predicts/);
  const logs = good.errors.map((error) => -Math.log(error));
  assert(Math.abs(good.score - logs.reduce((a, b) => a + b) / logs.length) < 1e-4);

  assert.match(note, /with the prompt, at high noise;/);
  assert(good.timesteps.every((timestep) => timestep >= SCHEDULE.size / 2));

  assert.match(note, /the negative prompt is not used/);
  const other = await score(gpu, { prompt: 0.9, negative: -7 });
  assert.equal(other.score, good.score);

  assert.match(note, /Higher is better/);
  assert(good.score > poor.score);
});

Deno.test("0 is about the score of predicting no noise, and formatScore() tells worse from better", async () => {
  using gpu = await Gpu.request();
  assert.match(await readScoreNote(), /0 is the error of predicting no noise at all/);
  // The noise has variance 1; that of these few values is near to it.
  const none = await score(gpu, { prompt: 0, negative: 0 });
  const mean = none.errors.map(Math.log).reduce((a, b) => a - b, 0) / none.errors.length;
  assert(Math.abs(none.score - mean) < 1e-4);
  const worse = await score(gpu, { prompt: -9, negative: 0 });
  const better = await score(gpu, { prompt: 0.9, negative: 0 });
  assert.match(formatScore(worse.score), /^-/);
  assert.match(formatScore(better.score), /^\+/);
});

Deno.test("no text about scores gives the negative prompt a role", async () => {
  for (const text of [await readScoreNote(), COMMANDS[0]!.notes]) {
    const sentences = text.replaceAll("\n", " ").split(/[.;]/)
      .filter((sentence) => /negative prompt/.test(sentence) && !/not used/.test(sentence));
    assert.deepEqual(sentences, []);
    assert.match(text.replaceAll("\n", " "), /predicts.*(with|given) the prompt/);
  }
});
