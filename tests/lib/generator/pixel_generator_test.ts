import assert from "node:assert/strict";
import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { encodeAddScaled } from "../../../kernels/optimizer/add_scaled.ts";
import { encodeGumbel } from "../../../kernels/random/philox.ts";
import { type ForwardOptions, PixelGenerator } from "../../../lib/generator/pixel_generator.ts";
import { Palette } from "../../../lib/palette/palette.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
import { readGolden } from "../../support/goldens.ts";
import { gpuTest } from "../../support/gpu_test.ts";

const PALETTE = new Palette(
  "five",
  Uint8Array.of(9, 0, 80, 255, 3, 7, 0, 130, 1, 90, 90, 255, 4, 5, 6),
);
const COUNT = PALETTE.size;
const SIZE = { height: 7, width: 3 };
const PIXELS = 21;
const SHAPE = [7, 3, COUNT];
const DRAW = { seed: 11, stream: 3, step: 5 };

/** Logits between -3 and 3 without a pattern. */
const LOGITS = Float32Array.from({ length: PIXELS * COUNT }, (_, i) => 3 * Math.sin(i * i * 0.37));
const GRAD_IMAGE = Float32Array.from({ length: PIXELS * 3 }, (_, i) => Math.cos(i * i * 0.53));

function createGenerator(gpu: Gpu, logits: Float32Array = LOGITS): PixelGenerator {
  return new PixelGenerator(gpu, {
    palette: PALETTE,
    size: SIZE,
    logits,
  });
}

/** Softmax of each row of K values over tau, in float64. */
function softmax(values: ArrayLike<number>, tau: number): number[][] {
  return Array.from({ length: values.length / COUNT }, (_, i) => {
    const row = Array.from({ length: COUNT }, (_, k) => values[i * COUNT + k]! / tau);
    const exps = row.map((value) => Math.exp(value - Math.max(...row)));
    const sum = exps.reduce((total, value) => total + value, 0);
    return exps.map((value) => value / sum);
  });
}

function oneHot(rows: readonly number[][]): number[][] {
  return rows.map((row) => row.map((_, k) => k === row.indexOf(Math.max(...row)) ? 1 : 0));
}

function mix(rows: readonly number[][]): number[] {
  return rows.flatMap((row) =>
    [0, 1, 2].map((c) => row.reduce((sum, p, k) => sum + p * PALETTE.colors[k * 3 + c]! / 255, 0))
  );
}

/** Gradient of dot(image, GRAD_IMAGE) of the soft image, by central differences in float64. */
function numericalGradient(values: ArrayLike<number>, tau: number): number[] {
  const dot = (moved: ArrayLike<number>) =>
    mix(softmax(moved, tau)).reduce((sum, value, i) => sum + value * GRAD_IMAGE[i]!, 0);
  const h = 1e-5;
  return Array.from(values, (_, i) => {
    const moved = Float64Array.from(values);
    moved[i]! += h;
    const above = dot(moved);
    moved[i]! -= 2 * h;
    return (above - dot(moved)) / (2 * h);
  });
}

const MODES: readonly ForwardOptions[] = [
  { tau: 1, smooth: true },
  { tau: 0.6, smooth: true, gumbelNoise: DRAW },
  { tau: 1, smooth: false },
  { tau: 1.4, smooth: false, gumbelNoise: DRAW },
];

for (const options of MODES) {
  const noisy = options.gumbelNoise ? "with" : "without";
  const name = `${options.smooth ? "smooth" : "straight-through"}, ${noisy} noise`;
  gpuTest(`PixelGenerator equals the oracle: ${name}`, async (gpu) => {
    using generator = createGenerator(gpu);
    using noise = GpuTensor.zeros(gpu, SHAPE, "noise");
    using gradImage = GpuTensor.from(gpu, GRAD_IMAGE, [7, 3, 3], "gradImage");
    gpu.submit((pass) => {
      if (options.gumbelNoise) encodeGumbel(pass, { out: noise }, options.gumbelNoise);
      generator.forward(pass, options);
      generator.backward(pass, gradImage);
    });
    const noiseValues = await noise.read();
    const values = LOGITS.map((value, i) => value + noiseValues[i]!);
    const soft = softmax(values, options.tau);
    assertAllClose(await generator.image.read(), mix(options.smooth ? soft : oneHot(soft)));
    assertAllClose(await generator.gradLogits.read(), numericalGradient(values, options.tau));
    assert.deepEqual(await generator.logits.read(), LOGITS);
  });
}

