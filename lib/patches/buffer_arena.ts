interface Shared {
  readonly buffer: GPUBuffer;
  users: number;
}

/**
 * Buffers that several users share, each for values that it needs only while its own commands run.
 * So all users together need as much memory as the largest one.
 */
export class BufferArena {
  readonly #device: GPUDevice;
  readonly #shared = new Map<number, Shared[]>();

  /** Creates no buffer yet; the device is borrowed. */
  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** Size of all buffers, in bytes. */
  get byteLength(): number {
    return this.#shared.entries().reduce((sum, [size, list]) => sum + size * list.length, 0);
  }

  /**
   * Returns different buffers for one user, with any content.
   *
   * @param sizes Their sizes, in bytes.
   * @returns The buffers; disposing of them gives them back.
   */
  take(sizes: readonly number[]): { readonly buffers: readonly GPUBuffer[] } & Disposable {
    const counts = new Map<number, number>();
    const taken = sizes.map((size) => {
      const list = this.#shared.getOrInsert(size, []);
      const index = counts.get(size) ?? 0;
      counts.set(size, index + 1);
      const shared = list[index] ??= { buffer: this.#create(size), users: 0 };
      shared.users++;
      return shared;
    });
    return {
      buffers: taken.map(({ buffer }) => buffer),
      [Symbol.dispose]: () => {
        for (const shared of taken.splice(0)) this.#giveBack(shared);
      },
    };
  }

  #giveBack(shared: Shared): void {
    if (--shared.users > 0) return;
    const { size } = shared.buffer;
    const rest = this.#shared.get(size)!.filter((one) => one !== shared);
    if (rest.length > 0) this.#shared.set(size, rest);
    else this.#shared.delete(size);
    shared.buffer.destroy();
  }

  #create(size: number): GPUBuffer {
    return this.#device.createBuffer({
      label: "values of recorded networks",
      size,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    });
  }
}
