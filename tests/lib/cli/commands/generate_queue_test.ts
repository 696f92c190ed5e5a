import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { generateCommand } from "../../../../lib/cli/commands/generate.ts";
import { queueCommand } from "../../../../lib/cli/commands/queue.ts";
import { createTerminal } from "../../../../lib/report/terminal.ts";
import { type GenerateFlags, generateFlags } from "../../../support/generate_flags.ts";
import { missingServer, RedisServer } from "../../../support/redis_server.ts";
import { inTemporaryFolder } from "../../../support/temporary_folder.ts";
import { WorkerProcess } from "../../queue/worker_processes.ts";
import { paintingRuns } from "./painting_run.ts";

const IMAGE = fileURLToPath(new URL("../../../fixtures/images/check8.png", import.meta.url));
const skipped = missingServer();
const title = "generate --queue has its pictures made by a worker";

function recorder() {
  let text = "";
  const terminal = createTerminal({ print: (part) => void (text += part) });
  const events = () => text.trimEnd().split("\n").map((line) => JSON.parse(line));
  return { terminals: { out: terminal, status: terminal }, events };
}

async function generate(flags: Partial<GenerateFlags>) {
  const { terminals, events } = recorder();
  const given = generateFlags({ json: true, size: "8,8", steps: "3", ...flags });
  const code = await generateCommand(given, terminals, paintingRuns());
  return { code, events: events() };
}

Deno.test({
  name: skipped === undefined ? title : `${title} (skipped: ${skipped})`,
  ignore: skipped !== undefined,
  fn: () =>
    inTemporaryFolder(async (folder) => {
      await using redis = await RedisServer.start(folder);
      const queue = redis.address;
      await Deno.writeTextFile(`${folder}/mine.hex`, "102030\nffffff\n");
      const palette = `${folder}/mine.hex`;
      const added = await generate({ prompt: "a", palette, queue, priority: "5", detach: true });
      assert.equal(added.code, 0);
      const [, id] = /^added (p[0-9a-f]{64})$/.exec(added.events.at(-1).message)!;
      const { terminals, events } = recorder();
      assert.equal(await queueCommand(["status"], { queue, json: true }, terminals), 0);
      assert.deepEqual(events(), [{ waiting: 1, active: 0, done: 0, failed: 0, setAside: [] }]);
      const setup = { port: redis.port, store: `${folder}/store`, scratch: `${folder}/scratch` };
      const worker = new WorkerProcess({ ...setup, stepMs: 5 });
      try {
        // The same job, and another one.
        const { code, events } = await generate({
          prompt: ["a", "b"],
          palette,
          queue,
          maxWaiting: "2",
          inputImage: IMAGE,
        });
        assert.equal(code, 0);
        const done = events.filter(({ event }) => event === "done");
        assert.deepEqual(done.map(({ picture }) => picture.number).sort(), [1, 2]);
        assert(events.some(({ event, step }) => event === "step" && step === 3));
        for (const { folder, files } of done) {
          assert(files.includes(`${folder}/final_argmax.png`));
          for (const file of files) assert((await Deno.stat(file)).size > 0, file);
          // What the picture was made from lies beside it.
          assert.deepEqual(await Deno.readFile(`${folder}/input`), await Deno.readFile(IMAGE));
          assert.equal(await Deno.readTextFile(`${folder}/palette.hex`), "102030\nffffff\n");
        }
        assert.equal((await Deno.stat(`${folder}/store/results/${id}/result.json`)).isFile, true);
        await assert.rejects(generate({ prompt: "broken", queue }), {
          name: "SetAsideError",
          message: "Cannot make 1 of 1 pictures: Cannot paint: the brush is broken",
        });
      } finally {
        assert.equal(await worker.end("SIGTERM"), 130);
      }
    }),
});

Deno.test("flags that contradict --queue are refused, before anything is read", async () => {
  const queue = "redis://127.0.0.1:9";
  for (const flags of [{ output: "o" }, { makeVideo: true }, { verbose: true }, { resume: "r" }]) {
    await assert.rejects(
      generate({ prompt: "a", queue, ...flags } as Partial<GenerateFlags>),
      { name: "UsageError", message: /with --queue: the workers make the pictures/ },
    );
  }
  await assert.rejects(generate({ prompt: "a", queue: "localhost" }), { name: "AddressError" });
});

Deno.test("queue refuses unknown actions and wrong ids", async () => {
  const { terminals } = recorder();
  const flags = { queue: "redis://127.0.0.1:9" };
  for (const args of [["stop"], ["cancel"], ["cancel", "5"], ["status", "p1"]]) {
    await assert.rejects(queueCommand(args, flags, terminals), { name: "UsageError" });
  }
  await assert.rejects(queueCommand(["status"], {}, terminals), { name: "UsageError" });
});
