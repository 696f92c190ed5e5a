import assert from "node:assert/strict";
import { shapeSize } from "../../../kernels/gpu/shape_size.ts";
import { Image } from "../../../lib/image/image.ts";
import { type TensorToWrite, writeSafetensors } from "../../../lib/weights/safetensors_writer.ts";
import { scatter } from "../../lib/onnx/run_graph.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";
import {
  Classifier,
  CLASSIFIER_SIZE,
  classifierInput,
  MissingClassifierError,
} from "./classifier.ts";

const NAMES = ["cat", "dog", "red apple", "tram"];

/** Channels of the two blocks. The second one halves height and width. */
const WIDTHS = [3, 5] as const;

type Tensors = Record<string, TensorToWrite>;

function makeTensors(): Tensors {
  const tensors: Tensors = {};
  const add = (key: string, shape: readonly number[]) => {
    const size = shapeSize(shape);
    const values = scatter(size, Object.keys(tensors).length + 1);
    tensors[key] = { shape, data: values.map((value) => value / Math.sqrt(size / shape[0]!)) };
  };
  const conv = (path: string, shape: readonly [number, number, number, number]) => {
    add(`${path}.weight`, shape);
    add(`${path}.bias`, [shape[0]]);
  };
  const [first, second] = WIDTHS;
  conv("conv_in", [first, 3, 3, 3]);
  conv("blocks.0.conv1", [first, first, 3, 3]);
  conv("blocks.0.conv2", [first, first, 3, 3]);
  conv("blocks.1.conv1", [second, first, 3, 3]);
  conv("blocks.1.conv2", [second, second, 3, 3]);
  add("blocks.1.skip.weight", [second, first, 1, 1]);
  add("head.weight", [NAMES.length, second]);
  add("head.bias", [NAMES.length]);
  return tensors;
}

/** Values of shape [channels, side, side]. */
interface Planes {
  readonly channels: number;
  readonly side: number;
  readonly at: (channel: number, y: number, x: number) => number;
}

/** The classifier in plain loops, written from judge.py. */
function oracle(tensors: Tensors, picture: Float32Array): number[] {
  const conv = (x: Planes, path: string, stride = 1): Planes => {
    const { shape, data } = tensors[`${path}.weight`]!;
    const bias = tensors[`${path}.bias`]?.data;
    const [channels, inputs, kernel] = shape as [number, number, number, number];
    const side = x.side / stride;
    const values = new Float64Array(channels * side * side);
    for (let o = 0; o < channels; o++) {
      for (let y = 0; y < side; y++) {
        for (let column = 0; column < side; column++) {
          let sum: number = bias?.[o] ?? 0;
          for (let i = 0; i < inputs; i++) {
            for (let ky = 0; ky < kernel; ky++) {
              for (let kx = 0; kx < kernel; kx++) {
                const [sy, sx] = [y, column].map((at, axis) =>
                  at * stride + (axis === 0 ? ky : kx) - (kernel - 1) / 2
                ) as [number, number];
                if (sy < 0 || sx < 0 || sy >= x.side || sx >= x.side) continue;
                sum += x.at(i, sy, sx) * data[((o * inputs + i) * kernel + ky) * kernel + kx]!;
              }
            }
          }
          values[(o * side + y) * side + column] = sum;
        }
      }
    }
    return { channels, side, at: (c, y, column) => values[(c * side + y) * side + column]! };
  };
  const relu = (x: Planes): Planes => ({ ...x, at: (...at) => Math.max(0, x.at(...at)) });
  const sum = (a: Planes, b: Planes): Planes => ({
    ...a,
    at: (...at) => a.at(...at) + b.at(...at),
  });
  const area = CLASSIFIER_SIZE * CLASSIFIER_SIZE;
  const image: Planes = {
    channels: 3,
    side: CLASSIFIER_SIZE,
    at: (c, y, x) => picture[c * area + y * CLASSIFIER_SIZE + x]! * 2 - 1,
  };
  let x = relu(conv(image, "conv_in"));
  x = relu(sum(conv(relu(conv(x, "blocks.0.conv1")), "blocks.0.conv2"), x));
  const deep = conv(relu(conv(x, "blocks.1.conv1", 2)), "blocks.1.conv2");
  x = relu(sum(deep, conv(x, "blocks.1.skip", 2)));
  const means = Array.from({ length: x.channels }, (_, c) => {
    let total = 0;
    for (let y = 0; y < x.side; y++) {
      for (let column = 0; column < x.side; column++) total += x.at(c, y, column);
    }
    return total / x.side ** 2;
  });
  const [weight, bias] = [tensors["head.weight"]!.data, tensors["head.bias"]!.data];
  return NAMES.map((_, o) =>
    means.reduce((total, mean, i) => total + mean * weight[o * means.length + i]!, bias[o]!)
  );
}

Deno.test("Classifier computes what judge.py computes", async () => {
  await inTemporaryFolder(async (folder) => {
    const path = `${folder}/judge.safetensors`;
    const tensors = makeTensors();
    await Deno.writeFile(path, writeSafetensors(tensors, { names: JSON.stringify(NAMES) }));
    const size = { height: 16, width: 16 };
    const picture = Image.fromFloats(size, scatter(16 * 16 * 3).map(Math.abs));
    await using classifier = await Classifier.open(path);
    assert.deepEqual(classifier.names, NAMES);
    const expected = oracle(tensors, classifierInput(picture));
    assert.ok(new Set(expected).size === NAMES.length);
    assertAllClose(await classifier.classify(picture), expected, { atol: 1e-4 });
  });
});

Deno.test("Classifier.open() tells how to train missing weights", async () => {
  await inTemporaryFolder(async (folder) => {
    await assert.rejects(Classifier.open(`${folder}/judge.safetensors`), (error) => {
      assert.ok(error instanceof MissingClassifierError);
      assert.match(error.message, /^Cannot classify pictures: there is no .*train\.py --judge$/);
      return true;
    });
  });
});

Deno.test("Classifier.open() refuses weights without names", async () => {
  await inTemporaryFolder(async (folder) => {
    const path = `${folder}/judge.safetensors`;
    await Deno.writeFile(path, writeSafetensors(makeTensors()));
    await assert.rejects(Classifier.open(path), /expected a list "names" in its metadata/);
  });
});

Deno.test("classifierInput() enlarges a picture by nearest neighbor, channels first", () => {
  const colors = Uint8Array.of(255, 0, 0, 0, 255, 0);
  const picture = Image.fromIndices({ height: 2, width: 2 }, [0, 1, 1, 0], colors);
  const planes = classifierInput(picture);
  const at = (channel: number, y: number, x: number) => planes[(channel * 64 + y) * 64 + x];
  assert.deepEqual([at(0, 0, 0), at(0, 31, 31), at(0, 31, 32), at(0, 63, 63)], [1, 1, 0, 1]);
  assert.deepEqual([at(1, 0, 0), at(1, 0, 63), at(2, 40, 3)], [0, 1, 0]);
});
