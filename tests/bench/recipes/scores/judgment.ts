/** What the judge says of a picture, measured against what it shall show. */
export interface Judgment {
  /** 1 if the judge's first name is the right one, else 0. */
  readonly top1: number;
  /** 1 if the right name is among its first five, else 0. */
  readonly top5: number;
  /** Probability that it gives the right name, in [0, 1]. */
  readonly probability: number;
  /** The name that it finds likeliest. */
  readonly guess: string;
}

/**
 * Reads the judge's output.
 *
 * @param logits Shape [names].
 * @param name What the picture shall show.
 * @throws {RangeError} If the judge does not know the name.
 */
export function judgmentOf(
  logits: ArrayLike<number>,
  names: readonly string[],
  name: string,
): Judgment {
  const right = names.indexOf(name);
  if (right < 0) {
    throw new RangeError(`Cannot judge a picture of "${name}": the judge does not know the name`);
  }
  const values = Array.from(logits);
  const best = values.indexOf(Math.max(...values));
  const ahead = values.filter((value) => value > values[right]!).length;
  const exponentials = values.map((value) => Math.exp(value - values[best]!));
  const sum = exponentials.reduce((total, value) => total + value, 0);
  return {
    top1: best === right ? 1 : 0,
    top5: ahead < 5 ? 1 : 0,
    probability: exponentials[right]! / sum,
    guess: names[best]!,
  };
}
