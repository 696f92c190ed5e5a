/** Maximum number of characters of a key in a message. */
const MAX_SHOWN = 200;

/** A file is not a LoRA, or does not fit the weights of a network. */
export class LoraError extends TypeError {
  /** Name of the class. */
  override readonly name = "LoraError";
  /** Path or address of the file. */
  readonly file: string;
  /** Keys of the file that caused the error. */
  readonly keys: readonly string[];

  /**
   * Describes the failure.
   *
   * @param detail Expectation, without a final period. Up to three keys are appended.
   */
  constructor(file: string, detail: string, keys: readonly string[] = []) {
    const shown = keys.slice(0, 3).map((key) => `"${key.slice(0, MAX_SHOWN)}"`).join(", ");
    const rest = keys.length > 3 ? ` and ${keys.length - 3} more` : "";
    super(
      `Cannot use "${file}" as LoRA: ${detail}${keys.length > 0 ? `, got ${shown}${rest}` : ""}`,
    );
    this.file = file;
    this.keys = keys;
  }
}
