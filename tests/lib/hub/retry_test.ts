import assert from "node:assert/strict";
import { DEFAULT_RETRY, pauseAfter, readRetryAfter } from "../../../lib/hub/retry.ts";

Deno.test("readRetryAfter() reads seconds, a date and the Hub's own header", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  const read = (headers: Record<string, string>) => readRetryAfter(new Headers(headers), now);
  assert.equal(read({ "retry-after": "120" }), 120_000);
  assert.equal(read({ "retry-after": "Thu, 01 Jan 2026 00:01:00 GMT" }), 60_000);
  assert.equal(read({ "retry-after": "Wed, 31 Dec 2025 00:00:00 GMT" }), 0);
  assert.equal(read({ "ratelimit": '"api";r=0;t=55' }), 55_000);
  assert.equal(read({ "ratelimit": '"api";r=12;t=55' }), undefined);
  assert.equal(read({ "retry-after": "soon" }), undefined);
  assert.equal(read({}), undefined);
});

Deno.test("pauseAfter() doubles up to a bound", () => {
  const pauses = [1, 2, 3, 4, 5, 6, 7].map((failures) => pauseAfter(DEFAULT_RETRY, failures));
  assert.deepEqual(pauses, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
});
