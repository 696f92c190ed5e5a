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
  const denoiser = {
    rows: 2,
    latentSize: { height: 1, width: 1 },
    predictHost({ data }: { data: Float32Array }, timestep: number) {
      const noise = data.map((noisy) => noisy / Math.sqrt(1 - ALPHA));
      timesteps.push(timestep);
      return Promise.resolve(noise.map((n, i) => n * (i < COUNT ? negative : prompt)));
    },
  };
  const parts = { schedule: SCHEDULE, denoiser: denoiser as unknown as Denoiser };
  const candidates = [new Float32Array(COUNT)];
  const [found] = await scoreByDenoising(gpu, { parts, candidates }, { seed: 1 });
  return { score: found!, timesteps };
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
  const poor = await score(gpu, { prompt: 0.6, negative: 0.5 });

  assert.match(note, /^the evidence for the prompt: log\(error without it \/ error with it\)/);
  // Errors of 0.5 and 0.1 of each noise.
  assert(Math.abs(good.score - Math.log(0.5 ** 2 / 0.1 ** 2)) < 1e-3);

  assert.match(note, /at high noise;/);
  assert(good.timesteps.every((timestep) => timestep >= SCHEDULE.size / 2));

  assert.match(note, /without it means with the negative prompt/);
  const other = await score(gpu, { prompt: 0.9, negative: -7 });
  assert.notEqual(other.score, good.score);

  assert.match(note, /Higher is better/);
  assert(good.score > poor.score);
});

Deno.test("at 0 the prompt does not help, and formatScore() tells worse from better", async () => {
  using gpu = await Gpu.request();
  assert.match(await readScoreNote(), /at 0 the prompt does not help/);
  const equal = await score(gpu, { prompt: 0.5, negative: 0.5 });
  assert(Math.abs(equal.score) < 1e-4);
  const worse = await score(gpu, { prompt: -9, negative: 0 });
  const better = await score(gpu, { prompt: 0.9, negative: 0 });
  assert.match(formatScore(worse.score), /^-/);
  assert.match(formatScore(better.score), /^\+/);
});

Deno.test("the help says what scores compare, too", () => {
  const text = COMMANDS[0]!.notes.replaceAll("\n", " ");
  assert.match(
    text,
    /how much better the teacher predicts noise .* with the prompt than without it/,
  );
});
