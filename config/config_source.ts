/** Values of one source (defaults, preset, file, flags), not yet merged with the others. */
export interface ConfigSource {
  /** Checked values by dotted key, such as "generator.image_H". */
  readonly values: ReadonlyMap<string, ConfigValue>;
  /** What the user should know about them, one sentence each. */
  readonly notes: readonly string[];
}

/** A value and where it comes from. */
export interface ConfigValue {
  /** The value. */
  readonly value: unknown;
  /** Such as "my.yaml:14:8" or "--size". */
  readonly where: string;
}

/** A config cannot be used: where, which key, what was expected and what was found. */
export class ConfigError extends TypeError {
  /** Name of the class, as it is printed. */
  override readonly name = "ConfigError";
  /** Dotted key, such as "generator.tau"; empty for the text as a whole. */
  readonly path: string;

  /**
   * Says what is wrong.
   *
   * @param where File with line and column, such as "my.yaml:14:8", or a flag, such as "--size".
   * @param path Dotted key, or "".
   * @param problem What was expected and found, without a final period.
   */
  constructor(where: string, path: string, problem: string, options?: ErrorOptions) {
    const isFlag = where.startsWith("--");
    // A flag of one setting says enough; these two may set any key.
    const setsAnyKey = where === "--set" || where === "--override";
    const parts = isFlag && !setsAnyKey ? [where] : [where, path];
    const location = parts.filter((part) => part !== "").join(" ");
    super(`Cannot read ${isFlag ? "flag" : "config"} "${location}": ${problem}`, options);
    this.path = path;
  }
}
