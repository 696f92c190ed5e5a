import assert from "node:assert/strict";
import { jobId } from "../../../lib/queue/picture_job.ts";
import { type JobUpdate, PictureQueue } from "../../../lib/queue/picture_queue.ts";
import type { JobServer } from "../../../lib/queue/job_server.ts";
import { missingServer, RedisServer } from "../../support/redis_server.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";
import { addOptions, checkResults, connectTo, crowd, paintedJob } from "./crowd.ts";
import { waitFor, WorkerProcess } from "./worker_processes.ts";

const skipped = missingServer();

interface Bench {
  readonly redis: RedisServer;
  readonly server: JobServer;
  readonly queue: PictureQueue;
  readonly store: string;
  start(stepMs?: number, flags?: readonly string[]): WorkerProcess;
}

/** A test with a real server, and workers that end with it. */
function queueTest(name: string, body: (bench: Bench) => Promise<void>): void {
  Deno.test({
    name: skipped === undefined ? name : `${name} (skipped: ${skipped})`,
    ignore: skipped !== undefined,
    fn: () =>
      inTemporaryFolder(async (folder) => {
        await using redis = await RedisServer.start(folder);
        await using server = await connectTo(redis.port);
        const workers: WorkerProcess[] = [];
        const store = `${folder}/store`;
        const start = (stepMs = 20, flags: readonly string[] = []) => {
          const worker = new WorkerProcess({
            port: redis.port,
            store,
            scratch: `${folder}/scratch`,
            stepMs,
            flags: ["--lock-seconds", "2", "--checkpoint-seconds", "1", ...flags],
          });
          workers.push(worker);
          return worker;
        };
        try {
          await body({ redis, server, queue: new PictureQueue(server), store, start });
        } finally {
          await Promise.all(workers.map((worker) => worker.end("SIGKILL")));
        }
      }),
  });
}

async function outcomeOf(queue: PictureQueue, job: Awaited<ReturnType<typeof paintedJob>>) {
  const updates: JobUpdate[] = [];
  await queue.watch(new Map([[job.id, job.data]]), {
    ...addOptions({ signal: AbortSignal.timeout(90_000) }),
    onAdded: () => {},
    onUpdate: (_, update) => updates.push(update),
  });
  return updates;
}

queueTest(
  "progress and previews are events, and a job that is done is not made again",
  async ({ server, queue, store, start }) => {
    const worker = start(100);
    const job = await paintedJob("a cat", 30);
    const updates = await outcomeOf(queue, job);
    const progress = updates.flatMap((update) => update.type === "progress" ? [update] : []);
    const steps = progress.flatMap(({ events }) => events).filter(({ event }) => event === "step");
    assert(steps.length > 1);
    assert(progress.some(({ preview }) => preview?.startsWith("iVBORw0KGgo")), "a PNG in base64");
    assert.equal(updates.at(-1)?.type, "done");
    assert.deepEqual((await outcomeOf(queue, job)).map(({ type }) => type), ["done"]);
    await checkResults([job], store);
    // Also when the server has forgotten it.
    await (await server.queue.getJob(job.id))!.remove();
    assert.equal((await outcomeOf(queue, job)).at(-1)?.type, "done");
    assert.equal(worker.events.filter(({ event }) => event === "taken").length, 1);
  },
);

queueTest(
  "a job that ends three workers is set aside; retry tries it again",
  async ({ queue, start }) => {
    const job = await paintedJob("poison", 5);
    await queue.add(job.data, addOptions());
    for (let i = 0; i < 3; i++) assert.equal(await start().ended, 137);
    const worker = start();
    const { message } = await worker.until("set aside");
    assert.match(message!, /3 workers ended while they made it/);
    await waitFor(async () => (await queue.counts()).failed === 1 || undefined, "the failure");
    assert.deepEqual((await queue.failed(5)).map(({ id }) => id), [job.id]);
    assert(await queue.retry(job.id));
    assert.equal(await worker.ended, 137);
  },
);

queueTest(
  "a job that fails three times is set aside with its error; the next one is made",
  async ({ queue, start }) => {
    const worker = start();
    const updates = await outcomeOf(queue, await paintedJob("broken", 5));
    assert.deepEqual(updates.at(-1), {
      type: "failed",
      message: "Cannot paint: the brush is broken",
    });
    const told = worker.events.map(({ event }) => event).filter((event) => event !== "taken");
    assert.deepEqual(told, ["ready", "retried", "retried", "set aside"]);
    assert.equal((await outcomeOf(queue, await paintedJob("good", 5))).at(-1)?.type, "done");
  },
);

