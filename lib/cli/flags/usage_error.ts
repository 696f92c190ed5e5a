/** The command line is wrong. */
export class UsageError extends TypeError {
  /** Name of the class, as it is printed. */
  override readonly name = "UsageError";
}
