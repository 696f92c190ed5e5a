import assert from "node:assert/strict";
import { chooseColors, settleColors } from "../../../lib/constraint/choose_colors.ts";
import { constrainLogits } from "../../../lib/constraint/constrain_logits.ts";
import { addTransparentCosts } from "../../../lib/constraint/pixel_costs.ts";
import {
  createRules,
  FREE,
  type PictureRules,
  type RulesRequest,
} from "../../../lib/constraint/picture_rules.ts";
import { drawUniform } from "../../../kernels/random/philox.ts";

const SIZE = { height: 8, width: 8 };
const COLORS = 6;

function rulesWith(request: Partial<RulesRequest>, size = SIZE, colors = COLORS): PictureRules {
  const none = { symmetry: "none", lockedColors: [], excludedColors: [] } as const;
  const rules = createRules(
    { ...none, maxColors: undefined, kept: undefined, ...request },
    size,
    colors,
  );
  assert(rules !== undefined);
  return rules;
}

/** Random costs of each color at each pixel. */
function randomCosts(step = 0): Float64Array {
  const key = { seed: 1, stream: 0, step };
  return Float64Array.from(drawUniform(key, SIZE.height * SIZE.width * COLORS));
}

Deno.test("createRules() returns none if nothing is asked for", () => {
  const none = { symmetry: "none", lockedColors: [2], excludedColors: [] } as const;
  const kept = new Int32Array(64).fill(FREE);
  assert.equal(createRules({ ...none, maxColors: COLORS, kept }, SIZE, COLORS), undefined);
});

Deno.test("createRules() refuses rules that contradict each other", () => {
  const kept = new Int32Array(64).fill(FREE);
  kept.set([3, 4], 0);
  const cases: [Partial<RulesRequest>, RegExp][] = [
    [{ lockedColors: [1], excludedColors: [1] }, /both lock and exclude color 1/],
    [{ excludedColors: [0, 1, 2, 3, 4, 5] }, /exclude all 6 colors/],
    [{ maxColors: 1, lockedColors: [1, 2] }, /keep 2 colors.*at most 1/],
    [{ maxColors: 2, lockedColors: [1], kept }, /keep 3 colors.*at most 2/],
    [{ kept, excludedColors: [4] }, /exclude color 4: kept pixels have it/],
  ];
  for (const [request, message] of cases) assert.throws(() => rulesWith(request), message);
  kept[7] = 5;
  assert.throws(() => rulesWith({ kept, symmetry: "x" }), /not symmetric: row 0, column 0/);
});

Deno.test("chooseColors() takes the cheapest color that is not excluded", () => {
  const rules = rulesWith({ excludedColors: [0, 2] }, { height: 1, width: 2 }, 3);
  assert.deepEqual([...chooseColors([0, 5, 1, 9, 8, 7], rules)], [1, 1]);
});

Deno.test("chooseColors() mirrors and keeps the transparent class, and does not count it", () => {
  const kept = new Int32Array(64).fill(FREE);
  kept[9] = COLORS;
  const rules = rulesWith({ symmetry: "x", maxColors: 2, kept, isTransparent: true });
  assert.equal(rules.classes, COLORS + 1);
  // The subject is a square in the left half, with a border that is half covered on the right.
  const coverage = Float64Array.from({ length: 64 }, (_, i) => i % 8 < 4 && i >= 32 ? 0.9 : 0.2);
  const costs = addTransparentCosts(randomCosts(), coverage);
  const indices = chooseColors(costs, rules, { removesOrphans: true });
  assert.deepEqual(indices.map((_, i) => indices[rules.moves[0]![i]!]!), indices);
  assert.deepEqual([indices[9], indices[14]], [COLORS, COLORS]);
  const colors = new Set(indices);
  assert(colors.delete(COLORS) && colors.size === 2, [...colors].join());
  // 0.9 and 0.2 are more than half of both pixels.
  assert.deepEqual(
    indices.map((k) => k === COLORS ? 0 : 1),
    Uint32Array.from({ length: 64 }, (_, i) => i >= 32 ? 1 : 0),
  );
});

Deno.test("chooseColors() takes what is half and half as opaque", () => {
  const rules = rulesWith({ isTransparent: true, excludedColors: [1] }, { height: 1, width: 3 }, 2);
  const costs = addTransparentCosts(
    Float64Array.of(1, 0, 1, 0, 1, 0),
    Float64Array.of(0.5, 0.49, 0.51),
  );
  assert.deepEqual([...chooseColors(costs, rules)], [0, 2, 0]);
});

Deno.test("chooseColors() weighs pixels by importance: mirrored ones, and the colors to drop", () => {
  const size = { height: 1, width: 2 };
  const costs = [0, 1, 3, 0];
  const importance = Float64Array.of(1, 0.1);
  assert.deepEqual([...chooseColors(costs, rulesWith({ symmetry: "x" }, size, 2))], [1, 1]);
  const weighed = rulesWith({ symmetry: "x", importance }, size, 2);
  assert.deepEqual([...chooseColors(costs, weighed)], [0, 0]);
  // Color 1 is a little better at one pixel, color 0 much better at an unimportant one.
  const limited = { maxColors: 1, importance: Float64Array.of(0.01, 1) };
  assert.deepEqual([...chooseColors([0, 9, 1, 0], rulesWith({ maxColors: 1 }, size, 2))], [0, 0]);
  assert.deepEqual([...chooseColors([0, 9, 1, 0], rulesWith(limited, size, 2))], [1, 1]);
});

