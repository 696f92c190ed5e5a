/** The memory that onnxruntime-web 1.30.0 creates: from 16 MB to 4 GB, in pages of 64 KiB. */
const ORT_MEMORY = { initial: 256, maximum: 65_536, shared: true } as const;

/** Max pages whose size in bytes is a 32-bit integer: 4 GB less one page. */
const MAX_PAGES = 65_535;

/** Pages to use if the system refuses that many: 1 GB. */
const FALLBACK_PAGES = 16_384;

/**
 * Replaces `WebAssembly.Memory`, so that onnxruntime creates its memory with all pages that it may
 * ever have.
 *
 * If that memory grows during a run, Deno 2.9.6 may leave the run in an endless loop, with one
 * thread as with several. A preallocated memory never grows, and its pages cost nothing until they
 * are written. Memories of another description are not changed.
 *
 * @param onCreated Called when onnxruntime's memory is created.
 * @returns The patch. It ends with the memory, at the latest when it is disposed of.
 */
export function preallocateMemory(onCreated: () => void = () => {}): Disposable {
  const { Memory } = WebAssembly;
  const restore = () => {
    if (WebAssembly.Memory === replacement) WebAssembly.Memory = Memory;
  };
  const replacement = new Proxy(Memory, {
    construct(_, [descriptor]: [WebAssembly.MemoryDescriptor]) {
      if (!isOrtMemory(descriptor)) return new Memory(descriptor);
      restore();
      onCreated();
      return createPreallocated(Memory, descriptor);
    },
  });
  WebAssembly.Memory = replacement;
  return { [Symbol.dispose]: restore };
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
