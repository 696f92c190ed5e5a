import assert from "node:assert/strict";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";
import { missingServer, RedisServer } from "../../support/redis_server.ts";
import { checkResults, crowd, surviveKills } from "./crowd.ts";

const skipped = missingServer();
const name = "two workers that are killed again and again make each picture once, and whole";

Deno.test({
  name: skipped === undefined ? name : `${name} (skipped: ${skipped})`,
  ignore: skipped !== undefined,
  fn: async () => {
    await inTemporaryFolder(async (folder) => {
      await using server = await RedisServer.start(folder);
      const jobs = await crowd(8);
      const store = `${folder}/store`;
      const report = await surviveKills(jobs, {
        setup: {
          port: server.port,
          store,
          scratch: `${folder}/scratch`,
          stepMs: 200,
          // Far more often than in life, a worker is killed before it has saved anything.
          flags: ["--lock-seconds", "2", "--checkpoint-seconds", "1", "--tries", "20"],
        },
        workers: 2,
        // Long enough for a state to be saved, also where a worker starts slowly: else none is ever
        // resumed.
        killMs: 4000,
        // On a busy machine, a worker may start for longer than it lives.
        maxKills: 8,
        disturbances: [{
          atMs: 5000,
          run: async () => {
            await server.kill();
            await server.restart();
          },
        }],
        timeoutMs: 300_000,
      });
      await checkResults(jobs, store);
      assert(report.kills > 0 && report.busyKills > 0, JSON.stringify(report));
      assert(report.resumed > 0, JSON.stringify(report));
      assert([...report.completions.values()].every((times) => times === 1));
    });
  },
});
