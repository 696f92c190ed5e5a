import assert from "node:assert/strict";
import { encodeArgmax } from "../../../kernels/generator/argmax.ts";
import { encodeRemoveOrphans, removeOrphans } from "../../../kernels/generator/remove_orphans.ts";
import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { assertKernelStruct } from "../../support/assert_kernel_struct.ts";
import { gpuTest } from "../../support/gpu_test.ts";

async function removeOrphansOf(
  gpu: Gpu,
  values: Float32Array,
  shape: readonly number[],
  margin: number,
) {
  const size = shape.slice(0, 2);
  using logits = GpuTensor.from(gpu, values, shape, "logits");
  using indices = GpuTensor.zeros(gpu, size, "indices", "u32");
  using cleaned = GpuTensor.zeros(gpu, size, "cleaned", "u32");
  gpu.submit((pass) => {
    encodeArgmax(pass, { logits, indices });
    encodeRemoveOrphans(pass, { logits, indices, cleaned }, { margin });
  });
  return { indices: [...await indices.readU32()], cleaned: [...await cleaned.readU32()] };
}

/** The same, pixel by pixel, in float64. */
function oracle(values: Float32Array, [height, width, classes]: number[], margin: number) {
  const logit = (p: number, k: number) => values[p * classes! + k]!;
  const indices = Array.from({ length: height! * width! }, (_, p) => {
    const row = Array.from({ length: classes! }, (_, k) => logit(p, k));
    return row.indexOf(Math.max(...row));
  });
  return indices.map((own, p) => {
    const [y, x] = [Math.floor(p / width!), p % width!];
    const near = [[y - 1, x], [y + 1, x], [y, x - 1], [y, x + 1]]
      .filter(([b, a]) => b! >= 0 && a! >= 0 && b! < height! && a! < width!)
      .map(([b, a]) => indices[b! * width! + a!]!);
    if (near.includes(own)) return own;
    const best = near.toSorted((a, b) => logit(p, b) - logit(p, a))[0];
    return best !== undefined && logit(p, own) - logit(p, best) < margin ? best : own;
  });
}

Deno.test("remove_orphans lists the fields of its WGSL", () => assertKernelStruct(removeOrphans));

gpuTest("encodeRemoveOrphans() equals the oracle", async (gpu) => {
  const shape = [19, 23, 5];
  const values = Float32Array.from({ length: 19 * 23 * 5 }, (_, i) => 2 * Math.sin(i * i * 0.37));
  for (const margin of [0, 0.4, 1.5, 100]) {
    const { indices, cleaned } = await removeOrphansOf(gpu, values, shape, margin);
    const expected = oracle(values, shape, margin);
    assert.deepEqual(cleaned, expected);
    assert.equal(cleaned.some((k, i) => k !== indices[i]), margin > 0);
  }
});

gpuTest(
  "encodeRemoveOrphans() keeps a pixel of high certainty, and a picture of one pixel",
  async (gpu) => {
    // A row of three: the middle one differs by 1, then by 3.
    const row = (difference: number) => Float32Array.of(5, 0, 0, difference, 5, 0);
    assert.deepEqual((await removeOrphansOf(gpu, row(1), [1, 3, 2], 2)).cleaned, [0, 0, 0]);
    assert.deepEqual((await removeOrphansOf(gpu, row(3), [1, 3, 2], 2)).cleaned, [0, 1, 0]);
    assert.deepEqual((await removeOrphansOf(gpu, Float32Array.of(0, 1), [1, 1, 2], 2)).cleaned, [
      1,
    ]);
  },
);

gpuTest("encodeRemoveOrphans() names what does not fit", (gpu) => {
  using logits = GpuTensor.zeros(gpu, [2, 2, 3], "logits");
  using indices = GpuTensor.zeros(gpu, [2, 2], "indices", "u32");
  using floats = GpuTensor.zeros(gpu, [2, 2], "floats");
  using few = GpuTensor.zeros(gpu, [3], "few", "u32");
  const record = (cleaned: GpuTensor) =>
    gpu.submit((pass) => encodeRemoveOrphans(pass, { logits, indices, cleaned }, { margin: 1 }));
  assert.throws(() => record(floats), /expected "floats" of type u32, got f32/);
  assert.throws(() => record(few), /few/);
});
