import assert from "node:assert/strict";
import { drawUniform } from "../../../kernels/random/philox.ts";
import { movesOf } from "../../../lib/constraint/symmetry.ts";
import {
  constrainNoise,
  constrainPrediction,
  NO_LATENT_RULES,
} from "../../../lib/guidance/constrained_prediction.ts";
import { rollPlanes } from "../../../lib/guidance/latent_grid.ts";
import { tiledDecode, tiledEncode } from "../../../lib/guidance/tiled_codec.ts";
import { Image } from "../../../lib/image/image.ts";

const SHAPE = [1, 2, 8, 8];
const SIZE = { height: 8, width: 8 };
const values = drawUniform({ seed: 3, stream: 0, step: 0 }, 128);
const latents = Float32Array.from(values, (value) => value - 0.5);

/** A prediction that depends on the place: the network pads its border with zeros. */
const predict = (x: Float32Array) =>
  Promise.resolve(x.map((value, i) => i % 8 === 0 ? 0 : value + x[i - 1]!));

Deno.test("constrainPrediction() without rules is the prediction", () => {
  assert.equal(constrainPrediction(predict, SHAPE, NO_LATENT_RULES), predict);
});

Deno.test("constrainPrediction() makes predictions symmetric", async () => {
  for (const symmetry of ["x", "y", "xy", "rotate4"] as const) {
    const rules = { symmetry, tile: "none" } as const;
    const noise = await constrainPrediction(predict, SHAPE, rules)(latents, 500, 0.5);
    for (const move of movesOf(symmetry, SIZE)) {
      for (let i = 0; i < 64; i++) assert(Math.abs(noise[i]! - noise[move[i]!]!) < 1e-6);
    }
  }
});

Deno.test("constrainPrediction() moves the teacher's border along the tiled axes only", async () => {
  const borders = new Set<number>();
  const rolled = constrainPrediction(predict, SHAPE, { symmetry: "none", tile: "x" });
  for (let timestep = 1; timestep < 1000; timestep += 40) {
    const noise = await rolled(latents, timestep, 0.5);
    const column = Array.from({ length: 8 }, (_, x) => x).filter((x) =>
      Array.from({ length: 16 }, (_, row) => noise[row * 8 + x]).every((value) => value === 0)
    );
    assert.equal(column.length, 1);
    borders.add(column[0]!);
  }
  assert.deepEqual([...borders].sort(), [0, 2, 4, 6]);
  const still = constrainPrediction(predict, SHAPE, { symmetry: "none", tile: "y" });
  assert.deepEqual(await still(latents, 41, 0.5), await predict(latents));
});

Deno.test("constrainNoise() gives symmetric noise of variance 1", () => {
  // Many planes, for a sharp estimate; 9 columns have one on the axis.
  const shape = [1, 4000, 2, 3];
  const uniform = drawUniform({ seed: 4, stream: 0, step: 0 }, 24000);
  const noise = Float32Array.from(uniform, (value) => Math.sqrt(12) * (value - 0.5));
  const symmetric = constrainNoise(noise, shape, { symmetry: "x", tile: "none" });
  for (let cell = 0; cell < 6; cell++) {
    let sum = 0;
    for (let plane = 0; plane < 4000; plane++) sum += symmetric[plane * 6 + cell]! ** 2;
    assert(Math.abs(sum / 4000 - 1) < 0.06, `cell ${cell}: ${sum / 4000}`);
  }
  assert(symmetric.every((value, i) => i % 3 !== 0 || value === symmetric[i + 2]));
});

/** A codec of one cell a pixel that spoils the border. */
function borderCodec(): {
  decode: (latents: Float32Array) => Promise<Image>;
  encode: (image: Image) => Promise<Float32Array>;
} {
  const isBorder = (i: number) => i % 8 === 0 || i % 8 === 7;
  return {
    decode: (x) =>
      Promise.resolve(
        Image.fromFloats(
          SIZE,
          Array.from({ length: 192 }, (_, j) => {
            const i = Math.floor(j / 3);
            return isBorder(i) ? x[i]! + 0.4 : x[i]!;
          }),
        ),
      ),
    encode: (image) =>
      Promise.resolve(
        Float32Array.from({ length: 64 }, (_, i) =>
          image.data[i * 4]! / 255 + (isBorder(i) ? 0.4 : 0)),
      ),
  };
}

Deno.test("tiledDecode() and tiledEncode() blend the border of a codec away", async () => {
  const flat = new Float32Array(64).fill(0.5);
  const { decode, encode } = borderCodec();
  const shape = [1, 1, 8, 8];
  const worst = (numbers: Iterable<number>, expected: number) =>
    Math.max(...Array.from(numbers, (value) => Math.abs(value - expected)));
  const image = await tiledDecode(decode, shape, "x")(flat);
  const reds = Array.from({ length: 64 }, (_, i) => image.data[i * 4]! / 255);
  // An eighth of the error is left: the weight of the outermost cells.
  assert(worst(reds, 0.5) < 0.4 / 8 + 0.01, `${worst(reds, 0.5)}`);
  const plain = Image.filled(SIZE, [128, 128, 128]);
  const encoded = await tiledEncode(encode, shape, "x")(plain);
  assert(worst(encoded, 128 / 255) < 0.4 / 8 + 0.01);
  assert.equal(tiledDecode(decode, shape, "none"), decode);
});

Deno.test("tiledDecode() of a network without border effects is the network, for every axis", async () => {
  const decode = (x: Float32Array) =>
    Promise.resolve(
      Image.fromFloats(SIZE, Array.from({ length: 192 }, (_, j) => x[Math.floor(j / 3)]!)),
    );
  const x = latents.slice(0, 64).map((value) => value + 0.5);
  const expected = (await decode(x)).data;
  for (const tile of ["x", "y", "xy"] as const) {
    assert.deepEqual((await tiledDecode(decode, [1, 1, 8, 8], tile)(x)).data, expected);
  }
});

Deno.test("rollPlanes() shifts each plane cyclically", () => {
  const planes = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  const rolled = rollPlanes(planes, { height: 2, width: 2 }, { y: 0, x: 1 });
  assert.deepEqual([...rolled], [2, 1, 4, 3, 6, 5, 8, 7]);
  assert.deepEqual(rollPlanes(rolled, { height: 2, width: 2 }, { y: 0, x: -1 }), planes);
});
