import assert from "node:assert/strict";
import { EventLog } from "../../../lib/studio/event_log.ts";

/** Reads events of a stream until there are enough. */
async function read(response: Response, count: number): Promise<{ id: string; data: string }[]> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const events = () =>
    [...text.matchAll(/id: (.*)\nevent: .*\ndata: (.*)\n\n/g)]
      .map(([, id, data]) => ({ id: id!, data: data! }));
  while (events().length < count) {
    const { value, done } = await reader.read();
    if (done) break;
    text += value;
  }
  await reader.cancel();
  return events();
}

const LOG = () => new EventLog("a", () => ({ type: "jobs", jobs: [] }));

Deno.test("a new page gets the whole state", async () => {
  const log = LOG();
  log.add({ type: "runs" });
  const [first] = await read(log.open(null), 1);
  assert.deepEqual(first, { id: "a-1", data: '{"type":"jobs","jobs":[]}' });
});

Deno.test("a page that reconnects gets exactly what it missed", async () => {
  const log = LOG();
  for (let i = 0; i < 5; i++) log.add({ type: "runs" });
  const missed = await read(log.open("a-2"), 3);
  assert.deepEqual(missed.map(({ id }) => id), ["a-3", "a-4", "a-5"]);
});

Deno.test("ids of another server, of the future or of events that are gone give the state", async () => {
  const log = LOG();
  const indices = "A".repeat(2 ** 25);
  const step = { type: "step", job: "1", number: 1, timestep: 0, seconds: 0, losses: {} } as const;
  for (let i = 1; i < 5; i++) log.add({ ...step, step: i, indices });
  for (const id of ["b-4", "a-9", "a-0", "a-", "nonsense"]) {
    const [first] = await read(log.open(id), 1);
    assert.match(first!.data, /"type":"jobs"/, id);
  }
});

Deno.test("all streams can be ended, and later events harm nothing", async () => {
  const log = LOG();
  const response = log.open(null);
  log.closeAll();
  log.add({ type: "runs" });
  assert.match(await response.text(), /"type":"jobs"/);
});
