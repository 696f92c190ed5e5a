import assert from "node:assert/strict";
import { IdleTimeout } from "../../../lib/http/idle_timeout.ts";
import { readBody } from "../../../lib/http/read_body.ts";
import { defined } from "../../../lib/text/defined.ts";

/** A body without end, which counts what was taken of it. */
function endless(taken: { bytes: number; isCanceled: boolean }): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      taken.bytes += 1000;
      controller.enqueue(new Uint8Array(1000));
    },
    cancel() {
      taken.isCanceled = true;
    },
  });
}

Deno.test("readBody() stops an endless body at its bound", async () => {
  using idle = new IdleTimeout({ limit: 10_000 });
  const taken = { bytes: 0, isCanceled: false };
  const bounds = { maxBytes: 50_000, maxUnannounced: 20_000, idle };
  await assert.rejects(
    readBody(new Response(endless(taken)), bounds),
    /expected at most 20000 bytes, got more/,
  );
  assert.equal(taken.bytes < 30_000, true);
  assert.equal(taken.isCanceled, true);
});

Deno.test("readBody() compares the body with its announced length", async () => {
  using idle = new IdleTimeout({ limit: 10_000 });
  const read = (body: string, length: number, coding?: string) =>
    readBody(
      new Response(body, {
        headers: {
          "content-length": String(length),
          ...defined({ "content-encoding": coding }),
        },
      }),
      { maxBytes: 10, idle },
    );
  assert.equal(new TextDecoder().decode(await read("hello", 5)), "hello");
  assert.equal((await read("hello", 3, "gzip")).byteLength, 5);
  await assert.rejects(read("hello", 6), /expected 6 bytes, got 5 \(the transfer was cut off/);
  await assert.rejects(read("hello", 4), /expected at most 4 bytes, got more/);
  await assert.rejects(read("hello", 11), /expected at most 10 bytes, got 11/);
});
