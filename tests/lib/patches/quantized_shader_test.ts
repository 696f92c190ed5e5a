import assert from "node:assert/strict";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { GraphBuilder } from "../../../lib/onnx/graph/graph_builder.ts";
import { quantizeLinears } from "../../../lib/onnx/rewrite/quantize_linears.ts";
import type { WeightBits } from "../../../lib/onnx/rewrite/quantize_blocks.ts";
import { OrtSessions } from "../../../lib/onnx/runtime/ort_sessions.ts";
import { overrideQuantizedShader } from "../../../lib/patches/quantized_shader.ts";
import type { FloatType } from "../../../lib/weights/float16.ts";
import { RandomWeights } from "../../../lib/weights/random_weights.ts";
import { gpuTest } from "../../support/gpu_test.ts";
import { dequantize, floats } from "../onnx/rewrite/dequantize.ts";
import { scatter } from "../onnx/run_graph.ts";

/** Rows, products in a sum, columns: no multiples of a tile. */
interface Case {
  readonly sizes: readonly [M: number, K: number, N: number];
  readonly hasBias: boolean;
}

const CASES: Readonly<Record<string, Case>> = {
  "tiles of 64 x 64": { sizes: [130, 96, 200], hasBias: true },
  "tiles of 64 x 64, without bias": { sizes: [200, 64, 136], hasBias: false },
  // onnxruntime has fewer workgroups than there are tiles of 64 x 64.
  "flat tiles": { sizes: [14, 160, 300], hasBias: true },
  "flat tiles, without bias": { sizes: [11, 32, 65], hasBias: false },
};

for (const bits of [4, 8] as const satisfies readonly WeightBits[]) {
  // Float16 rounds operands, result, and sums of 16 products.
  for (const [precision, tolerance] of [["float32", 2e-6], ["float16", 1.5e-3]] as const) {
    for (const [name, one] of Object.entries(CASES)) {
      gpuTest(`${bits} bits in ${precision} are multiplied in ${name}`, async (gpu) => {
        const { graph, expected, x } = makeCase(one, bits, precision);
        let overridden = 0;
        const { createShaderModule } = gpu.device;
        gpu.device.createShaderModule = (descriptor) => {
          if (descriptor.code.includes("var<workgroup> flat_a")) overridden++;
          return createShaderModule.call(gpu.device, descriptor);
        };
        await using session = await new OrtSessions({ runtime: "webgpu", gpu }).load(graph);
        using tensor = GpuTensor.from(gpu, x, [one.sizes[0], one.sizes[1]], "x");
        using y: GpuTensor = (await session.run({ x: tensor })).outputs["y"]!;
        assert.equal(overridden, 1);
        const values = await y.read();
        let [error, norm] = [0, 0];
        for (const [i, value] of values.entries()) {
          error += (value - expected[i]!) ** 2;
          norm += expected[i]! ** 2;
        }
        assert.ok(Math.sqrt(error / norm) < tolerance, `error ${Math.sqrt(error / norm)}`);
      });
    }
  }
}

/** Returns a quantized layer, its input, and its output by the definition of MatMulNBits. */
function makeCase({ sizes: [M, K, N], hasBias }: Case, bits: WeightBits, precision: FloatType) {
  const weights = new RandomWeights({ seed: 5 });
  const [entry, bias] = [weights.get("a.weight", [N, K]), weights.get("a.bias", [N])];
  const g = new GraphBuilder("layer", { precision });
  const offsets = hasBias ? g.weight(bias, [N]) : undefined;
  g.output("y", g.linear(g.input("x", [M, K]), g.weight(entry, [N, K]), offsets));
  const graph = quantizeLinears(g.build(), { weightBits: bits, minSize: 0 });
  const x = new Float32Array(scatter(M * K));
  const [values, added] = [dequantize(entry, bits, precision), floats(bias.read("float32"))];
  const expected = Float64Array.from({ length: M * N }, (_, i) => {
    const [row, column] = [Math.floor(i / N), i % N];
    let sum = hasBias ? added[column]! : 0;
    for (let k = 0; k < K; k++) sum += x[row * K + k]! * values[column * K + k]!;
    return sum;
  });
  return { graph, x, expected };
}

Deno.test("overrideQuantizedShader() does not recognize other shaders", () => {
  for (const code of ["", "const kTileM : u32 = 32;\n@compute @workgroup_size(64) fn main() {}"]) {
    assert.equal(overrideQuantizedShader(code), undefined);
  }
});
