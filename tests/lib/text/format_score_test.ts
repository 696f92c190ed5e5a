import assert from "node:assert/strict";
import { formatScore } from "../../../lib/text/format_score.ts";

Deno.test("formatScore() writes the sign: a negative score is worse than predicting no noise", () => {
  assert.deepEqual([0.01234, -0.5, 0].map(formatScore), ["+0.0123", "-0.500", "+0.00"]);
});
