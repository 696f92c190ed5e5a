/** Maximum number of characters of a value in a message. */
const MAX_SHOWN = 200;

/** An option of a network is missing, wrong or not supported. */
export class ModelConfigError extends TypeError {
  /** Name of the class. */
  override readonly name = "ModelConfigError";
  /** Path or address of the file. */
  readonly file: string;
  /** The option; "" for the whole file. */
  readonly key: string;
  /** Value in the file; undefined if it is missing. */
  readonly value: unknown;

  /**
   * Describes the error.
   *
   * @param expected What is supported, such as "an integer >= 1".
   */
  constructor(
    file: string,
    option: { readonly key: string; readonly value: unknown },
    expected: string,
  ) {
    const found = JSON.stringify(option.value)?.slice(0, MAX_SHOWN) ?? "nothing";
    const subject = option.key === "" ? "" : ` for "${option.key}"`;
    super(`Cannot use "${file}": expected ${expected}${subject}, got ${found}`);
    this.file = file;
    this.key = option.key;
    this.value = option.value;
  }
}
