/** Answer of the judge, compared with the expected name. */
export interface Classification {
  /** 1 if the expected name is the most probable one, else 0. */
  readonly top1: number;
  /** 1 if the expected name is among the five most probable ones, else 0. */
  readonly top5: number;
  /** Rank of the expected name by probability, from 1. */
  readonly rank: number;
  /** Probability of the expected name, in [0, 1]. */
  readonly probability: number;
  /** The most probable name. */
  readonly guess: string;
}

/**
 * Compares logits with the expected name.
 *
 * @param logits Shape [names].
 * @param names Names of the logits.
 * @param name Expected name.
 * @throws {RangeError} If it is not among the names.
 */
export function classificationOf(
  logits: ArrayLike<number>,
  names: readonly string[],
  name: string,
): Classification {
  const right = names.indexOf(name);
  if (right < 0) {
    throw new RangeError(
      `Cannot classify a picture of "${name}": it is not among the names`,
    );
  }
  const values = Array.from(logits);
  const best = values.indexOf(Math.max(...values));
  const ahead = values.filter((value) => value > values[right]!).length;
  const exponentials = values.map((value) => Math.exp(value - values[best]!));
  const sum = exponentials.reduce((total, value) => total + value, 0);
  return {
    top1: best === right ? 1 : 0,
    top5: ahead < 5 ? 1 : 0,
    rank: ahead + 1,
    probability: exponentials[right]! / sum,
    guess: names[best]!,
  };
}
