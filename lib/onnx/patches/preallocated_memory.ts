/** The memory that onnxruntime-web 1.30.0 creates: from 16 MB to 4 GB, in pages of 64 KiB. */
const ORT_MEMORY = { initial: 256, maximum: 65_536, shared: true } as const;

/** Max pages whose size in bytes is a 32-bit integer: 4 GB less one page. */
const MAX_PAGES = 65_535;

/** Pages to use if the system refuses that many: 1 GB. */
const FALLBACK_PAGES = 16_384;

/** A patch that waits until onnxruntime has created its memory. */
export interface MemoryPatch extends Disposable {
  /** Whether a memory was created since. */
  readonly isDone: boolean;
}

/** Patches that still wait, oldest first. */
const waiting = new Set<MemoryPatch>();
let original: typeof WebAssembly.Memory | undefined;

/**
 * Lets onnxruntime create its memory with all pages that it may ever have.
 *
 * If that memory grows during a run, Deno 2.9.6 may leave the run in an endless loop, with one
 * thread as with several. A preallocated memory never grows, and its pages cost nothing until they
 * are written.
 *
 * onnxruntime takes no memory from outside, and creates it some time after its first call, so
 * `WebAssembly.Memory` is replaced until then: for the first load of a runtime only, and only as
 * long as the memory is not there. Memories of another description are not changed meanwhile.
 *
 * @returns The patch. It ends with the memory, at the latest when it is disposed of. With several
 * patches, the last one that ends restores `WebAssembly.Memory`.
 */
export function preallocateMemory(): MemoryPatch {
  const patch: MemoryPatch = {
    get isDone() {
      return !waiting.has(patch);
    },
    [Symbol.dispose]: () => end(patch),
  };
  waiting.add(patch);
  if (original === undefined) replaceMemory();
  return patch;
}

function end(patch: MemoryPatch | undefined): void {
  if (patch) waiting.delete(patch);
  if (waiting.size > 0 || original === undefined) return;
  WebAssembly.Memory = original;
  original = undefined;
}

function replaceMemory(): void {
  const { Memory } = WebAssembly;
  original = Memory;
  WebAssembly.Memory = new Proxy(Memory, {
    construct(_, [descriptor]: [WebAssembly.MemoryDescriptor]) {
      if (!isOrtMemory(descriptor)) return new Memory(descriptor);
      end([...waiting][0]);
      return createPreallocated(Memory, descriptor);
    },
  });
}

function isOrtMemory({ initial, maximum, shared }: WebAssembly.MemoryDescriptor): boolean {
  return initial === ORT_MEMORY.initial && maximum === ORT_MEMORY.maximum &&
    shared === ORT_MEMORY.shared;
}

function createPreallocated(
  Memory: typeof WebAssembly.Memory,
  descriptor: WebAssembly.MemoryDescriptor,
): WebAssembly.Memory {
  for (const initial of [MAX_PAGES, FALLBACK_PAGES]) {
    try {
      return new Memory({ ...descriptor, initial });
    } catch {
      // The system refuses so many pages.
    }
  }
  return new Memory(descriptor);
}
