import assert from "node:assert/strict";
import { describeGraph } from "../../../../lib/onnx/graph/describe_graph.ts";
import { shapeSize } from "../../../../kernels/gpu/shape_size.ts";
import type { Value } from "../../../../lib/onnx/graph/graph.ts";
import { GraphBuilder } from "../../../../lib/onnx/graph/graph_builder.ts";
import { runGraph, scatter } from "../run_graph.ts";

/** An operator with operands, the expected shape and, if it is short, the expected values. */
interface OperatorCase {
  readonly inputs: readonly (readonly number[])[];
  readonly build: (g: GraphBuilder, xs: readonly Value[]) => Value;
  readonly shape: readonly number[];
  /** Computes the value at an index from the operands. */
  readonly expected?: (xs: readonly Float32Array[], i: number) => number;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

// Expected values come from plain loops that follow the definition in
// https://onnx.ai/onnx/operators.
const CASES: Readonly<Record<string, OperatorCase>> = {
  "add broadcasts": {
    inputs: [[3, 1], [4]],
    build: (g, [a, b]) => g.add(a!, b!),
    shape: [3, 4],
    expected: ([a, b], i) => a![Math.floor(i / 4)]! + b![i % 4]!,
  },
  "sub takes a number": {
    inputs: [[5]],
    build: (g, [x]) => g.sub(1, x!),
    shape: [5],
    expected: ([x], i) => 1 - x![i]!,
  },
  "silu is x times its sigmoid": {
    inputs: [[7]],
    build: (g, [x]) => g.silu(x!),
    shape: [7],
    expected: ([x], i) => x![i]! * sigmoid(x![i]!),
  },
  "quickGelu takes the factor 1.702": {
    inputs: [[7]],
    build: (g, [x]) => g.quickGelu(x!),
    shape: [7],
    expected: ([x], i) => x![i]! * sigmoid(1.702 * x![i]!),
  },
  "linear multiplies with the rows of its weight": {
    inputs: [[2, 1, 3], [4, 3], [4]],
    build: (g, [x, w, b]) => g.linear(x!, w!, b),
    shape: [2, 1, 4],
    expected: ([x, w, b], i) =>
      [0, 1, 2].reduce(
        (sum, k) => sum + x![Math.floor(i / 4) * 3 + k]! * w![(i % 4) * 3 + k]!,
        b![i % 4]!,
      ),
  },
  "conv with steps of 2 and a pad": {
    inputs: [[1, 2, 5, 7], [3, 2, 3, 3], [3]],
    build: (g, [x, w, b]) => g.conv(x!, w!, b, { strides: 2, pads: 1 }),
    shape: [1, 3, 3, 4],
    expected: ([x, w, b], i) => {
      const [o, row, column] = [Math.floor(i / 12), Math.floor(i / 4) % 3, i % 4];
      let sum = b![o]!;
      for (let k = 0; k < 18; k++) {
        const [c, dy, dx] = [Math.floor(k / 9), Math.floor(k / 3) % 3, k % 3];
        const [y, z] = [2 * row + dy - 1, 2 * column + dx - 1];
        if (y < 0 || y >= 5 || z < 0 || z >= 7) continue;
        sum += x![c * 35 + y * 7 + z]! * w![o * 18 + k]!;
      }
      return sum;
    },
  },
  "convTranspose with an output padding": {
    inputs: [[1, 2, 3, 4], [2, 5, 3, 3]],
    build: (g, [x, w]) =>
      g.convTranspose(x!, w!, undefined, { strides: 2, pads: 1, outputPadding: 1 }),
    shape: [1, 5, 6, 8],
  },
  "reshape infers a side": {
    inputs: [[2, 6]],
    build: (g, [x]) => g.reshape(x!, [3, -1]),
    shape: [3, 4],
    expected: ([x], i) => x![i]!,
  },
  "transpose": {
    inputs: [[2, 3]],
    build: (g, [x]) => g.transpose(x!, [1, 0]),
    shape: [3, 2],
    expected: ([x], i) => x![(i % 2) * 3 + Math.floor(i / 2)]!,
  },
  "concat and slice": {
    inputs: [[2, 1], [2, 3]],
    build: (g, [a, b]) => g.slice(g.concat([a!, b!], -1), 1, -3, 4),
    shape: [2, 3],
    expected: ([, b], i) => b![i]!,
  },
  "split, then squeeze and unsqueeze": {
    inputs: [[3, 2]],
    build: (g, [x]) => g.unsqueeze(g.squeeze(g.split(x!, 0, [2, 1])[1]!, [0]), [0, 2]),
    shape: [1, 2, 1],
    expected: ([x], i) => x![4 + i]!,
  },
  "gather picks rows": {
    inputs: [[4, 2]],
    build: (g, [x]) => g.gather(x!, g.constant(BigInt64Array.of(3n, 0n, 3n)), 0),
    shape: [3, 2],
    expected: ([x], i) => x![[3, 0, 3][Math.floor(i / 2)]! * 2 + i % 2]!,
  },
  "argMax finds the first largest": {
    inputs: [[2, 5]],
    build: (g, [x]) => g.cast(g.argMax(x!, 1, false), "float32"),
    shape: [2],
    expected: ([x], i) => {
      const row = x!.slice(i * 5, i * 5 + 5);
      return row.indexOf(Math.max(...row));
    },
  },
  "pad with a value": {
    inputs: [[2]],
    build: (g, [x]) => g.pad(x!, [[1, 2]], 9),
    shape: [5],
    expected: ([x], i) => i === 0 || i > 2 ? 9 : x![i - 1]!,
  },
  "upsampleNearest repeats pixels": {
    inputs: [[1, 2, 2, 3]],
    build: (g, [x]) => g.upsampleNearest(x!, 2),
    shape: [1, 2, 4, 6],
    expected: ([x], i) => {
      const [c, row, column] = [Math.floor(i / 24), Math.floor(i / 6) % 4, i % 6];
      return x![c * 6 + Math.floor(row / 2) * 3 + Math.floor(column / 2)]!;
    },
  },
  "averagePool drops the rest": {
    inputs: [[1, 1, 3, 5]],
    build: (g, [x]) => g.averagePool(x!, 2),
    shape: [1, 1, 1, 2],
    expected: ([x], i) => [0, 1, 5, 6].reduce((sum, k) => sum + x![k + 2 * i]! / 4, 0),
  },
  "groupNormalization normalizes over groups of channels": {
    inputs: [[2, 4, 3], [4], [4]],
    build: (g, [x, scale, bias]) => g.groupNormalization(x!, scale!, bias!, 2, 1e-5),
    shape: [2, 4, 3],
    expected: ([x, scale, bias], i) => {
      const group = x!.slice(Math.floor(i / 6) * 6, Math.floor(i / 6) * 6 + 6);
      const mean = group.reduce((sum, value) => sum + value / 6, 0);
      const variance = group.reduce((sum, value) => sum + (value - mean) ** 2 / 6, 0);
      const channel = Math.floor(i / 3) % 4;
      return scale![channel]! * (x![i]! - mean) / Math.sqrt(variance + 1e-5) + bias![channel]!;
    },
  },
};

for (const [name, operatorCase] of Object.entries(CASES)) {
  Deno.test(`GraphBuilder: ${name}`, async () => {
    const g = new GraphBuilder("test");
    const data = operatorCase.inputs.map((shape, i) => scatter(shapeSize(shape), i + 1));
    const xs = operatorCase.inputs.map((shape, i) => g.input(`x${i}`, shape));
    const y = operatorCase.build(g, xs);
    assert.deepEqual(y.shape, operatorCase.shape);
    g.output("y", y);
    const feeds = Object.fromEntries(
      operatorCase.inputs.map((shape, i) => [`x${i}`, { data: data[i]!, shape }]),
    );
    const result = (await runGraph(g.build(), feeds))["y"]!;
    assert.deepEqual(result.shape, operatorCase.shape);
    const { expected } = operatorCase;
    if (!expected) return;
    for (const [i, value] of (result.data as Float32Array).entries()) {
      assert.ok(Math.abs(value - expected(data, i)) < 1e-5, `y[${i}]`);
    }
  });
}

/** Plain attention in float64, for one row of the batch. */
function attend(
  q: Float32Array,
  kv: Float32Array,
  shape: { readonly tokens: number; readonly heads: number; readonly width: number },
  isSeen: (row: number, column: number) => boolean,
): Float64Array {
  const { tokens, heads, width } = shape;
  const channels = heads * width;
  const y = new Float64Array(q.length);
  for (let row = 0; row < q.length / channels; row++) {
    for (let head = 0; head < heads; head++) {
      const scores = Array.from({ length: tokens }, (_, column) => {
        let sum = 0;
        for (let c = 0; c < width; c++) {
          sum += q[row * channels + head * width + c]! * kv[column * channels + head * width + c]!;
        }
        return isSeen(row, column) ? Math.exp(sum / Math.sqrt(width)) : 0;
      });
      const total = scores.reduce((sum, score) => sum + score, 0);
      for (let c = 0; c < width; c++) {
        y[row * channels + head * width + c] = scores.reduce(
          (sum, score, column) => sum + score / total * kv[column * channels + head * width + c]!,
          0,
        );
      }
    }
  }
  return y;
}

for (const causal of [false, true]) {
  Deno.test(`GraphBuilder: ${causal ? "causal " : ""}attention agrees with plain loops`, async () => {
    const [rows, tokens] = [5, causal ? 5 : 3];
    const g = new GraphBuilder("test");
    const q = g.input("q", [1, rows, 6]);
    const kv = g.input("kv", [1, tokens, 6]);
    g.output("y", g.attention(q, kv, kv, { heads: 2, causal }));
    const [qData, kvData] = [scatter(rows * 6, 1), scatter(tokens * 6, 2)];
    const { y } = await runGraph(g.build(), {
      q: { data: qData, shape: q.shape },
      kv: { data: kvData, shape: kv.shape },
    });
    const shape = { tokens, heads: 2, width: 3 };
    const expected = attend(qData, kvData, shape, (row, column) => !causal || column <= row);
    for (const [i, value] of expected.entries()) {
      assert.ok(Math.abs(value - Number(y!.data[i])) < 1e-5, `y[${i}]`);
    }
  });
}

const x = (g: GraphBuilder, ...shape: number[]) => g.input("x", shape);
const REFUSED: Readonly<Record<string, [(g: GraphBuilder) => void, RegExp]>> = {
  "shapes that do not broadcast": [
    (g) => g.add(x(g, 2, 3), g.constant([1, 2])),
    /Cannot build Add: expected shapes that broadcast, got \[2, 3\] and \[2\]/,
  ],
  "matrices that do not fit": [
    (g) => g.matMul(x(g, 2, 3), g.constant([1, 2], [2, 1])),
    /Cannot build MatMul: .* got \[2, 3\] and \[2, 1\]/,
  ],
  "channels that do not fit": [
    (g) => g.conv(x(g, 1, 2, 4, 4), g.constant(new Float32Array(27), [1, 3, 3, 3])),
    /Cannot build Conv: .* got \[1, 2, 4, 4\] and \[1, 3, 3, 3\]/,
  ],
  "an image smaller than the window": [
    (g) => g.conv(x(g, 1, 1, 2, 2), g.constant(new Float32Array(9), [1, 1, 3, 3])),
    /Cannot build Conv/,
  ],
  "a reshape to another size": [(g) => g.reshape(x(g, 2, 3), [4, -1]), /Cannot build Reshape/],
  "an order that repeats an axis": [
    (g) => g.transpose(x(g, 2, 3), [0, 0]),
    /Cannot build Transpose: expected a permutation of 2 axes, got \[0,0\]/,
  ],
  "an axis that is not there": [
    (g) => g.softmax(x(g, 2, 3), 2),
    /Cannot build Softmax: expected an axis of 2 dimensions, got 2/,
  ],
  "heads that do not divide the channels": [
    (g) => {
      const q = x(g, 1, 2, 5);
      g.attention(q, q, q, { heads: 2 });
    },
    /Cannot build attention with 2 heads/,
  ],
  "groups that do not divide the channels": [
    (g) => {
      const scale = g.constant([1, 1, 1]);
      g.groupNormalization(x(g, 1, 3, 2), scale, scale, 2, 1e-5);
    },
    /Cannot build a group normalization of 2 groups/,
  ],
  "two types": [
    (g) => g.add(x(g, 2), g.constant(BigInt64Array.of(1n))),
    /expected tensors of one type, got "x" float32 and "constant_0" int64/,
  ],
  "a tensor of another graph": [
    (g) => g.neg(x(new GraphBuilder("other"), 2)),
    /tensor "x" belongs to another graph/,
  ],
  "a name that is taken": [
    (g) => [x(g, 2), x(g, 2)],
    /expected unique names, got "x" twice/,
  ],
  "no output": [(g) => g.build(), /Cannot build graph "test": expected at least one output/],
};

for (const [name, [build, message]] of Object.entries(REFUSED)) {
  Deno.test(`GraphBuilder refuses ${name}`, () => {
    assert.throws(() => build(new GraphBuilder("test")), message);
  });
}

Deno.test("GraphBuilder declares float16 between float32 inputs and outputs", async () => {
  const g = new GraphBuilder("half", { precision: "float16" });
  const y = g.add(g.input("x", [2]), 2 ** -11);
  const plain = g.input("plain", [1], "float32", { cast: false });
  assert.equal(y.type, "float16");
  assert.equal(plain.type, "float32");
  g.output("y", y);
  g.output("z", g.cast(plain, "float16"));
  const result = await runGraph(g.build(), {
    x: { data: Float32Array.of(1, 0.1), shape: [2] },
    plain: { data: Float32Array.of(0.1), shape: [1] },
  });
  // The CPU may skip the rounding to float16, whose relative error is at most 2^-11.
  assert.ok(Math.abs(Number(result["y"]!.data[1]) - (0.1 + 2 ** -11)) < 2 ** -11);
  assert.ok(Math.abs(Number(result["z"]!.data[0]) - 0.1) < 2 ** -11);
});

Deno.test("describeGraph() lists tensors and nodes", (t) => {
  const g = new GraphBuilder("listing");
  const image = g.input("image", [1, 2, 4, 4]);
  const weight = g.weight(
    { key: "conv.weight", shape: [3, 2, 3, 3], dtype: "F32", read: () => new Uint8Array(0) },
    [3, 2, 3, 3],
  );
  const h = g.silu(g.conv(image, weight, undefined, { pads: 1, strides: 2 }));
  g.output("rows", g.reshape(h, [3, 4]));
  g.output("limited", g.clip(h, undefined, 6));
  return t.assertSnapshot(describeGraph(g.build()));
});
