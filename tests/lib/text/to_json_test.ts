import assert from "node:assert/strict";
import { toJson } from "../../../lib/text/to_json.ts";

Deno.test("toJson() writes integers of 64 bits as texts", () => {
  assert.equal(toJson({ seed: 2n ** 64n - 1n, a: [1] }), '{"seed":"18446744073709551615","a":[1]}');
});
