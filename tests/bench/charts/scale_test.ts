import assert from "node:assert/strict";
import { linearScale, logScale } from "./scale.ts";

/** Differences of neighbors. */
function steps(values: readonly number[]): number[] {
  return values.slice(1).map((value, i) => Math.round((value - values[i]!) * 1e6) / 1e6);
}

Deno.test("linearScale() goes from 0 to a round number above all values", () => {
  const { ticks, position } = linearScale([0.12, 0.43], [300, 100]);
  assert.deepEqual(ticks, [0, 0.1, 0.2, 0.3, 0.4, 0.5]);
  assert.deepEqual([0, 0.25, 0.5].map(position), [300, 200, 100]);
  assert.deepEqual(linearScale([7], [0, 1]).ticks, [0, 2, 4, 6, 8]);
  // A round number is its own end, with no step above it.
  assert.deepEqual(linearScale([0.3], [0, 1]).ticks, [0, 0.1, 0.2, 0.3]);
  assert.deepEqual(linearScale([0, 0], [0, 1]).ticks.slice(0, 1), [0]);
});

Deno.test("logScale() gives equal factors equal lengths", () => {
  const values = [16, 32, 64, 128, 256];
  const { ticks, position } = logScale(values, [50, 450], { ticks: values, margin: 0.1 });
  assert.deepEqual(ticks, values);
  assert.deepEqual(values.map(position).map(Math.round), [90, 170, 250, 330, 410]);
});

Deno.test("logScale() finds round ticks, fewer for a larger range", () => {
  assert.deepEqual(logScale([8, 24], [0, 100]).ticks, [8, 9, 10, 15, 20]);
  assert.deepEqual(logScale([8, 330], [0, 100]).ticks, [10, 20, 50, 100, 200]);
  assert.deepEqual(logScale([2, 1e6], [0, 100]).ticks, [1, 10, 100, 1000, 1e4, 1e5, 1e6]);
});

Deno.test("logScale() places 0 separately before the other values", () => {
  const { ticks, position } = logScale([0, 10, 100, 1000], [0, 1000]);
  assert.equal(ticks[0], 0);
  const [zero, ...others] = [0, 10, 100, 1000].map(position);
  assert.equal(new Set(steps(others)).size, 1);
  assert.ok(zero! > 0 && zero! + 100 < others[0]!);
});

Deno.test("logScale() places a single value in the middle", () => {
  const { position } = logScale([108, 108], [0, 300]);
  assert.equal(Math.round(position(108)), 150);
});

Deno.test("linearScale() and logScale() refuse values that they cannot place", () => {
  for (const values of [[], [-1, 2], [NaN], [Infinity]]) {
    assert.throws(() => linearScale(values, [0, 1]), /expected numbers from 0 on, got \[/);
    assert.throws(() => logScale(values, [0, 1]), /expected numbers from 0 on, got \[/);
  }
});
