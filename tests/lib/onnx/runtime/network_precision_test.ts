import assert from "node:assert/strict";
import {
  choosePrecision,
  precisionName,
  preferredFile,
} from "../../../../lib/onnx/runtime/network_precision.ts";

const gpuOf = (isSoftware: boolean, ...features: string[]) => ({
  isSoftware,
  device: { features: new Set(features) },
});
const HARDWARE = gpuOf(false, "shader-f16");
const SOFTWARE = gpuOf(true, "shader-f16");
const OLD = gpuOf(false);

Deno.test("choosePrecision() takes float16 on hardware that can, else float32", () => {
  const choose = (gpu: typeof OLD, runtime: "webgpu" | "wasm" | "native") =>
    choosePrecision("auto", { gpu, runtime });
  assert.deepEqual(choose(HARDWARE, "webgpu"), { precision: "float16", weightBits: undefined });
  for (
    const [gpu, runtime] of [[OLD, "webgpu"], [SOFTWARE, "webgpu"], [HARDWARE, "wasm"]] as const
  ) {
    assert.deepEqual(choose(gpu, runtime), { precision: "float32", weightBits: undefined });
  }
});

Deno.test("choosePrecision() follows what is asked for, as far as the runtime can", () => {
  const choose = (wanted: "fp32" | "fp16" | "q8" | "q4", gpu = HARDWARE) =>
    choosePrecision(wanted, { gpu, runtime: "webgpu" });
  assert.deepEqual(choose("fp32"), { precision: "float32", weightBits: undefined });
  assert.deepEqual(choose("q8"), { precision: "float16", weightBits: 8 });
  assert.deepEqual(choose("q4"), { precision: "float16", weightBits: 4 });
  assert.deepEqual(choose("q4", OLD), { precision: "float32", weightBits: 4 });
  assert.deepEqual(choose("q8", SOFTWARE), { precision: "float32", weightBits: 8 });
  assert.deepEqual(choose("fp16", SOFTWARE), { precision: "float16", weightBits: undefined });
  assert.deepEqual(choosePrecision("fp16", { gpu: HARDWARE, runtime: "wasm" }), {
    precision: "float32",
    weightBits: undefined,
  });
});

Deno.test("precisionName() and preferredFile() follow the precision", () => {
  const names = ["fp32", "fp16", "q8", "q4"] as const;
  const chosen = names.map((name) => choosePrecision(name, { gpu: HARDWARE, runtime: "webgpu" }));
  assert.deepEqual(chosen.map(precisionName), names);
  assert.deepEqual(chosen.map(preferredFile), ["float32", "float16", "float16", "float16"]);
  assert.equal(preferredFile({ weightBits: 8 }), "float16");
});