Deno.test("chooseColors() leaves orphan pixels where they are important", () => {
  const costs = Float64Array.from({ length: 25 * 2 }, (_, j) => {
    const own = Math.floor(j / 2) === 12 ? 1 : 0;
    return j % 2 === own ? 0 : 0.05;
  });
  const size = { height: 5, width: 5 };
  for (const [weight, expected] of [[1, 1], [0.5, 0]] as const) {
    const rules = rulesWith({ importance: new Float64Array(25).fill(weight) }, size, 2);
    assert.equal(chooseColors(costs, rules, { removesOrphans: true })[12], expected);
  }
});

for (const symmetry of ["x", "y", "xy", "rotate4"] as const) {
  Deno.test(`chooseColors() obeys the symmetry ${symmetry}, with the lowest sum of costs`, () => {
    const rules = rulesWith({ symmetry });
    const costs = randomCosts();
    const indices = chooseColors(costs, rules, { removesOrphans: true });
    for (const move of rules.moves) {
      assert.deepEqual(indices.map((_, i) => indices[move[i]!]!), indices);
    }
    const plain = chooseColors(costs, rules);
    const sumOf = (k: number) =>
      [9, ...rules.moves.map((move) => move[9]!)]
        .reduce((sum, i) => sum + costs[i * COLORS + k]!, 0);
    const sums = Array.from({ length: COLORS }, (_, k) => sumOf(k));
    assert.equal(plain[9], sums.indexOf(Math.min(...sums)));
  });
}

Deno.test("chooseColors() keeps pixels, and their mirror images", () => {
  const kept = new Int32Array(64).fill(FREE);
  for (let i = 0; i < 20; i++) kept[i * 3] = i % COLORS;
  const indices = chooseColors(randomCosts(), rulesWith({ kept }), { removesOrphans: true });
  for (const [i, own] of kept.entries()) if (own !== FREE) assert.equal(indices[i], own);
  const one = new Int32Array(64).fill(FREE);
  one[8] = 5;
  const mirrored = chooseColors(randomCosts(), rulesWith({ kept: one, symmetry: "x" }));
  assert.deepEqual([mirrored[8], mirrored[15]], [5, 5]);
});

for (const maxColors of [1, 2, 3, 5]) {
  Deno.test(`chooseColors() uses at most ${maxColors} colors, the locked ones among them`, () => {
    for (let step = 0; step < 5; step++) {
      const rules = rulesWith({ maxColors, lockedColors: [4] });
      const used = new Set(chooseColors(randomCosts(step), rules, { removesOrphans: true }));
      assert(new Set([...used, 4]).size <= maxColors, `${[...used]}`);
    }
  });
}

Deno.test("chooseColors() drops the color whose loss costs least", () => {
  // Color 2 is the best of one pixel only, by a little.
  const costs = [0, 9, 9, 9, 0, 9, 2, 9, 1];
  const rules = rulesWith({ maxColors: 2 }, { height: 1, width: 3 }, 3);
  assert.deepEqual([...chooseColors(costs, rules)], [0, 1, 0]);
});

Deno.test("chooseColors() limits 256 colors of 64x64 pixels to 8", () => {
  const size = { height: 64, width: 64 };
  const costs = Float64Array.from(drawUniform({ seed: 2, stream: 0, step: 0 }, 64 * 64 * 256));
  const used = new Set(chooseColors(costs, rulesWith({ maxColors: 8 }, size, 256)));
  assert.equal(used.size, 8);
});

Deno.test("settleColors() restores kept pixels and symmetry", () => {
  const kept = new Int32Array(64).fill(FREE);
  kept[7] = 3;
  const rules = rulesWith({ kept, symmetry: "x" });
  const settled = settleColors(Uint32Array.from({ length: 64 }, (_, i) => i % COLORS), rules);
  assert.deepEqual([settled[0], settled[7]], [3, 3]);
  assert.deepEqual(settled.map((_, i) => settled[rules.moves[0]![i]!]!), settled);
});

Deno.test("constrainLogits() means logits of tied pixels, and gives forbidden colors no share", () => {
  const kept = new Int32Array(64).fill(FREE);
  kept[20] = 2;
  const rules = rulesWith({ symmetry: "x", excludedColors: [1], kept });
  const logits = Float32Array.from(randomCosts(), (cost) => 4 * cost);
  const constrained = constrainLogits(logits, rules);
  const mean = (logits[0]! + logits[7 * COLORS]!) / 2;
  assert(Math.abs(constrained[0]! - mean) < 1e-6);
  assert.equal(constrained[0], constrained[7 * COLORS]);
  for (let i = 0; i < 64; i++) {
    const row = constrained.subarray(i * COLORS, (i + 1) * COLORS);
    const sum = row.reduce((total, logit) => total + Math.exp(logit), 0);
    assert(Math.exp(row[1]!) / sum < 1e-12);
    if (i === 20 || i === 19) assert(Math.exp(row[2]!) / sum > 0.999);
  }
});