for (const tag of ["a", "b"]) {
  gpuTest(`PixelGenerator equals SD-piXL's without noise: ${tag}`, async (gpu) => {
    const golden = readGolden("generator");
    const of = (name: string) => golden.tensor(`${tag}.${name}`);
    const [height, width, count] = of("logits").shape as [number, number, number];
    // The colors of the reference are not whole bytes.
    const palette = new Palette("golden", new Uint8Array(3 * count));
    palette.toFloats = () => of("palette").data;
    using generator = new PixelGenerator(gpu, {
      palette,
      size: { height, width },
      logits: of("logits").data,
    });
    using gradImage = GpuTensor.from(gpu, of("grad_image").data, [height, width, 3], "gradImage");
    for (const [name, smooth] of [["soft", true], ["hard", false]] as const) {
      gpu.submit((pass) => {
        generator.forward(pass, { tau: 1, smooth });
        generator.backward(pass, gradImage);
      });
      assertAllClose(await generator.image.read(), of(`${name}.image`).data);
      assertAllClose(await generator.gradLogits.read(), of(`${name}.grad_logits`).data);
    }
    assertAllClose(await generator.softmax(), of("soft.image").data);
    const mean = (name: string) =>
      of(name).data.reduce((sum, value) => sum + value, 0) / (height * width);
    const found = await generator.statistics();
    assertAllClose(
      Object.values(found),
      [
        mean("variance"),
        mean("variance") * count ** 2 / (count - 1),
        mean("entropy"),
        mean("entropy") / Math.log(count),
        mean("max_probability"),
      ],
    );
    gpu.submit((pass) => generator.centerLogits(pass));
    assertAllClose(await generator.logits.read(), of("balanced").data);
  });
}

gpuTest("PixelGenerator.argmax() takes the first of the most likely colors", async (gpu) => {
  const logits = LOGITS.slice();
  logits.set([0, 2, 1, 2, 2], 0);
  using generator = createGenerator(gpu, logits);
  const rows = softmax(logits, 1);
  const expected = rows.map((row) => row.indexOf(Math.max(...row)));
  assert.equal(expected[0], 1);
  assert.deepEqual([...await generator.argmax()], expected);
});

gpuTest(
  "PixelGenerator.lastForward() reads the result of a forward, with its noise",
  async (gpu) => {
    using generator = createGenerator(gpu);
    await assert.rejects(generator.lastForward(), {
      message: "Cannot read the last forward of the generator: there was none",
    });
    using noise = GpuTensor.zeros(gpu, SHAPE, "noise");
    gpu.submit((pass) => encodeGumbel(pass, { out: noise }, DRAW));
    const values = await noise.read();
    const rows = softmax(LOGITS.map((logit, i) => logit + values[i]!), 0.7);
    using gradImage = GpuTensor.from(gpu, GRAD_IMAGE, [7, 3, 3], "gradImage");
    for (const smooth of [true, false]) {
      gpu.submit((pass) => {
        generator.forward(pass, { tau: 0.7, smooth, gumbelNoise: DRAW });
        generator.backward(pass, gradImage);
      });
      const { indices, mixture } = await generator.lastForward();
      assert.deepEqual([...indices], rows.map((row) => row.indexOf(Math.max(...row))));
      assertAllClose(mixture, mix(rows));
    }
  },
);

