import assert from "node:assert/strict";
import { makeTimeIds } from "../../../../lib/conditioning/sdxl/time_ids.ts";

Deno.test("makeTimeIds() repeats the size for each row", () => {
  const { data, shape } = makeTimeIds({ height: 128, width: 96 }, 2);
  assert.deepEqual(shape, [2, 6]);
  assert.deepEqual([...data], [128, 96, 0, 0, 128, 96, 128, 96, 0, 0, 128, 96]);
});
