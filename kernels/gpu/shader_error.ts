/** A shader does not compile. */
export class ShaderError extends SyntaxError {
  /** Name of the class, as it is printed. */
  override readonly name = "ShaderError";
  /** Name of the kernel. */
  readonly kernel: string;
  /** All errors of the compiler, with files, lines and columns. */
  readonly diagnostics: string;

  /** The message names the kernel and the first line of the diagnostics. */
  constructor(kernel: string, diagnostics: string, options?: ErrorOptions) {
    super(`Cannot compile kernel "${kernel}": ${diagnostics.split("\n")[0]}`, options);
    this.kernel = kernel;
    this.diagnostics = diagnostics;
  }
}
