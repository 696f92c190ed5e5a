import assert from "node:assert/strict";
import { shapeSize } from "../../../kernels/gpu/shape_size.ts";
import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { overrideShader } from "../../../lib/patches/shader_overrides.ts";
import type { Graph, Value } from "../../../lib/onnx/graph/graph.ts";
import { GraphBuilder } from "../../../lib/onnx/graph/graph_builder.ts";
import type { FloatType } from "../../../lib/weights/float16.ts";
import { gpuTest } from "../../support/gpu_test.ts";
import { runGraph, scatter } from "../onnx/run_graph.ts";
import { OrtSessions } from "../../../lib/onnx/runtime/ort_sessions.ts";

/** An operator, the shapes of its operands, and the shader that onnxruntime has for it. */
interface Case {
  readonly shader: string;
  readonly shapes: readonly (readonly number[])[];
  build(g: GraphBuilder, operands: readonly Value[]): Value;
}

const linear: Case["build"] = (g, [x, w, b]) => g.gemm(x!, w!, b, { transB: true });
const product: Case["build"] = (g, [a, b]) => g.matMul(a!, b!);
const conv = (strides: number): Case["build"] => (g, [x, w, b]) =>
  g.conv(x!, w!, b, { pads: w!.shape[2]! >> 1, strides });
/** Queries are made by a node, since onnxruntime joins projections to attention. */
const attention = (heads: number): Case["build"] => (g, [q, k, v]) =>
  g.attention(g.mul(q!, 2), k!, v!, { heads });

/** Shapes that are no multiples of a tile, with few tiles (32 x 32) and with many (32 x 64). */
const CASES: Readonly<Record<string, Case>> = {
  "a linear layer": { shader: "Gemm", shapes: [[77, 100], [68, 100], [68]], build: linear },
  "a large linear layer": {
    shader: "Gemm",
    shapes: [[2100, 24], [1004, 24], [1004]],
    build: linear,
  },
  "a linear layer without bias": { shader: "Gemm", shapes: [[40, 36], [64, 36]], build: linear },
  "a product": { shader: "MatMul", shapes: [[1, 40, 36], [36, 72]], build: product },
  "a large product": { shader: "MatMul", shapes: [[2, 1000, 20], [20, 1060]], build: product },
  "products of a batch": { shader: "MatMul", shapes: [[6, 40, 36], [6, 36, 72]], build: product },
  "products of a batch of batches": {
    shader: "MatMul",
    shapes: [[2, 3, 40, 36], [3, 36, 72]],
    build: product,
  },
  "a convolution": {
    shader: "Conv2dMM",
    shapes: [[2, 20, 12, 9], [36, 20, 3, 3], [36]],
    build: conv(1),
  },
  "a large convolution": {
    shader: "Conv2dMM",
    shapes: [[2, 8, 130, 131], [8, 8, 3, 3], [8]],
    build: conv(1),
  },
  "a convolution with strides": {
    shader: "Conv2dMM",
    shapes: [[2, 32, 16, 16], [40, 32, 3, 3], [40]],
    build: conv(2),
  },
  "attention": {
    shader: "FlashAttention",
    shapes: [[2, 70, 128], [2, 77, 128], [2, 77, 128]],
    build: attention(2),
  },
  "attention with narrow heads": {
    shader: "FlashAttention",
    shapes: [[1, 130, 96], [1, 64, 96], [1, 64, 96]],
    build: attention(3),
  },
};

function graphOf({ shapes, build }: Case, precision: FloatType): Graph {
  const g = new GraphBuilder("operator", { precision });
  g.output("y", build(g, shapes.map((shape, i) => g.input(`x${i}`, shape))));
  return g.build();
}

/** What only our shaders have. */
const OUR_NAMES: Readonly<Record<string, readonly RegExp[]>> = {
  Gemm: [/var<workgroup> wide_a/, /let start = min\(u32\(row\)[^}]*\bb\[start/],
  MatMul: [/var<workgroup> wide_a/],
  Conv2dMM: [/var<workgroup> wide_a/, /let shift = i32.*[^}]*let xCh = col - shift/],
  FlashAttention: [/var highest = qk_min_value/],
};

/** Runs a graph on the GPU and returns the labels of the shaders that were overridden. */
async function run(gpu: Gpu, graph: Graph, values: readonly Float32Array<ArrayBuffer>[]) {
  const overridden = new Set<string>();
  const { createShaderModule } = gpu.device;
  gpu.device.createShaderModule = (descriptor) => {
    const names = OUR_NAMES[descriptor.label ?? ""];
    if (names?.every((name) => name.test(descriptor.code))) overridden.add(descriptor.label!);
    return createShaderModule.call(gpu.device, descriptor);
  };
  using feeds = new DisposableStack();
  await using session = await new OrtSessions({ runtime: "webgpu", gpu }).load(graph);
  const named = Object.fromEntries(
    graph.inputs.map(({ name, shape }, i) => [
      name,
      feeds.use(GpuTensor.from(gpu, values[i]!, shape, name)),
    ]),
  );
  using y = (await session.run(named)).outputs["y"]!;
  return { y: await y.read(), overridden };
}

// Float16 rounds operands and result, and sums of 16 products, each by 2^-12 on average at most.
for (const [precision, tolerance] of [["float32", 2e-6], ["float16", 1.5e-3]] as const) {
  for (const [name, one] of Object.entries(CASES)) {
    gpuTest(`an overridden shader computes ${name} in ${precision}`, async (gpu) => {
      const values = one.shapes.map((shape, i) =>
        new Float32Array(scatter(shapeSize(shape), i + 1))
      );
      const { y, overridden } = await run(gpu, graphOf(one, precision), values);
      assert.ok(overridden.has(one.shader), `overridden: ${[...overridden].join(", ")}`);
      const { y: expected } = await runGraph(
        graphOf(one, "float32"),
        Object.fromEntries(values.map((data, i) => [`x${i}`, { data, shape: one.shapes[i]! }])),
      );
      const exact = expected!.data as Float32Array;
      const [error, norm] = y.reduce(
        ([error, norm], value, i) => [error! + (value - exact[i]!) ** 2, norm! + exact[i]! ** 2],
        [0, 0],
      );
      assert.ok(Math.sqrt(error! / norm!) < tolerance, `error ${Math.sqrt(error! / norm!)}`);
    });
  }
}

Deno.test("overrideShader() returns other shaders unchanged", () => {
  for (const code of ["", "@compute @workgroup_size(64) fn main() {}"]) {
    assert.equal(overrideShader(code), code);
  }
});
