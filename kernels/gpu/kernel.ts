/** Type of a field of a kernel's uniform; all are 4 bytes wide. */
export type ParamType = "u32" | "i32" | "f32";

/** Whether a kernel only reads a tensor, or also writes it. */
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

/** Invocations of a workgroup, in one dimension. All adapters allow 256; 64 fits every GPU's waves. */
export const WORKGROUP_SIZE = 64;

/** Maximum number of workgroups along one axis. Source: WebGPU, default of maxComputeWorkgroupsPerDimension. */
const MAX_WORKGROUPS = 65_535;

/** Uniform offsets must be multiples of this. Source: WebGPU, minUniformBufferOffsetAlignment. */
export const UNIFORM_ALIGNMENT_BYTES = 256;

/** Returns the values of a uniform as bytes, in the order of the kernel's fields. */
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
    const least = type === "u32" ? 0 : -(2 ** 31);
    const greatest = type === "u32" ? 2 ** 32 - 1 : 2 ** 31 - 1;
    if (!Number.isInteger(value) || value < least || value > greatest) {
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

/** Spreads invocations over a grid of workgroups; a shader undoes it: see `invocation` there. */
export function workgroupsFor(invocations: number): [number, number] {
  const groups = Math.ceil(invocations / WORKGROUP_SIZE);
  if (groups <= MAX_WORKGROUPS) return [groups, 1];
  const rows = Math.ceil(groups / MAX_WORKGROUPS);
  return [Math.ceil(groups / rows), rows];
}
