import assert from "node:assert/strict";
import { DeviceLostError } from "../../../kernels/gpu/device.ts";
import { Gpu } from "../../../kernels/gpu/gpu.ts";
import { defineKernel, encodeParams, workgroupsFor } from "../../../kernels/gpu/kernel.ts";
import { ShaderError } from "../../../kernels/gpu/shader_error.ts";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { gpuTest } from "../../support/gpu_test.ts";

const scale = defineKernel({
  name: "scale",
  source: `
    override WORKGROUP_SIZE: u32;
    struct Params { size: u32, factor: f32, }
    @group(0) @binding(0) var<uniform> params: Params;
    @group(0) @binding(1) var<storage, read> x: array<f32>;
    @group(0) @binding(2) var<storage, read_write> y: array<f32>;
    @compute @workgroup_size(WORKGROUP_SIZE)
    fn main(
      @builtin(global_invocation_id) id: vec3u,
      @builtin(num_workgroups) groups: vec3u,
    ) {
      let i = id.x + id.y * groups.x * WORKGROUP_SIZE;
      if (i >= params.size) { return; }
      y[i] = params.factor * x[i];
    }`,
  params: { size: "u32", factor: "f32" },
  tensors: ["read", "read_write"],
});

gpuTest("Gpu.submit() runs kernels in order, each with its own params", async (gpu) => {
  using x = GpuTensor.from(gpu, Float32Array.of(1, 2, 3), [3], "x");
  using y = GpuTensor.zeros(gpu, [3], "y");
  using z = GpuTensor.zeros(gpu, [3], "z");
  using copied = GpuTensor.zeros(gpu, [3], "copied");
  await gpu.compile(scale);
  gpu.submit((pass) => {
    pass.dispatch(scale, [x, y], { size: 3, factor: 2 }, 3);
    pass.dispatch(scale, [y, z], { size: 3, factor: 10 }, 3);
    pass.copy(z, copied);
    pass.dispatch(scale, [x, z], { size: 2, factor: 0 }, 3);
  });
  assert.deepEqual([...await copied.read()], [20, 40, 60]);
  assert.deepEqual([...await z.read()], [0, 0, 60]);
});

gpuTest("Gpu.submit() spreads many invocations over two axes", async (gpu) => {
  const size = 64 * 65_535 + 77;
  using x = GpuTensor.from(gpu, new Float32Array(size).fill(1), [size], "x");
  using y = GpuTensor.zeros(gpu, [size], "y");
  gpu.submit((pass) => pass.dispatch(scale, [x, y], { size, factor: 3 }, size));
  const values = await y.read();
  assert.ok(values.every((value) => value === 3));
});

gpuTest("Gpu.compile() names the file, the line and the column of an error", async (gpu) => {
  const first = { file: "first.wgsl", source: "const ONE = 1.0;\n\n// No line break at the end." };
  const faulty = {
    file: "faulty.wgsl",
    source: "\nfn half(x: f32) -> f32 {\n  return x * HALF;\n}\n",
  };
  const broken = { ...scale, name: "broken", source: "\nfn main( {" };
  for (
    const [kernel, expected] of [
      [broken, /^Cannot compile kernel "broken": broken\.wgsl:2:\d+: expected .+ found "\{"$/],
      [{ ...broken, prelude: [first] }, /^Cannot compile kernel "broken": broken\.wgsl:2:/],
      [{ ...scale, prelude: [first, faulty] }, /^Cannot compile kernel "scale": faulty\.wgsl:3:/],
    ] as const
  ) {
    gpu.device.pushErrorScope("validation");
    const error = await gpu.compile(kernel).then(() => undefined, (error) => error);
    await gpu.device.popErrorScope();
    assert.ok(error instanceof ShaderError);
    assert.match(error.message, expected);
    assert.match(error.diagnostics, /\n {2}(fn main\( \{|return x \* HALF;)$/);
  }
});

gpuTest("a kernel uses the functions of its preludes", async (gpu) => {
  const double = { file: "double.wgsl", source: "fn double(x: f32) -> f32 { return 2 * x; }" };
  const kernel = defineKernel({
    ...scale,
    name: "scale_double",
    source: scale.source.replace("x[i]", "double(x[i])"),
    prelude: [double],
  });
  using x = GpuTensor.from(gpu, Float32Array.of(1, 2, 3), [3], "x");
  using y = GpuTensor.zeros(gpu, [3], "y");
  await gpu.compile(kernel);
  gpu.submit((pass) => pass.dispatch(kernel, [x, y], { size: 3, factor: 5 }, 3));
  assert.deepEqual([...await y.read()], [10, 20, 30]);
});

Deno.test("Gpu throws DeviceLostError when the device is gone", async () => {
  const gpu = await Gpu.request();
  const x = GpuTensor.zeros(gpu, [4], "x");
  // Later readings take values early, see Readback.
  await x.read();
  await x.read();
  gpu.device.destroy();
  await gpu.device.lost;
  await assert.rejects(x.read(), DeviceLostError);
  assert.throws(() => gpu.submit(() => undefined), DeviceLostError);
});

gpuTest("Pass.dispatch() names what does not fit", (gpu) => {
  using x = GpuTensor.zeros(gpu, [4], "x");
  const record = (tensors: GpuTensor[], factor = 1) =>
    gpu.submit((pass) => pass.dispatch(scale, tensors, { size: 4, factor }, 4));
  assert.throws(() => record([x]), /"scale": expected 2 tensors, got 1/);
  assert.throws(() => record([x, x]), /tensor "x" is bound twice/);
  assert.throws(() => encodeParams(scale, { size: -1, factor: 1 }), /"size" must be of type u32/);
  assert.throws(() => encodeParams(scale, { size: 1 }), /param "factor" is missing/);
});

gpuTest("Gpu.resources holds each tensor until it is disposed of", (gpu) => {
  const list = () => [...gpu.resources].map(({ label, byteLength }) => [label, byteLength]);
  {
    using _x = GpuTensor.zeros(gpu, [2, 3], "x");
    using _y = GpuTensor.from(gpu, Uint32Array.of(1), [], "y");
    assert.deepEqual(list(), [["x", 24], ["y", 4]]);
  }
  assert.deepEqual(list(), []);
});

gpuTest("GpuTensor checks sizes and types", async (gpu) => {
  assert.throws(() => GpuTensor.from(gpu, new Float32Array(3), [2, 2], "x"), /expected 4 values/);
  using counts = GpuTensor.from(gpu, Uint32Array.of(1, 2), [2], "counts");
  assert.equal(counts.dtype, "u32");
  assert.throws(() => counts.write(new Float32Array(2)), /2 values of type u32/);
  await assert.rejects(counts.read(), /it is u32/);
  assert.deepEqual([...await counts.readU32()], [1, 2]);
});

Deno.test("workgroupsFor() covers every invocation within the limits", () => {
  for (const count of [1, 64, 65, 64 * 65_535, 64 * 65_535 + 1, 2 ** 27]) {
    const [x, y] = workgroupsFor(count);
    assert.ok(x <= 65_535 && y <= 65_535 && x * y * 64 >= count);
  }
});
