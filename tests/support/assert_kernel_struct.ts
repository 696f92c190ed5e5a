import assert from "node:assert/strict";
import type { Kernel } from "../../kernels/gpu/kernel.ts";
import { shaderText } from "../../kernels/gpu/shader_text.ts";

/** Asserts that a kernel's params and tensors are those of its WGSL, in order. */
export function assertKernelStruct(kernel: Kernel): void {
  const { name, params, tensors } = kernel;
  const text = shaderText(kernel);
  const body = /struct Params \{([^}]*)\}/.exec(text)?.[1] ?? "";
  const fields = [...body.matchAll(/(\w+):\s*(u32|i32|f32),/g)].map((
    [, field, type],
  ) => [field, type]);
  assert.deepEqual(fields, Object.entries(params), `fields of kernel "${name}"`);
  const bindings = [...text.matchAll(/@binding\((\d+)\) var<storage, (\w+)>/g)];
  assert.deepEqual(
    bindings.map(([, binding, access]) => [Number(binding), access]),
    tensors.map((access, i) => [i + 1, access]),
    `tensors of kernel "${name}"`,
  );
}
