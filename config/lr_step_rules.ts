/** A factor of the learning rate that holds until a number of steps is done. */
export interface LrPiece {
  /** The factor. */
  readonly factor: number;
  /** Steps that are done when it ends, integer. */
  readonly end: number;
}

/** The course of the learning rate of "piecewise_constant". */
export interface LrStepRules {
  /** Pieces, with rising ends. */
  readonly pieces: readonly LrPiece[];
  /** The factor behind them. */
  readonly last: number;
}

/** What {@linkcode parseLrStepRules} takes, in words. */
export const LR_STEP_RULES_EXPECTED = '"factor:step,...,factor" with rising steps';

/**
 * Reads rules such as "1:10,0.1:20,0.01", in the words of diffusers' "piecewise_constant".
 *
 * @returns undefined if they are none.
 */
export function parseLrStepRules(rules: string): LrStepRules | undefined {
  const parts = rules.split(",").map((part) => part.trim());
  const last = Number(parts.at(-1) || NaN);
  const pieces = parts.slice(0, -1).map((part) => {
    const [factor, end, ...rest] = part.split(":").map((text) => Number(text.trim() || NaN));
    return { factor: factor!, end: rest.length === 0 ? end ?? NaN : NaN };
  });
  const isSound = pieces.every(({ factor, end }, i) =>
    Number.isFinite(factor) && Number.isInteger(end) && end > (pieces[i - 1]?.end ?? 0)
  );
  return isSound && Number.isFinite(last) ? { pieces, last } : undefined;
}
