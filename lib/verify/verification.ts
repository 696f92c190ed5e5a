import type { Gpu } from "../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../kernels/gpu/tensor.ts";
import type { HostTensor, SessionLoader } from "../onnx/runtime/session.ts";
import type { Graph } from "../onnx/graph/graph.ts";
import type { ModelFolder } from "../weights/model_folder.ts";
import type { ReferenceFile, ReferenceTensor } from "./reference_file.ts";
import type { TokenFile } from "./token_file.ts";
import type { TensorComparison } from "./tensor_comparison.ts";
import { asFloatTensor, type FloatTensor } from "../onnx/runtime/float_tensor.ts";

/** Inputs of a verification; all of them are borrowed. */
export interface Verification {
  /** The reference tensors. */
  readonly file: ReferenceFile;
  /** The folder of the file, with other files and small networks. */
  readonly folder: ModelFolder;
  /** The teacher that the tensors come from. */
  readonly teacher: ModelFolder;
  /** Prompts and their tokens; undefined if the folder has none. */
  readonly tokens: TokenFile | undefined;
  /** Device of the kernels. */
  readonly gpu: Gpu;
  /** Loads the networks. */
  readonly sessions: SessionLoader;
}

/** Computes the tensors of a reference file and compares them. */
export type Verify = (verification: Verification) => AsyncIterable<TensorComparison>;

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

  /** Starts without tensors. */
  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  /** Creates a tensor of reference values. */
  from({ data, shape }: ReferenceTensor | FloatTensor, label = "reference"): GpuTensor {
    return this.#owned.use(GpuTensor.from(this.#gpu, data, shape, label));
  }

  /** Creates a tensor for a result. */
  zeros(shape: readonly number[], label = "result"): GpuTensor {
    return this.#owned.use(GpuTensor.zeros(this.#gpu, shape, label));
  }

  /** Frees the tensors. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}
