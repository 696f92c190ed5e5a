import type { Gpu } from "../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../kernels/gpu/tensor.ts";
import type { HostTensor, SessionLoader } from "../onnx/runtime/session.ts";
import type { Graph } from "../onnx/graph/graph.ts";
import type { ModelFolder } from "../weights/model_folder.ts";
import type { ReferenceFile, ReferenceTensor } from "./reference_file.ts";
import type { TokenFile } from "./token_file.ts";
import type { VerifyLine } from "./verify_line.ts";
import { asFloatTensor, type FloatTensor } from "../onnx/runtime/float_tensor.ts";

/** What there is to compare with, and what computes. */
export interface Verification {
  /** The reference tensors. */
  readonly file: ReferenceFile;
  /** Where it lies, beside others and small networks. */
  readonly folder: ModelFolder;
  /** The teacher that made them. */
  readonly teacher: ModelFolder;
  /** Prompts and their tokens; undefined if the folder has none. */
  readonly tokens: TokenFile | undefined;
  /** Device of the kernels. */
  readonly gpu: Gpu;
  /** Loads the networks. */
  readonly sessions: SessionLoader;
}

/** Computes what a file of reference tensors holds, and compares. */
export type Verify = (verification: Verification) => AsyncIterable<VerifyLine>;

/** Loads a network, runs it once and releases it. */
export async function runOnce(
  { sessions }: Pick<Verification, "sessions">,
  graph: Graph,
  feeds: Readonly<Record<string, HostTensor>>,
): Promise<Record<string, FloatTensor>> {
  await using session = await sessions.load(graph);
  const { outputs } = await session.runHost(feeds);
  return floatTensors(outputs);
}

/**
 * Returns the outputs of a network as float32.
 *
 * @throws {TypeError} If one has another type.
 */
export function floatTensors(
  outputs: Readonly<Record<string, HostTensor>>,
): Record<string, FloatTensor> {
  return Object.fromEntries(
    Object.entries(outputs).map(([name, tensor]) => [name, asFloatTensor(tensor)]),
  );
}

/** Tensors on the GPU that are freed together. */
export class GpuTensors implements Disposable {
  readonly #gpu: Gpu;
  readonly #owned = new DisposableStack();

  /** Begins with none. */
  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  /** Creates a tensor of reference values. */
  from({ data, shape }: ReferenceTensor | FloatTensor, label = "reference"): GpuTensor {
    return this.#owned.use(GpuTensor.from(this.#gpu, data, shape, label));
  }

  /** Creates a tensor for results. */
  zeros(shape: readonly number[], label = "result"): GpuTensor {
    return this.#owned.use(GpuTensor.zeros(this.#gpu, shape, label));
  }

  /** Frees them. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}
