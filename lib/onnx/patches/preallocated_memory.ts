type MemoryDescriptor = WebAssembly.MemoryDescriptor;

/** Most pages of 64 KiB whose size in bytes is a 32-bit integer: 4 GB but for one page. */
const MAX_PAGES = 65_535;

/** Pages to fall back on where the system does not promise so much: 1 GB. */
const FEWER_PAGES = 16_384;

/** Loads that are going on, and what they have replaced. */
const replaced: { loads: number; Memory?: typeof WebAssembly.Memory } = { loads: 0 };

/**
 * Runs `load` while every shared WebAssembly memory that is made begins with all it may ever have.
 *
 * Where onnxruntime's memory, 16 MB at first, grows in the middle of a run, Deno 2.9.6 may leave that
 * run in an endless loop, with one thread as with several. A memory that is never too small never
 * grows. Its pages cost nothing until something is written to them.
 */
export async function withWholeMemory<T>(load: () => Promise<T>): Promise<T> {
  if (replaced.loads++ === 0) replaceMemory();
  try {
    return await load();
  } finally {
    if (--replaced.loads === 0) WebAssembly.Memory = replaced.Memory!;
  }
}

function replaceMemory(): void {
  const { Memory } = WebAssembly;
  replaced.Memory = Memory;
  WebAssembly.Memory = new Proxy(Memory, {
    construct: (_, [descriptor]: [MemoryDescriptor]) => createWhole(Memory, descriptor),
  });
}

function createWhole(
  Memory: typeof WebAssembly.Memory,
  descriptor: MemoryDescriptor,
): WebAssembly.Memory {
  const { initial, maximum = initial, shared = false } = descriptor;
  for (const most of shared ? [MAX_PAGES, FEWER_PAGES] : []) {
    const pages = Math.max(initial, Math.min(most, maximum));
    try {
      return new Memory({ ...descriptor, initial: pages });
    } catch {
      // The next one is smaller.
    }
  }
  return new Memory(descriptor);
}
