import assert from "node:assert/strict";
import { chooseStrength, promptEvidence } from "../../../lib/distill/choose_strength.ts";
import type { Denoiser } from "../../../lib/guidance/denoiser.ts";
import type { NoiseSchedule } from "../../../lib/guidance/noise_schedule.ts";
import { Image } from "../../../lib/image/image.ts";
import { gpuTest } from "../../support/gpu_test.ts";

const COUNT = 24;
const ALPHA = 0.25;
const SCHEDULE = { size: 1001, alphaAt: () => ALPHA } as unknown as NoiseSchedule;
const SIZE = { height: 8, width: 8 };

/** A white square of a size on black, perhaps with one more white pixel. */
function square(side: number, hasDot = false): Image {
  const indices = Uint32Array.from({ length: 64 }, (_, i) => {
    const [y, x] = [Math.floor(i / 8), i % 8];
    return (x < side && y < side) || (hasDot && x === 6 && y === 6) ? 1 : 0;
  });
  return Image.fromIndices(SIZE, indices, Uint8Array.of(0, 0, 0, 255, 255, 255));
}

/** A candidate with the errors of the teacher without the prompt and with it. */
interface Case {
  readonly strength: number;
  readonly picture: Image;
  readonly without: number;
  readonly with: number;
}

/** Chooses with a teacher whose errors are those of the cases; the latents say which case it is. */
async function choose(
  gpu: Parameters<typeof chooseStrength>[0],
  cases: readonly Case[],
  importance?: Float64Array,
) {
  let calls = 0;
  const denoiser = {
    rows: 2,
    latentSize: { height: 2, width: 3 },
    predictHost({ data }: { data: Float32Array }) {
      // Candidates are asked in turn, at each time.
      const index = calls++ % cases.length;
      const value = index;
      const noise = data.map((noisy) => (noisy - Math.sqrt(ALPHA) * value) / Math.sqrt(1 - ALPHA));
      const errors = [cases[index]!.without, cases[index]!.with];
      return Promise.resolve(noise.map((x, i) => x + Math.sqrt(errors[Math.floor(i / COUNT)]!)));
    },
  } as unknown as Denoiser;
  const candidates = cases.map(({ strength, picture }, i) => ({
    strength,
    picture,
    latents: new Float32Array(COUNT).fill(i),
  }));
  const parts = { schedule: SCHEDULE, denoiser };
  const choice = await chooseStrength(gpu, candidates, { parts, seed: 1, importance });
  assert.equal(choice.teacherCalls, calls);
  return choice;
}

const FIRST: Case = { strength: 0, picture: square(4), without: 0.1, with: 0.1 };

Deno.test("promptEvidence() is the mean of log(error without the prompt / with it)", () => {
  const evidence = promptEvidence([[0.2, 0.1], [0.1, 0.2], [0.4, 0.1]]);
  assert(Math.abs(evidence - Math.log(4) / 3) < 1e-12);
});

gpuTest("an edit that shows more of the prompt is chosen", async (gpu) => {
  const choice = await choose(gpu, [
    FIRST,
    { strength: 0.2, picture: square(4), without: 0.1, with: 0.08 },
    { strength: 0.4, picture: square(4, true), without: 0.1, with: 0.02 },
  ]);
  assert.equal(choice.index, 2);
  assert.match(
    choice.note,
    /^Strength 0\.4 of 0, 0\.2, 0\.4: the edit gains 1\.61 .* loses 0\.\d\d/,
  );
});

gpuTest("an edit that is only simpler, with and without the prompt, is not chosen", async (gpu) => {
  const choice = await choose(gpu, [
    FIRST,
    { strength: 0.3, picture: square(4, true), without: 0.01, with: 0.01 },
  ]);
  assert.equal(choice.index, 0);
  assert.match(choice.note, /^Strength 0 of 0, 0\.3, the picture as it is: /);
});

gpuTest("an edit that changes more colors than it gains evidence is not chosen", async (gpu) => {
  // The same edges, in other colors: 0.22 of evidence against 2 * 0.25 of the colors.
  const inverted = square(4);
  inverted.data.forEach((value, i) => i % 4 === 3 || (inverted.data[i] = value > 0 ? 255 : 64));
  const cases = (withPrompt: number) => [
    FIRST,
    { strength: 0.3, picture: inverted, without: 0.1, with: withPrompt },
  ];
  assert.equal((await choose(gpu, cases(0.08))).index, 0);
  assert.equal((await choose(gpu, cases(0.01))).index, 1);
});

gpuTest("what an edit changes where nothing is important is no loss", async (gpu) => {
  const cases = [
    FIRST,
    // 0.05 of evidence against some 0.1 of edges and colors.
    { strength: 0.3, picture: square(4, true), without: 0.1, with: 0.095 },
  ];
  const upper = Float64Array.from({ length: 64 }, (_, i) => i < 32 ? 1 : 1e-3);
  assert.equal((await choose(gpu, cases)).index, 0);
  assert.equal((await choose(gpu, cases, upper)).index, 1);
});

gpuTest("an edit that loses the edges is not chosen, whatever the teacher says", async (gpu) => {
  const choice = await choose(gpu, [
    FIRST,
    { strength: 0.3, picture: square(0), without: 0.1, with: 1e-6 },
  ]);
  assert.equal(choice.index, 0);
});

gpuTest("a teacher whose predictions are not finite keeps the picture", async (gpu) => {
  const choice = await choose(gpu, [
    FIRST,
    { strength: 0.3, picture: square(4), without: NaN, with: NaN },
  ]);
  assert.equal(choice.index, 0);
});
