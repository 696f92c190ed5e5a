/** A file is no LoRA, or one that cannot be used with these weights. */
export class LoraError extends TypeError {
  /** Name of the class. */
  override readonly name = "LoraError";
  /** Path or address of the file. */
  readonly file: string;
  /** Keys of the file that are meant. */
  readonly keys: readonly string[];

  /**
   * Describes a refusal.
   *
   * @param detail What was expected; the keys are named behind it.
   */
  constructor(file: string, detail: string, keys: readonly string[] = []) {
    const shown = keys.slice(0, 3).map((key) => `"${key}"`).join(", ");
    const rest = keys.length > 3 ? ` and ${keys.length - 3} more` : "";
    super(
      `Cannot use "${file}" as LoRA: ${detail}${keys.length > 0 ? `, got ${shown}${rest}` : ""}`,
    );
    this.file = file;
    this.keys = keys;
  }
}
