/** A shader does not compile. */
export class ShaderError extends SyntaxError {
  /** Name of the class, as it is printed. */
  override readonly name = "ShaderError";
  /** Name of the kernel. */
  readonly kernel: string;
  /** All that the compiler said, with lines and columns. */
  readonly diagnostics: string;

  /** Names the kernel and the first line of the diagnostics. */
  constructor(kernel: string, diagnostics: string, options?: ErrorOptions) {
    super(`Cannot compile kernel "${kernel}": ${diagnostics.split("\n")[0]}`, options);
    this.kernel = kernel;
    this.diagnostics = diagnostics;
  }
}

/** The GPU is gone: unplugged, reset, or taken by the driver after too long a shader. */
export class DeviceLostError extends Error {
  /** Name of the class, as it is printed. */
  override readonly name = "DeviceLostError";

  /** Says what could not be done. */
  constructor(action: string, reason: string) {
    super(`Cannot ${action}: the GPU device was lost (${reason}); run again with --resume`);
  }
}
