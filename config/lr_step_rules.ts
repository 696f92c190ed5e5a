/** A factor of the learning rate up to a step. */
export interface LrPiece {
  /** The factor. */
  readonly factor: number;
  /** Last step with this factor, integer. */
  readonly end: number;
}

/** The schedule of the learning rate "piecewise_constant". */
export interface LrStepRules {
  /** Pieces in the order of rising ends. */
  readonly pieces: readonly LrPiece[];
  /** The factor after the last piece. */
  readonly last: number;
}

/** Description of the rules, for errors. */
export const LR_STEP_RULES_EXPECTED = '"factor:step,...,factor" with rising steps';

/**
 * Parses rules such as "1:10,0.1:20,0.01", as diffusers' "piecewise_constant".
 *
 * @returns undefined if the text is not a list of rules.
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
