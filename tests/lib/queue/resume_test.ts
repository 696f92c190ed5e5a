import assert from "node:assert/strict";
import { resolveSources } from "../../../config/resolve_run_config.ts";
import { createRun } from "../../../lib/distill/create_run.ts";
import { distill } from "../../../lib/distill/distill.ts";
import { encodePicture } from "../../../lib/outputs/final_images.ts";
import { sourcesOfFlags } from "../../../lib/cli/flags/config_from_flags.ts";
import { findPalette } from "../../../lib/palette/formats/find_palette.ts";
import { encodeJob, jobId } from "../../../lib/queue/picture_job.ts";
import { PictureQueue } from "../../../lib/queue/picture_queue.ts";
import { goldenPath } from "../../support/goldens.ts";
import { missingServer, RedisServer } from "../../support/redis_server.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";
import { addOptions, connectTo } from "./crowd.ts";
import { waitFor, WorkerProcess } from "./worker_processes.ts";

const skipped = missingServer();
const title = "a worker continues what a killed one has begun, with the bits of an undisturbed run";

Deno.test({
  name: skipped === undefined ? title : `${title} (skipped: ${skipped})`,
  ignore: skipped !== undefined,
  fn: () =>
    inTemporaryFolder(async (folder) => {
      const model = goldenPath("tiny-sdxl");
      const { config } = resolveSources(sourcesOfFlags({
        prompt: ["a red dragon"],
        palette: ["1-bit"],
        size: "8,8",
        steps: "60",
        strength: "0.4",
        model,
        set: ["sd.im_size=64", "diffusion.num_inference_steps=1", "diffusion.num_references=1"],
      }));
      const palette = await findPalette("1-bit");
      const data = encodeJob({ config, palette, image: undefined });
      const id = await jobId(data);
      await using redis = await RedisServer.start(folder);
      await using server = await connectTo(redis.port);
      const queue = new PictureQueue(server);
      const store = `${folder}/store`;
      const flags = ["--model", model, "--lock-seconds", "2", "--checkpoint-seconds", "1"];
      const setup = { port: redis.port, store, scratch: `${folder}/scratch`, flags };
      await queue.add(data, addOptions());
      const first = new WorkerProcess(setup);
      let second: WorkerProcess | undefined;
      try {
        await first.until("taken", 120_000);
        const states = `${store}/state/${id}`;
        await waitFor(
          async () => {
            const [machine] = await Array.fromAsync(Deno.readDir(states)).catch(() => []);
            return machine &&
              await Deno.stat(`${states}/${machine.name}/latest`).catch(() => undefined);
          },
          "a saved state",
          120_000,
        );
        await first.end("SIGKILL");
        second = new WorkerProcess(setup);
        const { resumedFrom } = await second.until("taken", 120_000);
        assert(resumedFrom! > 0);
        await second.until("done", 120_000);
      } finally {
        await first.end("SIGKILL");
        await second?.end("SIGKILL");
      }
      await using run = await createRun(config, { palette });
      for await (const _ of distill(run));
      const expected = encodePicture(await run.picture());
      assert.deepEqual(await Deno.readFile(`${store}/results/${id}/final_argmax.png`), expected);
    }),
});
