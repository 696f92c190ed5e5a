import assert from "node:assert/strict";
import { GpuTensor } from "../../../../kernels/gpu/tensor.ts";
import type { Graph } from "../../../../lib/onnx/graph/graph.ts";
import { GraphBuilder } from "../../../../lib/onnx/graph/graph_builder.ts";
import { quantizeLinears } from "../../../../lib/onnx/rewrite/quantize_linears.ts";
import type { WeightBits } from "../../../../lib/onnx/rewrite/quantize_blocks.ts";
import { quantizeWeight } from "../../../../lib/onnx/rewrite/quantized_weight.ts";
import type { FloatType } from "../../../../lib/weights/float16.ts";
import { RandomWeights } from "../../../../lib/weights/random_weights.ts";
import type { WeightEntry } from "../../../../lib/weights/weight_source.ts";
import { assertAllClose } from "../../../support/assert_all_close.ts";
import { gpuTest } from "../../../support/gpu_test.ts";
import { runGraph, scatter } from "../run_graph.ts";
import { dequantize, floats } from "./dequantize.ts";
import { OrtSessions } from "../../../../lib/onnx/runtime/ort_sessions.ts";

const ALL_BITS: readonly WeightBits[] = [8, 4];
const [M, K, N] = [21, 96, 40];

/** A weight with given values. */
function weightOf(shape: readonly number[], values: Float32Array): WeightEntry {
  return {
    key: "w",
    shape,
    dtype: "F32",
    read: (_, start = 0, count = values.length - start) =>
      new Uint8Array(values.slice(start, start + count).buffer),
  };
}

for (const bits of ALL_BITS) {
  Deno.test(`quantizeWeight() rounds to within half a step with ${bits} bits`, () => {
    const values = scatter(4 * K);
    // A block of zeros, and one whose largest magnitude is negative.
    values.fill(0, 32, 64);
    values[70] = -3;
    const restored = dequantize(weightOf([4, K], values), bits, "float32");
    for (let block = 0; block < values.length; block += 32) {
      const part = values.subarray(block, block + 32);
      const largest = Math.max(...part.map(Math.abs));
      // With 4 bits the positive half has one level less: a value may be off by a whole step.
      const step = bits === 8 ? largest / 127 : largest / 8;
      for (let i = 0; i < 32; i++) {
        const isFar = bits === 4 && Math.abs(part[i]!) > largest - step;
        const max = isFar ? step : step / 2;
        assert(Math.abs(restored[block + i]! - part[i]!) <= max * (1 + 1e-5));
      }
    }
    assert(restored.subarray(32, 64).every((value) => value === 0));
    assertAllClose([restored[70]!], [-3], { atol: 1e-6 });
  });

  Deno.test(`a quantized weight of ${bits} bits can be read in any range`, () => {
    const entry = new RandomWeights().get("w", [7, K]);
    const { packed, scales } = quantizeWeight(entry, { bits, scaleType: "float16" });
    const bytes = packed.readBytes(0, 7 * K * bits / 8);
    for (const [start, count] of [[0, 1], [5, 40], [31, 33], [bytes.length - 3, 3], [8, 0]]) {
      assert.deepEqual(packed.readBytes(start!, count!), bytes.slice(start, start! + count!));
    }
    assert.deepEqual(
      packed.read("float32", 3, 2),
      new Uint8Array(
        Float32Array.of(bytes[3]!, bytes[4]!).buffer,
      ),
    );
    const factors = floats(scales.read("float32"));
    assert.deepEqual(floats(scales.read("float32", 4, 5)), factors.slice(4, 9));
    // Scales are rounded to the type in which they are stored.
    assert.deepEqual([...factors], [...factors].map(Math.f16round));
  });
}

function linearGraph(entry: WeightEntry, bias: WeightEntry, precision: FloatType): Graph {
  const g = new GraphBuilder("linear", { precision });
  const x = g.input("x", [3, M / 3, K]);
  g.output("y", g.linear(x, g.weight(entry, [N, K]), g.weight(bias, [N])));
  return g.build();
}

