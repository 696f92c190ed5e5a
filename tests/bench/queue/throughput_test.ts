import assert from "node:assert/strict";
import { sharingWarning } from "./throughput.ts";

Deno.test("says when workers shared GPUs that they should have had alone", () => {
  assert.equal(sharingWarning([8, 16], 2), undefined);
  assert.equal(sharingWarning([0, 9], 1), undefined);
  assert.equal(sharingWarning(undefined, 2), undefined);
  assert.match(sharingWarning([0, 24, 0, 31], 4)!, /^only 2 of 4 GPUs worked/);
});
