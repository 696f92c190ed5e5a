import { wrapFactory } from "../../patches/module_factory.ts";
import { runtimeFile, wasmFile } from "./runtime_file.ts";
import type { Runtime } from "./session.ts";

// The types of all entry points of the package are these.
type Ort = typeof import("npm:onnxruntime-web@1.30.0");
/** A network that onnxruntime has loaded. */
export type OrtInferenceSession = import("npm:onnxruntime-web@1.30.0").InferenceSession;
/** Options with which onnxruntime loads a network. */
export type OrtSessionOptions =
  import("npm:onnxruntime-web@1.30.0").InferenceSession.SessionOptions;
/** A tensor of onnxruntime. */
export type OrtTensor = import("npm:onnxruntime-web@1.30.0").Tensor;

/** More threads than this are not faster for networks of this size. */
const MAX_THREADS = 8;

/** A loaded onnxruntime. It cannot do two things at a time, so its work is done in order. */
export class OrtRuntime {
  /** The package. */
  readonly ort: Ort;
  #last: Promise<unknown> = Promise.resolve();

  /** Takes over a package that was imported. */
  constructor(ort: Ort) {
    this.ort = ort;
  }

  /** Loads a model. */
  createSession(model: Uint8Array, options: OrtSessionOptions): Promise<OrtInferenceSession> {
    return this.ort.InferenceSession.create(model, options);
  }

  /** Does work after all earlier work is done, even if that failed. */
  runExclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
    return result;
  }
}

const runtimes = new Map<Runtime, Promise<OrtRuntime>>();

/** Imports onnxruntime; once for each runtime, unless that fails. */
export function loadOrtRuntime(runtime: Runtime): Promise<OrtRuntime> {
  let loaded = runtimes.get(runtime);
  if (!loaded) {
    loaded = importOrt(runtime).then((ort) => new OrtRuntime(ort));
    loaded.catch(() => runtimes.delete(runtime));
    runtimes.set(runtime, loaded);
  }
  return loaded;
}

async function importOrt(runtime: Runtime): Promise<Ort> {
  if (runtime === "native") {
    // Not a literal, so that its 288 MB are fetched only if somebody asks for this runtime.
    const specifier = ["npm:onnxruntime-node", "1.30.0"].join("@");
    return await import(specifier);
  }
  const isWebgpu = runtime === "webgpu";
  const [ort, factory] = await Promise.all(
    isWebgpu
      ? [
        import("npm:onnxruntime-web@1.30.0/webgpu"),
        import("npm:onnxruntime-web@1.30.0/ort-wasm-simd-threaded.asyncify.mjs"),
      ]
      // In Deno this is the build for Node, whose threads work; it has no WebGPU.
      : [
        import("npm:onnxruntime-web@1.30.0"),
        import("npm:onnxruntime-web@1.30.0/ort-wasm-simd-threaded.mjs"),
      ],
  );
  ort.env.logLevel = "error";
  ort.env.wasm.numThreads = isWebgpu ? 1 : Math.min(MAX_THREADS, navigator.hardwareConcurrency);
  ort.env.wasm.wasmPaths = wrapFactory(wasmFile(runtime), factory.default);
  return ort as Ort;
}

/**
 * Checks that the file of a runtime may be read, or asks the user. Without this check, onnxruntime
 * prints the error and cannot load anything later.
 */
export async function checkRuntimeFile(runtime: Runtime): Promise<void> {
  const path = runtimeFile(runtime);
  if (path === undefined) return;
  const file = await Deno.open(path);
  file.close();
}
