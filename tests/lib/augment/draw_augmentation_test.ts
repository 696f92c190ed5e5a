import assert from "node:assert/strict";
import type { AugmentationConfig } from "../../../config/run_config.ts";
import { drawAugmentation } from "../../../lib/augment/draw_augmentation.ts";

const CONFIG: AugmentationConfig = {
  grayscaleProb: 0.2,
  hflipProb: 0.5,
  distorsionProb: 0.5,
  distorsionScale: 0.3,
  randomTau: true,
  randomTauMin: 0.5,
  randomTauMax: 1.5,
};
const OPTIONS = { seed: 3, step: 1, size: { height: 31, width: 64 }, tau: 0.9 };
const STEPS = 2000;

function drawMany(config: AugmentationConfig, seed = 3) {
  return Array.from(
    { length: STEPS },
    (_, i) => drawAugmentation(config, { ...OPTIONS, seed, step: i + 1 }),
  );
}

Deno.test("drawAugmentation() depends on seed and step only", () => {
  assert.deepEqual(drawMany(CONFIG), drawMany(CONFIG));
  assert.deepEqual(
    drawAugmentation(CONFIG, { ...OPTIONS, step: 1234 }),
    drawMany(CONFIG)[1233],
  );
  assert.notDeepEqual(drawMany(CONFIG), drawMany(CONFIG, 4));
});

Deno.test("drawAugmentation() draws each transform with its probability", () => {
  const drawn = drawMany(CONFIG);
  const share = (is: (augmentation: typeof drawn[number]) => boolean) =>
    drawn.filter(is).length / STEPS;
  // Four standard deviations of 2000 draws are at most 0.045.
  assert(Math.abs(share(({ grayscale }) => grayscale) - 0.2) < 0.045);
  assert(Math.abs(share(({ hflip }) => hflip) - 0.5) < 0.045);
  assert(Math.abs(share(({ perspective }) => perspective !== null) - 0.5) < 0.045);
  const both = share(({ hflip, perspective }) => hflip && perspective !== null);
  assert(Math.abs(both - 0.25) < 0.045, "changes are independent");
  const taus = drawn.map(({ tau }) => tau);
  assert(taus.every((tau) => tau >= 0.5 && tau <= 1.5));
  assert(Math.abs(taus.reduce((sum, tau) => sum + tau, 0) / STEPS - 1) < 0.03);
});

Deno.test("drawAugmentation() follows probabilities 0 and 1", () => {
  const never = { ...CONFIG, grayscaleProb: 0, hflipProb: 0, distorsionProb: 0, randomTau: false };
  const always = { ...CONFIG, grayscaleProb: 1, hflipProb: 1, distorsionProb: 1 };
  for (const augmentation of drawMany(never)) {
    assert.deepEqual(augmentation, { tau: 0.9, grayscale: false, perspective: null, hflip: false });
  }
  for (const { grayscale, hflip, perspective } of drawMany(always)) {
    assert(grayscale && hflip && perspective);
  }
});

Deno.test("drawAugmentation() draws each transform independently of the others", () => {
  const without = drawMany({ ...CONFIG, grayscaleProb: 0, randomTau: false });
  const corners = ({ perspective, hflip }: typeof without[number]) => ({ perspective, hflip });
  assert.deepEqual(without.map(corners), drawMany(CONFIG).map(corners));
});

Deno.test("drawAugmentation() moves corners inward as RandomPerspective does", () => {
  // torchvision: from 0 to int(0.3 * (64 // 2)) = 9 pixels across, int(0.3 * (31 // 2)) = 4 down.
  const moves = drawMany({ ...CONFIG, distorsionProb: 1 }).map(({ perspective }) => {
    assert.deepEqual(perspective!.startpoints, [[0, 0], [63, 0], [63, 30], [0, 30]]);
    const [[x0, y0], [x1, y1], [x2, y2], [x3, y3]] = perspective!.endpoints as [
      [number, number],
      [number, number],
      [number, number],
      [number, number],
    ];
    return { across: [x0, 63 - x1, 63 - x2, x3], down: [y0, y1, 30 - y2, 30 - y3] };
  });
  for (let corner = 0; corner < 4; corner++) {
    const across = new Set(moves.map((move) => move.across[corner]!));
    const down = new Set(moves.map((move) => move.down[corner]!));
    assert.deepEqual([...across].sort((a, b) => a - b), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert.deepEqual([...down].sort((a, b) => a - b), [0, 1, 2, 3, 4]);
  }
});

Deno.test("drawAugmentation() draws no perspective that is not convex", () => {
  const drawn = drawMany({ ...CONFIG, distorsionProb: 1, distorsionScale: 1 });
  const folded = drawn.filter(({ perspective }) => perspective === null);
  assert(folded.length > 0 && folded.length < STEPS / 2, `${folded.length} would fold`);
  for (const { perspective } of drawn) {
    const points = perspective?.endpoints ?? [];
    for (const [i, [x, y]] of points.entries()) {
      const [x1, y1] = points[(i + 1) % 4]!;
      const [x2, y2] = points[(i + 2) % 4]!;
      assert((x1 - x) * (y2 - y1) > (y1 - y) * (x2 - x1));
    }
  }
});

Deno.test("drawAugmentation() rolls a tile along its axes, and changes nothing else", () => {
  const drawn = drawMany(CONFIG);
  for (const tile of ["x", "y", "xy"] as const) {
    const shifts = drawn.map((plain, i) => {
      const { shift, ...others } = drawAugmentation(CONFIG, { ...OPTIONS, step: i + 1, tile });
      assert.deepEqual(others, plain);
      return shift!;
    });
    for (const [axis, length] of [["y", 31], ["x", 64]] as const) {
      const values = shifts.map((shift) => shift[axis]);
      const isRolled = tile.includes(axis);
      assert.deepEqual(
        [Math.min(...values), Math.max(...values)],
        [0, isRolled ? length - 1 : 0],
      );
      assert.equal(new Set(values).size, isRolled ? length : 1);
    }
  }
});
