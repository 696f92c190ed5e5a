import assert from "node:assert/strict";
import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import type { Graph } from "../../../lib/onnx/graph/graph.ts";
import type { HostTensor } from "../../../lib/onnx/runtime/session.ts";
import { openModelFolder } from "../../../lib/weights/open_model_folder.ts";
import { StateDict } from "../../../lib/weights/state_dict.ts";
import { goldenPath, type GoldenTensor } from "../../support/goldens.ts";
import { OrtSessions } from "../../../lib/onnx/runtime/ort_sessions.ts";

/** The teacher of the reference tensors. */
export const teacher = openModelFolder(goldenPath("tiny-sdxl"));

/** Max norm of the difference, relative to the norm of the expected values. */
const TOLERANCE = 1e-3;

/** Opens the weights of a network of the teacher. The caller disposes of them. */
export function openWeights(subfolder: string): Promise<StateDict> {
  return StateDict.open(teacher, subfolder);
}

/** Returns |actual - expected| / |expected|. */
export function relativeNorm(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  assert.equal(actual.length, expected.length, "numbers of values differ");
  let [error, norm] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    error += (actual[i]! - expected[i]!) ** 2;
    norm += expected[i]! ** 2;
  }
  return Math.sqrt(error / norm);
}

/** Asserts that a result has the expected shape and, within a small relative norm, the values. */
export function assertAgrees(
  actual: HostTensor,
  expected: GoldenTensor,
  options: { readonly name: string; readonly tolerance?: number },
): void {
  const { name, tolerance = TOLERANCE } = options;
  assert.deepEqual([...actual.shape], [...expected.shape], name);
  const error = relativeNorm(actual.data as Float32Array, expected.data);
  assert.ok(error < tolerance, `${name}: relative norm of the difference is ${error}`);
}

/** Runs a graph once on WebGPU; 64-bit integers stay in host memory. */
export async function runOnWebgpu(
  gpu: Gpu,
  graph: Graph,
  feeds: Readonly<Record<string, HostTensor>>,
): Promise<Record<string, HostTensor>> {
  using tensors = new DisposableStack();
  const given = Object.entries(feeds).map(([name, { data, shape }]) => [
    name,
    data instanceof Float32Array
      ? tensors.use(GpuTensor.from(gpu, data, shape, name))
      : { data, shape },
  ]);
  await using session = await new OrtSessions({ runtime: "webgpu", gpu }).load(graph);
  const { outputs } = await session.run(Object.fromEntries(given));
  const results: Record<string, HostTensor> = {};
  for (const [name, tensor] of Object.entries(outputs)) {
    results[name] = { data: await tensors.use(tensor).read(), shape: tensor.shape };
  }
  return results;
}
