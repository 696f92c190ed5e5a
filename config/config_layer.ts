/** Values of one source (defaults, preset, file, flags), not yet merged with the others. */
export interface ConfigLayer {
  /** Values by dotted key, such as "generator.image_H", checked. */
  readonly values: ReadonlyMap<string, ConfigValue>;
  /** What the user should know of them, one sentence each. */
  readonly notes: readonly string[];
}

/** A value and where it comes from. */
export interface ConfigValue {
  /** The value. */
  readonly value: unknown;
  /** Such as "my.yaml:14:8" or "--size". */
  readonly where: string;
}