gpuTest("PixelGenerator.backward() adds gradients of the probabilities", async (gpu) => {
  using generator = createGenerator(gpu);
  using gradImage = GpuTensor.zeros(gpu, [7, 3, 3], "gradImage");
  // As if the image had one more gradient, that of GRAD_IMAGE through the palette.
  const more = Float32Array.from({ length: PIXELS * COUNT }, (_, i) => {
    const [pixel, color] = [Math.floor(i / COUNT), i % COUNT];
    return [0, 1, 2].reduce(
      (sum, c) => sum + GRAD_IMAGE[3 * pixel + c]! * PALETTE.colors[3 * color + c]! / 255,
      0,
    );
  });
  using added = GpuTensor.from(gpu, more, SHAPE, "added gradient");
  const seen: GpuTensor[] = [];
  gpu.submit((pass) => {
    generator.forward(pass, { tau: 0.7, smooth: true });
    generator.backward(pass, gradImage, [{
      encode: (pass, { probs, gradProbs }) => {
        seen.push(probs);
        encodeAddScaled(pass, { x: added, y: gradProbs }, { scale: 1 });
      },
    }]);
  });
  assertAllClose(await seen[0]!.read(), softmax(LOGITS, 0.7).flat());
  assertAllClose(await generator.gradLogits.read(), numericalGradient(LOGITS, 0.7));
});

gpuTest("PixelGenerator reads without a change of forward and backward", async (gpu) => {
  using generator = createGenerator(gpu);
  using gradImage = GpuTensor.from(gpu, GRAD_IMAGE, [7, 3, 3], "gradImage");
  const options = { tau: 0.7, smooth: false, gumbelNoise: DRAW };
  gpu.submit((pass) => {
    generator.forward(pass, options);
    generator.backward(pass, gradImage);
  });
  const [image, gradLogits] = [await generator.image.read(), await generator.gradLogits.read()];
  gpu.submit((pass) => generator.forward(pass, options));
  await Promise.all([
    generator.argmax(),
    generator.softmax(),
    generator.statistics(),
    generator.lastForward(),
  ]);
  gpu.submit((pass) => generator.backward(pass, gradImage));
  assert.deepEqual(await generator.image.read(), image);
  assert.deepEqual(await generator.gradLogits.read(), gradLogits);
});

gpuTest("PixelGenerator starts as noise of one norm that depends on the key alone", async (gpu) => {
  const begin = async (step: number) => {
    using generator = new PixelGenerator(gpu, {
      palette: PALETTE,
      size: SIZE,
      logits: { std: 1.5, draw: { ...DRAW, step } },
    });
    return await generator.logits.read();
  };
  const logits = await begin(5);
  for (let i = 0; i < logits.length; i += COUNT) {
    const row = logits.subarray(i, i + COUNT);
    assertAllClose([row.reduce((sum, value) => sum + value, 0)], [0]);
    assertAllClose([Math.hypot(...row)], [1.5 * Math.sqrt(COUNT)]);
  }
  assert.deepEqual(await begin(5), logits);
  assert.notDeepEqual(await begin(6), logits);
});

gpuTest("PixelGenerator of one color is one-hot from the start", async (gpu) => {
  using generator = new PixelGenerator(gpu, {
    palette: new Palette("one", Uint8Array.of(255, 0, 51)),
    size: SIZE,
    logits: { std: 1, draw: DRAW },
  });
  assertAllClose((await generator.softmax()).subarray(0, 3), [1, 0, 0.2]);
  assert.deepEqual([...await generator.argmax()], new Array(PIXELS).fill(0));
  assert.deepEqual(await generator.statistics(), {
    variance: 0,
    normalizedVariance: 1,
    entropy: 0,
    normalizedEntropy: 0,
    maxProbability: 1,
  });
});

gpuTest("PixelGenerator refuses logits of a wrong size, and frees its tensors", (gpu) => {
  assert.throws(() => createGenerator(gpu, new Float32Array(4)), {
    name: "RangeError",
    message: 'Cannot create tensor "logits" [7, 3, 5]: expected 105 values, got 4',
  });
});

gpuTest("PixelGenerator.backward() needs a forward", (gpu) => {
  using generator = createGenerator(gpu);
  using gradImage = GpuTensor.zeros(gpu, [7, 3, 3], "gradImage");
  assert.throws(() => gpu.submit((pass) => generator.backward(pass, gradImage)), {
    name: "TypeError",
    message: "Cannot record the backward of the generator: there was no forward",
  });
});
