import assert from "node:assert/strict";
import {
  compareValues,
  EXACT,
  failure,
  KERNEL,
  NETWORK,
  orFailure,
  type TensorComparison,
} from "../../../lib/verify/tensor_comparison.ts";

const statusOf = (line: TensorComparison) => line.status;

Deno.test("compareValues() measures the max difference and the relative norm", () => {
  assert.deepEqual(compareValues("x", [3, 4.5], [3, 4], NETWORK), {
    status: "FAIL",
    name: "x",
    maxAbs: 0.5,
    relative: 0.1,
  });
});

Deno.test("compareValues() applies the limits", () => {
  assert.equal(statusOf(compareValues("x", [1, 2], [1, 2], EXACT)), "ok");
  assert.equal(statusOf(compareValues("x", [1, 2.0000001], [1, 2], EXACT)), "FAIL");
  assert.equal(statusOf(compareValues("x", [0.000009], [0], KERNEL)), "ok");
  assert.equal(statusOf(compareValues("x", [0.000011], [0], KERNEL)), "FAIL");
  assert.equal(statusOf(compareValues("x", [30.00002], [30], KERNEL)), "ok");
  assert.equal(statusOf(compareValues("x", [1.0009], [1], NETWORK)), "ok");
  assert.equal(statusOf(compareValues("x", [1.0011], [1], NETWORK)), "FAIL");
});

Deno.test("compareValues() finds an outlier that a norm hides", () => {
  const expected = new Float32Array(100_000).fill(1);
  const actual = expected.slice();
  actual[77] = 1.02;
  const line = compareValues("x", actual, expected, NETWORK);
  assert(line.status === "FAIL" && line.relative < 1e-3);
});

Deno.test("compareValues() fails with NaN, infinity or another size", () => {
  for (const value of [NaN, Infinity]) {
    for (const limit of [EXACT, KERNEL, NETWORK]) {
      assert.equal(statusOf(compareValues("x", [1, value], [1, 2], limit)), "FAIL");
      assert.equal(statusOf(compareValues("x", [value, 1], [value, 1], limit)), "FAIL");
    }
  }
  assert.deepEqual(
    compareValues("x", [1], [1, 2], NETWORK),
    failure("x", "expected 2 values, got 1"),
  );
});

Deno.test("orFailure() yields an error as the last comparison", async () => {
  const lines: TensorComparison[] = [];
  const ok = compareValues("x", [1], [1], EXACT);
  const compare = async function* () {
    yield await Promise.resolve(ok);
    throw new RangeError("Cannot continue");
  };
  for await (const line of orFailure("file", compare)) lines.push(line);
  assert.deepEqual(lines, [ok, failure("file", "Cannot continue")]);
});
