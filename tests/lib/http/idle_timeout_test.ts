import assert from "node:assert/strict";
import { IdleTimeout } from "../../../lib/http/idle_timeout.ts";

const pause = (milliseconds: number) =>
  new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

Deno.test("IdleTimeout aborts when nothing or too little arrives", async () => {
  using silent = new IdleTimeout({ limit: 50 });
  using slow = new IdleTimeout({ limit: 50 });
  slow.add(100);
  await pause(100);
  assert.match(silent.signal.reason.message, /the server sent no data for 0.05 seconds/);
  assert.match(slow.signal.reason.message, /the server sent only 100 bytes for 0.05 seconds/);
});

Deno.test("IdleTimeout starts anew with each 32 kB, and ends with its disposal", async () => {
  const fast = new IdleTimeout({ limit: 200 });
  for (let i = 0; i < 6; i++) {
    await pause(50);
    fast.add(20_000);
  }
  assert.equal(fast.signal.aborted, false);
  fast[Symbol.dispose]();
  await pause(250);
  assert.equal(fast.signal.aborted, false);
});

Deno.test("IdleTimeout tells that it waits, once", async () => {
  const told: number[] = [];
  using idle = new IdleTimeout({
    limit: 2020,
    noticeAfter: 20,
    onSilence: (secondsLeft) => told.push(secondsLeft),
  });
  await pause(100);
  assert.deepEqual(told, [2]);
  assert.equal(idle.signal.aborted, false);
});
