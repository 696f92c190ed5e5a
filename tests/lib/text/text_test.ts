import assert from "node:assert/strict";
import { defined } from "../../../lib/text/defined.ts";
import { closestNames, didYouMean } from "../../../lib/text/did_you_mean.ts";
import { formatBytes } from "../../../lib/text/format_bytes.ts";
import { formatDuration } from "../../../lib/text/format_duration.ts";

Deno.test("formatBytes() writes two digits or more", () => {
  const texts = [0, 999, 1000, 9_784_252, 335_000_000, 999_600, 5_135_149_760].map(formatBytes);
  assert.deepEqual(texts, [
    "0 bytes",
    "999 bytes",
    "1.0 kB",
    "9.8 MB",
    "335 MB",
    "1.0 MB",
    "5.1 GB",
  ]);
});

Deno.test("formatDuration() says seconds, minutes and hours", () => {
  const texts = [0.4, 59, 61, 3725].map(formatDuration);
  assert.deepEqual(texts, ["0 s", "59 s", "1 min 01 s", "1 h 02 min"]);
});

Deno.test("didYouMean() suggests the nearest word, and counts a swap as one edit", () => {
  const words = ["tau", "steps", "seed"];
  assert.equal(didYouMean("setps", words), '; did you mean "steps"?');
  assert.equal(didYouMean("TUA", words), '; did you mean "tau"?');
  assert.equal(didYouMean("palette", words), "");
});

Deno.test("closestNames() ignores separators and finds names that contain the typed text", () => {
  const names = ["sweetie-16", "endesga-32", "gray-4", "gray-8", "gray-16", "gray-32"];
  assert.deepEqual(closestNames("Swetie_16", names), ["sweetie-16"]);
  assert.deepEqual(closestNames("gray", names), ["gray-4", "gray-8", "gray-16"]);
  assert.deepEqual(closestNames("xyzzy", names), []);
});

Deno.test("defined() leaves out what is undefined, and nothing else", () => {
  const signal: AbortSignal | undefined = undefined;
  const values: { readonly count: number; readonly signal?: AbortSignal } = {
    count: 0,
    ...defined({ signal }),
  };
  assert.deepEqual(Object.keys(values), ["count"]);
  assert.deepEqual(defined({ a: null, b: false, c: undefined }), { a: null, b: false });
});
