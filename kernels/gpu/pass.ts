import type { Kernel, ParamType, ParamValues } from "./kernel.ts";
import type { GpuTensor } from "./tensor.ts";

/** A recorded dispatch of a kernel. */
export interface Dispatch {
  /** The kernel. */
  readonly kernel: Kernel;
  /** Tensors, in the order of the bindings of the kernel. */
  readonly tensors: readonly GpuTensor[];
  /** A value for each field of its uniform. */
  readonly params: Readonly<Record<string, number>>;
  /** Number of invocations, one or more. */
  readonly invocations: number;
}

/** A recorded copy of all values of a tensor. */
export interface Copy {
  /** Source. */
  readonly from: GpuTensor;
  /** Destination, of the same size. */
  readonly to: GpuTensor;
}

/** A recorded command. */
export type Command = Dispatch | Copy;

/** Records commands in order. `Gpu.submit` sends them. */
export class Pass {
  readonly #commands: Command[] = [];

  /** The recorded commands. */
  get commands(): readonly Command[] {
    return this.#commands;
  }

  /**
   * Records a kernel.
   *
   * @param tensors Tensors, in the order of the kernel's bindings.
   * @param params A value for each field of the kernel's uniform.
   * @param invocations Number of invocations; the last workgroup may have more.
   * @throws {TypeError} If the number of tensors differs, or a tensor is bound twice and written.
   * @throws {RangeError} If there are no invocations.
   */
  dispatch<Params extends Readonly<Record<string, ParamType>>>(
    kernel: Kernel<Params>,
    tensors: readonly GpuTensor[],
    params: ParamValues<Params>,
    invocations: number,
  ): void {
    if (tensors.length !== kernel.tensors.length) {
      throw new TypeError(
        `Cannot dispatch kernel "${kernel.name}": expected ${kernel.tensors.length} tensors, ` +
          `got ${tensors.length}`,
      );
    }
    for (const [i, tensor] of tensors.entries()) {
      if (kernel.tensors[i] === "read_write" && tensors.indexOf(tensor) !== i) {
        throw new TypeError(
          `Cannot dispatch kernel "${kernel.name}": tensor "${tensor.label}" is bound twice and ` +
            `written`,
        );
      }
    }
    if (!Number.isInteger(invocations) || invocations < 1) {
      throw new RangeError(
        `Cannot dispatch kernel "${kernel.name}": expected 1 or more invocations, ` +
          `got ${invocations}`,
      );
    }
    this.#commands.push({ kernel, tensors, params, invocations });
  }

  /**
   * Records a copy of all values from one tensor to another of the same size.
   *
   * @throws {RangeError} If the sizes differ.
   */
  copy(from: GpuTensor, to: GpuTensor): void {
    if (from.size !== to.size) {
      throw new RangeError(
        `Cannot copy tensor "${from.label}" to "${to.label}": ` +
          `expected ${from.size} values, got ${to.size}`,
      );
    }
    this.#commands.push({ from, to });
  }
}
