/** A value of a config or an input image does not fit the others: the user can mend it. */
export class WrongInputError extends RangeError {
  /** Name of the class. */
  override readonly name = "WrongInputError";
}
