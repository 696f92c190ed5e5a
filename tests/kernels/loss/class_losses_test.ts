import assert from "node:assert/strict";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { LoosePartsLoss } from "../../../kernels/loss/loose_parts.ts";
import { OrphanLoss } from "../../../kernels/loss/orphans.ts";
import { PottsLoss } from "../../../kernels/loss/potts.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
import { gpuTest } from "../../support/gpu_test.ts";
import { numericalGradient } from "../../support/numerical_gradient.ts";
import { certainProbs, noiseProbs, runClassLoss } from "../../support/run_class_loss.ts";

/** Gradients of means are small: about 1e-3. */
const SMALL = { atol: 1e-7, rtol: 1e-5 };
const SIZES = [[2, 2, 2], [4, 5, 3], [7, 3, 4]] as const;

type Probs = ArrayLike<number>;
type Size = { readonly height: number; readonly width: number; readonly classes: number };

/** The probability that two pixels have one class; 0 if one is outside. */
function probAt(probs: Probs, { height, width, classes }: Size, y: number, x: number, k: number) {
  if (y < 0 || y >= height || x < 0 || x >= width) return 0;
  return probs[(y * width + x) * classes + k]!;
}

/** Mean over pairs side by side, plus a weight times the mean over pairs above each other. */
function pottsOracle(probs: Probs, size: Size, down: number): number {
  const { height, width, classes } = size;
  const meanOfPairs = (dy: number, dx: number) => {
    let [sum, count] = [0, 0];
    for (let y = 0; y + dy < height; y++) {
      for (let x = 0; x + dx < width; x++) {
        let same = 0;
        for (let k = 0; k < classes; k++) {
          same += probAt(probs, size, y, x, k) * probAt(probs, size, y + dy, x + dx, k);
        }
        sum += 1 - same;
        count++;
      }
    }
    return sum / count;
  };
  return meanOfPairs(0, 1) + down * meanOfPairs(1, 0);
}

function orphanOracle(probs: Probs, size: Size, counted: number): number {
  const { height, width } = size;
  let sum = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let k = 0; k < counted; k++) {
        const others = [[y - 1, x], [y + 1, x], [y, x - 1], [y, x + 1]] as const;
        sum += others.reduce(
          (product, [row, column]) => product * (1 - probAt(probs, size, row, column, k)),
          probAt(probs, size, y, x, k),
        );
      }
    }
  }
  return sum / (height * width);
}

/** Patterns as texts: x is opaque, . is transparent, a blank is anything. */
const PATTERNS = [" . /.x./ . ", " . /xxx/ . ", " x /.x./ x ", "x./.x", ".x/x."];

function looseOracle(probs: Probs, size: Size): number {
  const { height, width, classes } = size;
  const opaque = (y: number, x: number) => {
    const isInside = y >= 0 && y < height && x >= 0 && x < width;
    return isInside ? 1 - probAt(probs, size, y, x, classes - 1) : 0;
  };
  let sum = 0;
  for (const pattern of PATTERNS) {
    const rows = pattern.split("/");
    for (let y = -2; y <= height; y++) {
      for (let x = -2; x <= width; x++) {
        let product = 1;
        rows.forEach((row, dy) =>
          [...row].forEach((letter, dx) => {
            if (letter === "x") product *= opaque(y + dy, x + dx);
            if (letter === ".") product *= 1 - opaque(y + dy, x + dx);
          })
        );
        sum += product;
      }
    }
  }
  return sum / (height * width);
}

for (const [height, width, classes] of SIZES) {
  const size = { height, width, classes };
  const name = `${height} x ${width} pixels, ${classes} classes`;
  const probs = noiseProbs(height, width, classes);

  gpuTest(`PottsLoss and its gradient equal the oracle: ${name}`, async (gpu) => {
    using potts = PottsLoss.create(gpu, { ...size, down: 0.4 });
    const { loss, gradient } = await runClassLoss(gpu, potts, probs);
    const expected = (values: Probs) => pottsOracle(values, size, 0.4);
    assertAllClose(loss, [expected(probs.data)]);
    assertAllClose(gradient, numericalGradient(expected, probs.data), SMALL);
  });

  for (const counted of [classes, classes - 1]) {
    gpuTest(
      `OrphanLoss and its gradient equal the oracle: ${name}, ${counted} count`,
      async (gpu) => {
        using orphans = OrphanLoss.create(gpu, { ...size, counted });
        const { loss, gradient } = await runClassLoss(gpu, orphans, probs);
        const expected = (values: Probs) => orphanOracle(values, size, counted);
        assertAllClose(loss, [expected(probs.data)]);
        assertAllClose(gradient, numericalGradient(expected, probs.data), SMALL);
      },
    );
  }

  gpuTest(`LoosePartsLoss and its gradient equal the oracle: ${name}`, async (gpu) => {
    using parts = LoosePartsLoss.create(gpu, size);
    const { loss, gradient } = await runClassLoss(gpu, parts, probs);
    const expected = (values: Probs) => looseOracle(values, size);
    assertAllClose(loss, [expected(probs.data)]);
    assertAllClose(gradient, numericalGradient(expected, probs.data), SMALL);
  });
}

gpuTest("losses of certain classes are counts in the picture", async (gpu) => {
  // Class 2 is transparent.
  const rows = ["22222", "20212", "22022", "21112", "22222"];
  const probs = certainProbs(rows, 3);
  const size = { height: 5, width: 5, classes: 3 };
  const countOf = async (loss: Parameters<typeof runClassLoss>[1]) =>
    (await runClassLoss(gpu, loss, probs)).loss[0]! * 25;
  using orphans = OrphanLoss.create(gpu, { ...size, counted: 2 });
  using parts = LoosePartsLoss.create(gpu, size);
  // Orphans: the upper 0 and 1, and the 0 below them.
  assertAllClose([await countOf(orphans)], [3]);
  // Two pixels alone, and two corners at which they touch the third. The row of 1s is no bridge,
  // since its middle has a neighbor above.
  assertAllClose([await countOf(parts)], [4]);
  using potts = PottsLoss.create(gpu, { ...size, down: 0 });
  // Of 20 pairs side by side.
  assertAllClose([(await runClassLoss(gpu, potts, probs)).loss[0]! * 20], [4 + 2 + 2]);
});

gpuTest("losses of classes refuse sizes and shapes", (gpu) => {
  assert.throws(() => PottsLoss.create(gpu, { height: 1, width: 4, classes: 2, down: 1 }), {
    message: "Cannot create the Potts loss: expected 2 x 2 pixels or more, got 1 x 4",
  });
  const size = { height: 4, width: 3, classes: 2 };
  using potts = PottsLoss.create(gpu, { ...size, down: 1 });
  using orphans = OrphanLoss.create(gpu, { ...size, counted: 2 });
  using parts = LoosePartsLoss.create(gpu, size);
  using probs = GpuTensor.zeros(gpu, [4, 3, 3], "probs");
  using loss = GpuTensor.zeros(gpu, [1], "loss");
  for (
    const [classLoss, name] of [
      [potts, "Potts loss"],
      [orphans, "orphan loss"],
      [parts, "loss of loose parts"],
    ] as const
  ) {
    assert.throws(
      () => gpu.submit((pass) => classLoss.encode(pass, { probs, loss, gradProbs: probs })),
      { message: `Cannot encode the ${name}: expected "probs" of shape [4, 3, 2], got [4, 3, 3]` },
    );
  }
});
