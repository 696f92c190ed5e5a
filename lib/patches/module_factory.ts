/**
 * The module from which onnxruntime creates its WebAssembly module: the package takes the address
 * of such a module (`env.wasm.wasmPaths.mjs`).
 *
 * onnxruntime-web 1.30.0 does two things when it starts in Deno. It replaces the global `Worker` by
 * that of `node:worker_threads`, which has another interface, and creates all its threads. Then it
 * creates its memory, with few pages; see {@linkcode preallocateMemory}. Both happen in one stretch
 * of synchronous code, which begins when the module's first function is stored in its config, and
 * ends with the memory. So globals are replaced in this stretch only, and no other code sees it.
 *
 * @module
 */
import { preallocateMemory } from "./preallocated_memory.ts";

/** What a factory gets from onnxruntime, and fills. */
export interface ModuleConfig {
  /** Returns the address of the WebAssembly file. */
  locateFile(name: string): string;
  /** The first property that a factory sets. */
  mountExternalData?: unknown;
}

/** Creates a WebAssembly module of onnxruntime. */
export type ModuleFactory = (config: ModuleConfig) => Promise<unknown>;

/** Factories of onnxruntime's builds, by the address of the WebAssembly file. */
const factories = new Map<string, ModuleFactory>();

/**
 * Tells which factory a build of onnxruntime has.
 *
 * @param wasm Address of the build's WebAssembly file.
 * @returns Value for `env.wasm.wasmPaths` of the build.
 */
export function wrapFactory(
  wasm: string,
  factory: ModuleFactory,
): { readonly mjs: string; readonly wasm: string } {
  factories.set(wasm, factory);
  // A package of npm may import no address of a web server, but one of data, which may.
  const code = `export { default } from ${JSON.stringify(import.meta.url)}`;
  return { mjs: `data:text/javascript,${encodeURIComponent(code)}`, wasm };
}

/** Creates the module of the build whose file the config names. onnxruntime calls it. */
export default async function createModule(config: ModuleConfig): Promise<unknown> {
  const create = factories.get(config.locateFile(""));
  if (create === undefined) {
    throw new TypeError("Cannot start onnxruntime: expected a build that was registered");
  }
  using patches = new DisposableStack();
  const { Worker } = globalThis;
  patches.defer(() => globalThis.Worker = Worker);
  onFirstSet(config, "mountExternalData", () => {
    patches.use(preallocateMemory(() => patches.dispose()));
  });
  return await create(config);
}

/** Calls a function when a property is set for the first time. */
function onFirstSet<T extends object, K extends keyof T>(
  target: T,
  name: K,
  onSet: () => void,
): void {
  const flags = { configurable: true, enumerable: true };
  Object.defineProperty(target, name, {
    ...flags,
    set(value: T[K]) {
      Object.defineProperty(target, name, { ...flags, writable: true, value });
      onSet();
    },
  });
}
