import assert from "node:assert/strict";
import { createRateMeter } from "../../../lib/report/transfer_rate.ts";

Deno.test("createRateMeter() measures over the last ten seconds", () => {
  let time = 0;
  const meter = createRateMeter(() => time);
  const at = (seconds: number, bytesDone: number) => {
    time = seconds * 1000;
    return meter({ bytesDone, bytesTotal: 10_000 });
  };
  // What was there before the start is no transfer.
  assert.deepEqual(at(0, 4000), { bytesPerSecond: 0, secondsLeft: undefined });
  assert.deepEqual(at(2, 5000), { bytesPerSecond: 500, secondsLeft: 10 });
  assert.deepEqual(at(12, 6000), { bytesPerSecond: 100, secondsLeft: 40 });
  assert.deepEqual(at(13, 0), { bytesPerSecond: 0, secondsLeft: undefined });
});