queueTest("a forged job is set aside at once", async ({ server, queue, start }) => {
  const { data } = await paintedJob("a cat", 5);
  await server.queue.add("picture", data, { jobId: "p1" });
  const other = { ...data, config: data.config.replace("model_id: mini", "model_id: /etc/passwd") };
  await server.queue.add("picture", other, { jobId: await jobId(other) });
  await server.queue.add("picture", null as unknown as typeof data, { jobId: "p2" });
  const worker = start();
  await waitFor(async () => (await queue.counts()).failed === 3 || undefined, "three failures");
  const messages = worker.events.flatMap(({ message }) => message ?? []).join("\n");
  assert.match(messages, /its id is not that of its content/);
  assert.match(messages, /does not offer "\/etc\/passwd"/);
  assert(!worker.events.some(({ event }) => event === "taken"));
});

queueTest(
  "a job is canceled while it waits and while it is made",
  async ({ queue, start, store }) => {
    const [slow, waiting] = [await paintedJob("slow", 60), await paintedJob("waiting", 5)];
    const worker = start(100);
    await queue.add(slow.data, addOptions());
    await queue.add(waiting.data, addOptions());
    await worker.until("taken");
    assert.equal(await queue.cancel(waiting.id), "removed");
    assert.equal(await queue.cancel(slow.id), "stopping");
    const { message } = await worker.until("set aside");
    assert.match(message!, /canceled/);
    assert.equal(await queue.cancel(waiting.id), "unknown");
    assert.deepEqual(Array.from(Deno.readDirSync(store), ({ name }) => name), []);
    const next = await paintedJob("next", 5);
    assert.equal((await outcomeOf(queue, next)).at(-1)?.type, "done");
    assert.equal(await queue.cancel(next.id), "finished");
  },
);

queueTest(
  "smaller priorities are made first, and a full queue takes no more",
  async ({ queue, start }) => {
    const jobs = await crowd(6);
    for (const [i, { data }] of jobs.entries()) {
      await queue.add(data, addOptions({ priority: 100 - i }));
    }
    const late = await paintedJob("late", 5);
    const full: number[] = [];
    const adding = queue.add(late.data, addOptions({ maxWaiting: 3, onFull: (n) => full.push(n) }));
    await new Promise((resolve) => setTimeout(resolve, 1000));
    assert.deepEqual(full, [6]);
    assert.equal((await queue.counts()).waiting, 6);
    const worker = start();
    await adding;
    await waitFor(async () => (await queue.counts()).done === 7 || undefined, "seven results");
    const order = worker.events.filter(({ event }) => event === "taken").map(({ id }) => id);
    assert.deepEqual(order.filter((id) => id !== late.id), jobs.map(({ id }) => id).reverse());
  },
);

queueTest("a stopped worker gives its job back with its state", async ({ queue, start, store }) => {
  const job = await paintedJob("a cat", 60);
  await queue.add(job.data, addOptions());
  const first = start(100);
  await first.until("taken");
  await new Promise((resolve) => setTimeout(resolve, 1000));
  assert.equal(await first.end("SIGTERM"), 130);
  assert.equal(first.events.at(-1)?.event, "returned");
  assert.equal((await queue.counts()).waiting, 1);
  const second = start(1);
  assert((await second.until("taken")).resumedFrom! > 0);
  await second.until("done");
  await checkResults([job], store);
});

queueTest(
  "a server that is silent for longer than the lock loses nothing",
  async ({ redis, queue, start, store }) => {
    const worker = start(100);
    const job = await paintedJob("a cat", 40);
    await queue.add(job.data, addOptions());
    await worker.until("taken");
    await redis.freeze();
    await new Promise((resolve) => setTimeout(resolve, 8000));
    await redis.thaw();
    await waitFor(async () => (await queue.counts()).done === 1 || undefined, "the result");
    await checkResults([job], store);
  },
);

queueTest(
  "a job stays with a worker whose thread is busy for longer than the lock",
  async ({ queue, start }) => {
    const job = await paintedJob("busy", 5);
    const workers = [start(), start()];
    await Promise.all(workers.map((worker) => worker.until("ready")));
    assert.equal((await outcomeOf(queue, job)).at(-1)?.type, "done");
    const events = workers.flatMap((worker) => worker.events.map(({ event }) => event));
    assert.deepEqual(events.filter((event) => event !== "ready").sort(), ["done", "taken"]);
  },
);

Deno.test("a worker without a server, a store or a valid address says so", async () => {
  await inTemporaryFolder(async (folder) => {
    const flags = { port: 9, store: folder, scratch: folder, stepMs: 1 };
    assert.equal(await new WorkerProcess(flags).ended, 1);
    const other = { ...flags, flags: ["--queue", "http://a"] };
    assert.equal(await new WorkerProcess(other).ended, 2);
  });
});
