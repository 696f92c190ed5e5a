import assert from "node:assert/strict";
import { PictureQueue } from "../../../lib/queue/picture_queue.ts";
import { missingServer, RedisServer } from "../../support/redis_server.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";
import { addOptions, connectTo, crowd } from "./crowd.ts";

const skipped = missingServer();

/** A test with a real server and no workers. */
function queueTest(
  name: string,
  body: (parts: {
    readonly queue: PictureQueue;
    readonly waiting: () => Promise<string[]>;
    readonly take: (count: number) => Promise<void>;
  }) => Promise<void>,
): void {
  Deno.test({
    name: skipped === undefined ? name : `${name} (skipped: ${skipped})`,
    ignore: skipped !== undefined,
    fn: () =>
      inTemporaryFolder(async (folder) => {
        await using redis = await RedisServer.start(folder);
        await using server = await connectTo(redis.port);
        const jobsOf = (last: number) => server.queue.getJobs(["prioritized", "waiting"], 0, last);
        await body({
          queue: new PictureQueue(server),
          waiting: async () => (await jobsOf(-1)).map(({ id }) => id!),
          take: async (count) => {
            for (const job of await jobsOf(count - 1)) await job.remove();
          },
        });
      }),
  });
}

queueTest("addAll() adds many jobs, never more than may wait, each once", async (parts) => {
  const { queue, waiting, take } = parts;
  const jobs = new Map((await crowd(130)).map(({ id, data }) => [id, data]));
  const added: string[] = [];
  let isFull = 0;
  const options = addOptions({ maxWaiting: 50, onFull: () => isFull++ });
  const adding = queue.addAll(jobs, options, (id) => added.push(id));
  const seen = new Set<string>();
  let isDone = false;
  adding.finally(() => isDone = true);
  while (!isDone) {
    const ids = await waiting();
    assert(ids.length <= 50, `${ids.length} wait`);
    for (const id of ids) seen.add(id);
    if (ids.length === 50) await take(30);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await adding;
  for (const id of await waiting()) seen.add(id);
  assert(isFull >= 1);
  assert.deepEqual(added, [...jobs.keys()]);
  assert.deepEqual([...seen].sort(), [...jobs.keys()].sort());
});

queueTest("addAll() does not wait for room for jobs that are there", async (parts) => {
  const { queue, waiting } = parts;
  const jobs = new Map((await crowd(4)).map(({ id, data }) => [id, data]));
  const options = addOptions({ maxWaiting: 4, signal: AbortSignal.timeout(30_000) });
  await queue.addAll(jobs, options);
  const again: string[] = [];
  await queue.addAll(jobs, options, (id) => again.push(id));
  assert.deepEqual(again, [...jobs.keys()]);
  assert.equal((await waiting()).length, 4);
});

Deno.test({
  name: "an error of a connection that nobody listens to does not end the process",
  ignore: skipped !== undefined,
  fn: () =>
    inTemporaryFolder(async (folder) => {
      await using redis = await RedisServer.start(folder);
      await using server = await connectTo(redis.port);
      for (const client of [server.client, server.client.duplicate()]) {
        // As BullMQ does, after its own listeners have left.
        client.on("error", (error) => {
          throw error;
        });
        assert.equal(client.emit("error", new Error("The client is closed")), false);
      }
    }),
});
