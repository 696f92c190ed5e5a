/**
 * Computes the logits of the next token of texts.
 *
 * @param texts Token ids of each text, all of the same length.
 * @returns The logits of all tokens for each text, [V].
 */
export type ScoreNextToken = (
  texts: readonly (readonly number[])[],
) => Promise<readonly Float32Array[]>;

/** Options of {@linkcode generateTokens}. */
export interface GenerateTokensOptions {
  /** Id of the token that ends a text. */
  readonly endToken: number;
  /** Min number of tokens before the end token. Default: 0. */
  readonly minNewTokens?: number;
  /** Max number of tokens, including the end token. */
  readonly maxNewTokens: number;
  /** Number of beams; 1 is greedy search. Default: 1. */
  readonly beams?: number;
  /**
   * Exponent of the length by which the log probability is divided; > 0 favors longer texts.
   * Default: 1.
   */
  readonly lengthPenalty?: number;
}

/** A text and its log probability, which is divided by the length for a finished text. */
interface Hypothesis {
  readonly tokens: readonly number[];
  readonly score: number;
}

/**
 * Generates a text token by token, with greedy search or beam search.
 *
 * Source: transformers' generate() without sampling, with early_stopping false.
 *
 * @param start Token ids with which the text starts.
 * @returns The token ids after `start`, without the end token.
 * @throws {RangeError} If an option is out of range.
 */
export async function generateTokens(
  start: readonly number[],
  scoreNext: ScoreNextToken,
  options: GenerateTokensOptions,
): Promise<number[]> {
  const { beams = 1, minNewTokens = 0, maxNewTokens, endToken } = options;
  if (!Number.isInteger(beams) || beams < 1) {
    throw new RangeError(
      `Cannot generate a text: expected beams to be an integer >= 1, got ${beams}`,
    );
  }
  if (!(maxNewTokens >= 1 && minNewTokens <= maxNewTokens)) {
    throw new RangeError(
      `Cannot generate a text: expected maxNewTokens >= 1 and >= minNewTokens, ` +
        `got ${minNewTokens} to ${maxNewTokens}`,
    );
  }
  const tokens = beams === 1
    ? await searchGreedily(start, scoreNext, options)
    : await searchBeams(start, scoreNext, { ...options, beams });
  const added = tokens.slice(start.length);
  return added.at(-1) === endToken ? added.slice(0, -1) : added;
}

async function searchGreedily(
  start: readonly number[],
  scoreNext: ScoreNextToken,
  { minNewTokens = 0, maxNewTokens, endToken }: GenerateTokensOptions,
): Promise<readonly number[]> {
  const tokens = [...start];
  for (let count = 0; count < maxNewTokens; count++) {
    const [scores] = await scoreNext([tokens]);
    const token = bestTokens(scores!, 1, count < minNewTokens ? endToken : undefined)[0]!;
    tokens.push(token);
    if (token === endToken) break;
  }
  return tokens;
}

async function searchBeams(
  start: readonly number[],
  scoreNext: ScoreNextToken,
  options: GenerateTokensOptions & { readonly beams: number },
): Promise<readonly number[]> {
  const { beams, minNewTokens = 0, maxNewTokens, endToken, lengthPenalty = 1 } = options;
  let running: readonly Hypothesis[] = [{ tokens: start, score: 0 }];
  let finished: readonly Hypothesis[] = [];
  const finish = (ended: readonly Hypothesis[], count: number) => {
    const scored = ended.map(({ tokens, score }) => ({
      tokens,
      score: score / count ** lengthPenalty,
    }));
    finished = best([...finished, ...scored], beams);
  };
  for (let count = 1; count <= maxNewTokens; count++) {
    const scores = await scoreNext(running.map(({ tokens }) => tokens));
    const forbidden = count <= minNewTokens ? endToken : undefined;
    const candidates = best(
      running.flatMap((beam, i) => extend(beam, scores[i]!, 2 * beams, forbidden)),
      2 * beams,
    );
    // A finished text counts only if it is among the best, otherwise short texts would win.
    const isEnded = ({ tokens }: Hypothesis) => tokens.at(-1) === endToken;
    finish(candidates.slice(0, beams).filter(isEnded), count);
    running = candidates.filter((candidate) => !isEnded(candidate)).slice(0, beams);
    const leader = running[0];
    if (!leader) break;
    if (count === maxNewTokens) finish(running, count);
    const worst = finished[beams - 1]?.score ?? -Infinity;
    if (worst >= leader.score / count ** lengthPenalty) break;
  }
  return finished[0]!.tokens;
}

/** Returns the best hypotheses, best first; the order of equal scores is kept. */
function best(hypotheses: readonly Hypothesis[], count: number): readonly Hypothesis[] {
  return hypotheses.toSorted((a, b) => b.score - a.score).slice(0, count);
}

/** Returns the most probable extensions of a text by one token. */
function extend(
  { tokens, score }: Hypothesis,
  scores: Float32Array,
  count: number,
  forbidden: number | undefined,
): Hypothesis[] {
  const max = scores.reduce((a, b) => Math.max(a, b), -Infinity);
  const sum = scores.reduce((total, value) => total + Math.exp(value - max), 0);
  const logSumExp = max + Math.log(sum);
  return bestTokens(scores, count, forbidden).map((token) => ({
    tokens: [...tokens, token],
    score: score + scores[token]! - logSumExp,
  }));
}

/** Returns the tokens with the highest scores, best first. */
function bestTokens(
  scores: Float32Array,
  count: number,
  forbidden: number | undefined,
): number[] {
  const found: number[] = [];
  for (let token = 0; token < scores.length; token++) {
    if (token === forbidden) continue;
    const isFull = found.length === count;
    if (isFull && !(scores[token]! > scores[found[count - 1]!]!)) continue;
    if (isFull) found.pop();
    let position = found.length;
    while (position > 0 && scores[token]! > scores[found[position - 1]!]!) position--;
    found.splice(position, 0, token);
  }
  return found;
}