for (const bits of ALL_BITS) {
  Deno.test(`float16 values are quantized to ${bits} bits like float32 ones`, () => {
    const patterns = Uint16Array.from({ length: 2 ** 16 }, (_, i) => (i * 40503) % 2 ** 16);
    // Zeros, subnormal numbers, infinities and NaN are among them.
    patterns.fill(0x8000, 0, 32);
    const halves = new Float16Array(patterns.buffer);
    const shape = [64, 1024];
    const exact = weightOf(shape, new Float32Array(halves));
    const half: WeightEntry = {
      ...exact,
      dtype: "F16",
      exactType: "float16",
      read(type, start = 0, count = halves.length - start) {
        assert.equal(type, "float16");
        return new Uint8Array(halves.slice(start, start + count).buffer);
      },
    };
    for (const scaleType of ["float32", "float16"] as const) {
      const [a, b] = [exact, half].map((entry) => quantizeWeight(entry, { bits, scaleType }));
      assert.deepEqual(b!.scales.read("float32"), a!.scales.read("float32"));
      const size = shape[0]! * shape[1]! * bits / 8;
      assert.deepEqual(b!.packed.readBytes(0, size), a!.packed.readBytes(0, size));
    }
  });

  Deno.test(`both halves of ${bits} bits may be read in any order, and again`, () => {
    const values = scatter(4 * 96, 7);
    const quantize = () =>
      quantizeWeight(weightOf([4, 96], values), { bits, scaleType: "float16" });
    const fresh = {
      scales: quantize().scales.read("float16").slice(),
      packed: quantize().packed.readBytes(0, 4 * 96 * bits / 8),
    };
    const { scales, packed } = quantize();
    const parts = ["scales", "packed", "packed", "scales", "scales", "packed", "scales"] as const;
    for (const part of parts) {
      const read = part === "scales"
        ? scales.read("float16")
        : packed.readBytes(0, fresh.packed.length);
      assert.deepEqual(read.slice(), fresh[part]);
      assert.deepEqual(scales.read("float16", 3, 5), fresh.scales.slice(6, 16));
    }
  });
}

/** x W^T + b in float64, with the dequantized weight. */
function oracle(x: Float32Array, weight: Float64Array, bias: Float32Array): Float64Array {
  return Float64Array.from({ length: M * N }, (_, i) => {
    const [row, output] = [Math.floor(i / N), i % N];
    let sum = bias[output]!;
    for (let k = 0; k < K; k++) sum += x[row * K + k]! * weight[output * K + k]!;
    return sum;
  });
}

for (const bits of ALL_BITS) {
  const weights = new RandomWeights({ seed: 5 });
  const [entry, bias] = [weights.get("a.weight", [N, K]), weights.get("a.bias", [N])];
  const x = { data: scatter(M * K), shape: [3, M / 3, K] };
  const build = (precision: FloatType) => {
    const graph = linearGraph(entry, bias, precision);
    const quantized = quantizeLinears(graph, { weightBits: bits, minSize: 0 });
    assert.deepEqual(
      quantized.nodes.filter(({ op }) => op !== "Cast").map(({ op }) => op),
      ["Reshape", "MatMulNBits", "Reshape", "Identity"].slice(0, precision === "float16" ? 3 : 4),
    );
    return quantized;
  };
  const expected = (precision: FloatType) =>
    oracle(x.data, dequantize(entry, bits, precision), floats(bias.read("float32")));

  Deno.test(`linear layers of ${bits} bits agree with their definition on the CPU`, async () => {
    const { y } = await runGraph(build("float32"), { x });
    assertAllClose(y!.data as Float32Array, expected("float32"), { atol: 1e-5 });
  });

  for (const precision of ["float32", "float16"] as const) {
    gpuTest(`linear layers of ${bits} bits agree on WebGPU, in ${precision}`, async (gpu) => {
      using tensor = GpuTensor.from(gpu, x.data, x.shape, "x");
      await using session = await new OrtSessions({ runtime: "webgpu", gpu }).load(
        build(precision),
      );
      const { outputs: { y } } = await session.run({ x: tensor });
      using result = y!;
      // float16: sums of 96 products near 1, each with a relative error up to 2^-11.
      const atol = precision === "float32" ? 1e-5 : 4e-3;
      assertAllClose(await result.read(), expected(precision), { atol });
    });
  }
}

Deno.test("quantizeLinears() skips small weights, shared weights and odd widths", () => {
  const weights = new RandomWeights();
  const g = new GraphBuilder("test");
  const x = g.input("x", [2, 64]);
  const shared = g.weight(weights.get("shared", [64, 64]), [64, 64]);
  const twice = g.linear(g.linear(x, shared), shared);
  const odd = g.linear(twice, g.weight(weights.get("odd", [40, 64]), [40, 64]));
  const narrow = g.linear(odd, g.weight(weights.get("narrow", [64, 40]), [64, 40]));
  g.output("y", narrow);
  const graph = g.build();
  const names = (bits?: WeightBits, minSize = 0) =>
    quantizeLinears(graph, { weightBits: bits, minSize }).weights.map(({ value }) => value.name);
  assert.deepEqual(names(8), ["shared", "narrow", "odd.q8", "odd.q8_scale"]);
  assert.deepEqual(names(4, 64 * 40 + 1), ["shared", "odd", "narrow"]);
  assert.equal(quantizeLinears(graph, {}), graph);
});
