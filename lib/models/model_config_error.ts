/** Maximum number of characters of a value in a message. */
const MAX_SHOWN = 200;

/** An option in the configuration of a network is missing, wrong or not supported. */
export class ModelConfigError extends TypeError {
  /** Name of the class. */
  override readonly name = "ModelConfigError";
  /** Path or address of the file. */
  readonly file: string;
  /** The option; "" where the file as a whole is meant. */
  readonly key: string;
  /** What the file says; undefined where it says nothing. */
  readonly value: unknown;

  /**
   * Describes a refusal.
   *
   * @param expected What is supported, such as "an integer >= 1".
   */
  constructor(
    file: string,
    option: { readonly key: string; readonly value: unknown },
    expected: string,
  ) {
    const found = JSON.stringify(option.value)?.slice(0, MAX_SHOWN) ?? "nothing";
    const place = option.key === "" ? "" : ` for "${option.key}"`;
    super(`Cannot use "${file}": expected ${expected}${place}, got ${found}`);
    this.file = file;
    this.key = option.key;
    this.value = option.value;
  }
}
