import assert from "node:assert/strict";
import { generateTokens, type ScoreNextToken } from "../../../lib/conditioning/generate_tokens.ts";

const [VOCABULARY, END, START] = [4, 3, 0] as const;

/** Logits that depend on the whole text, without a pattern. */
function scoresOf(tokens: readonly number[]): Float32Array {
  const seed = tokens.reduce((sum, token, i) => sum + (token + 1) * Math.sqrt(i + 2), 0);
  return Float32Array.from({ length: VOCABULARY }, (_, i) => 3 * Math.sin(seed * (i + 1) * 2.7));
}

const scoreNext: ScoreNextToken = (texts) => Promise.resolve(texts.map(scoresOf));

function logProbability(tokens: readonly number[], next: number): number {
  const scores = scoresOf(tokens);
  return scores[next]! - Math.log(scores.reduce((sum, score) => sum + Math.exp(score), 0));
}

/** Tries all texts and returns the one with the highest mean log probability. */
function exhaustive(min: number, max: number): number[] {
  let [found, best] = [[] as number[], -Infinity];
  const visit = (own: readonly number[], sum: number) => {
    for (let token = 0; token < VOCABULARY; token++) {
      if (token === END && own.length < min) continue;
      const next = [...own, token];
      const total = sum + logProbability([START, ...own], token);
      if (token !== END && next.length < max) {
        visit(next, total);
      } else if (total / next.length > best) {
        [found, best] = [next, total / next.length];
      }
    }
  };
  visit([], 0);
  return found.filter((token) => token !== END);
}

Deno.test("generateTokens() searches greedily until the end token", async () => {
  const expected: number[] = [];
  for (let i = 0; i < 8; i++) {
    const scores = [...scoresOf([START, ...expected])];
    const token = scores.indexOf(Math.max(...scores));
    if (token === END) break;
    expected.push(token);
  }
  const tokens = await generateTokens([START], scoreNext, { endToken: END, maxNewTokens: 8 });
  assert.deepEqual(tokens, expected);
});

Deno.test("generateTokens() respects the min and max number of tokens", async () => {
  // The end token always has the highest logit.
  const eager: ScoreNextToken = (texts) =>
    Promise.resolve(texts.map(() => Float32Array.of(0, 1, 0, 9)));
  for (const beams of [1, 3]) {
    const write = (minNewTokens: number, maxNewTokens: number) =>
      generateTokens([START], eager, { endToken: END, minNewTokens, maxNewTokens, beams });
    assert.deepEqual(await write(0, 5), []);
    assert.deepEqual(await write(3, 5), [1, 1, 1]);
    assert.deepEqual(await write(5, 5), [1, 1, 1, 1, 1]);
  }
  const endless: ScoreNextToken = (texts) =>
    Promise.resolve(texts.map(() => Float32Array.of(2, 1, 0, -9)));
  const options = { endToken: END, maxNewTokens: 4 };
  assert.deepEqual(await generateTokens([START], endless, options), [0, 0, 0, 0]);
});

Deno.test("generateTokens() finds the most probable text with enough beams", async () => {
  for (const [min, max] of [[0, 3], [2, 4], [0, 5]] as const) {
    const options = { endToken: END, minNewTokens: min, maxNewTokens: max, beams: 400 };
    assert.deepEqual(await generateTokens([START], scoreNext, options), exhaustive(min, max));
  }
});

Deno.test("generateTokens() with beams scores as many texts, of one length", async () => {
  const sizes: number[][] = [];
  const watched: ScoreNextToken = (texts) => {
    sizes.push([texts.length, ...new Set(texts.map(({ length }) => length))]);
    return scoreNext(texts);
  };
  await generateTokens([START], watched, {
    endToken: END,
    minNewTokens: 4,
    maxNewTokens: 4,
    beams: 2,
  });
  assert.deepEqual(sizes, [[1, 1], [2, 2], [2, 3], [2, 4]]);
});

Deno.test("generateTokens() refuses options out of range", async () => {
  const write = (options: { minNewTokens?: number; maxNewTokens: number; beams?: number }) =>
    generateTokens([START], scoreNext, { endToken: END, ...options });
  await assert.rejects(write({ maxNewTokens: 0 }), { name: "RangeError" });
  await assert.rejects(write({ minNewTokens: 4, maxNewTokens: 3 }), /got 4 to 3$/);
  await assert.rejects(write({ maxNewTokens: 3, beams: 0 }), /beams to be an integer >= 1, got 0$/);
});
