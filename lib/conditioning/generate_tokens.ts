/**
 * Scores the next token of some texts.
 *
 * @param texts Tokens of each text, all of one length.
 * @returns For each text the scores (logits) of every token, [V].
 */
export type ScoreNextToken = (
  texts: readonly (readonly number[])[],
) => Promise<readonly Float32Array[]>;

/** Options of {@linkcode generateTokens}. */
export interface GenerateTokensOptions {
  /** Token that ends a text. */
  readonly endToken: number;
  /** Least number of tokens before the end. Default: 0. */
  readonly minNewTokens?: number;
  /** Greatest number of tokens, the end among them. */
  readonly maxNewTokens: number;
  /** Number of texts that are pursued at once; 1 takes the best token each time. Default: 1. */
  readonly beams?: number;
  /**
   * Power of the length that probabilities are divided by, above 0 for longer texts. Default: 1.
   */
  readonly lengthPenalty?: number;
}

/** A text and the logarithm of its probability; for a finished one divided by its length. */
interface Hypothesis {
  readonly tokens: readonly number[];
  readonly score: number;
}

/**
 * Writes a text, token by token: the best token each time, or with beams a text that is likely as a
 * whole.
 *
 * Source: beam search without sampling of transformers' generate(), with early_stopping false.
 *
 * @param start Tokens that the text begins with.
 * @returns The tokens behind `start`, without the end.
 */
export async function generateTokens(
  start: readonly number[],
  scoreNext: ScoreNextToken,
  options: GenerateTokensOptions,
): Promise<number[]> {
  const { beams = 1, minNewTokens = 0, maxNewTokens, endToken } = options;
  if (!Number.isInteger(beams) || beams < 1) {
    throw new RangeError(`Cannot write a text: expected an integer of beams >= 1, got ${beams}`);
  }
  if (!(maxNewTokens >= 1 && minNewTokens <= maxNewTokens)) {
    throw new RangeError(
      `Cannot write a text: expected 1 token or more and at least as many as the least number, ` +
        `got ${minNewTokens} to ${maxNewTokens}`,
    );
  }
  const tokens = beams === 1
    ? await takeBest(start, scoreNext, options)
    : await searchBeams(start, scoreNext, { ...options, beams });
  const own = tokens.slice(start.length);
  return own.at(-1) === endToken ? own.slice(0, -1) : own;
}

async function takeBest(
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
    // One that ends counts only if it is among the best, or short texts would win.
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

/** Returns the best hypotheses, best first; the first of equals stays first. */
function best(hypotheses: readonly Hypothesis[], count: number): readonly Hypothesis[] {
  return hypotheses.toSorted((a, b) => b.score - a.score).slice(0, count);
}

/** Returns the likeliest texts with one more token. */
function extend(
  { tokens, score }: Hypothesis,
  scores: Float32Array,
  count: number,
  forbidden: number | undefined,
): Hypothesis[] {
  const greatest = scores.reduce((a, b) => Math.max(a, b), -Infinity);
  const sum = scores.reduce((total, value) => total + Math.exp(value - greatest), 0);
  const normal = greatest + Math.log(sum);
  return bestTokens(scores, count, forbidden).map((token) => ({
    tokens: [...tokens, token],
    score: score + scores[token]! - normal,
  }));
}

/** Returns the tokens with the greatest scores, best first. */
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
    let place = found.length;
    while (place > 0 && scores[token]! > scores[found[place - 1]!]!) place--;
    found.splice(place, 0, token);
  }
  return found;
}
