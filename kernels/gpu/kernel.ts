/** Type of a field of a kernel's uniform. All have 4 bytes. */
export type ParamType = "u32" | "i32" | "f32";

/** Access of a kernel to a tensor: reads it only, or writes it too. */
export type Access = "read" | "read_write";

/** WGSL that several kernels share: functions, structs and constants at module scope. */
export interface Prelude {
  /** Name of its file, such as "mirror.wgsl". Shader errors name it. */
  readonly file: string;
  /** The WGSL. It may use names that the kernel declares, such as `params`. */
  readonly source: string;
}

/**
 * A compute shader and its bindings.
 *
 * Binding 0 is always the uniform `params`; the tensors follow in order, inputs before outputs.
 */
export interface Kernel<
  Params extends Readonly<Record<string, ParamType>> = Readonly<Record<string, ParamType>>,
> {
  /** Name, as in labels and messages. Its file is `<name>.wgsl`. */
  readonly name: string;
  /** WGSL. With its preludes it has one entry point `main` and `override WORKGROUP_SIZE: u32`. */
  readonly source: string;
  /** WGSL in front of the source. Default: none. */
  readonly prelude?: readonly Prelude[];
  /** Fields of the WGSL struct `Params`, in its order. */
  readonly params: Params;
  /** How each tensor is used, from binding 1. */
  readonly tensors: readonly Access[];
}

/** Returns a kernel; the type of its params is inferred. */
export function defineKernel<const Params extends Readonly<Record<string, ParamType>>>(
  kernel: Kernel<Params>,
): Kernel<Params> {
  return kernel;
}

/** Values of a kernel's uniform, by name. */
export type ParamValues<Params extends Readonly<Record<string, ParamType>>> = {
  readonly [Name in keyof Params]: number;
};

/** Invocations of a workgroup. All adapters allow 256; 64 is a multiple of each GPU's wave. */
export const WORKGROUP_SIZE = 64;

/** Maximum workgroups along an axis. Source: WebGPU, maxComputeWorkgroupsPerDimension. */
const MAX_WORKGROUPS = 65_535;

/** Offsets of uniforms are multiples of it. Source: WebGPU, minUniformBufferOffsetAlignment. */
export const UNIFORM_ALIGNMENT_BYTES = 256;

/**
 * Returns the values of a uniform as bytes, in the order of the kernel's fields.
 *
 * @throws {TypeError} If a value is missing.
 * @throws {RangeError} If a value is no integer of the type of its field.
 */
export function encodeParams(
  kernel: Kernel,
  values: Readonly<Record<string, number>>,
): Uint8Array<ArrayBuffer> {
  const fields = Object.entries(kernel.params);
  const bytes = new Uint8Array(4 * fields.length);
  const view = new DataView(bytes.buffer);
  for (const [i, [name, type]] of fields.entries()) {
    const value = values[name];
    if (value === undefined) {
      throw new TypeError(`Cannot dispatch kernel "${kernel.name}": param "${name}" is missing`);
    }
    if (type === "f32") {
      view.setFloat32(4 * i, value, true);
      continue;
    }
    const min = type === "u32" ? 0 : -(2 ** 31);
    const max = type === "u32" ? 2 ** 32 - 1 : 2 ** 31 - 1;
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new RangeError(
        `Cannot dispatch kernel "${kernel.name}": param "${name}" must be of type ${type}, ` +
          `got ${value}`,
      );
    }
    if (type === "u32") view.setUint32(4 * i, value, true);
    else view.setInt32(4 * i, value, true);
  }
  return bytes;
}

/**
 * Spreads invocations over a grid of workgroups. A shader computes the index of an invocation by
 * `id.x + id.y * groups.x * WORKGROUP_SIZE`.
 *
 * @returns Number of workgroups along x and y.
 */
export function workgroupsFor(invocations: number): [number, number] {
  const groups = Math.ceil(invocations / WORKGROUP_SIZE);
  if (groups <= MAX_WORKGROUPS) return [groups, 1];
  const rows = Math.ceil(groups / MAX_WORKGROUPS);
  return [Math.ceil(groups / rows), rows];
}
