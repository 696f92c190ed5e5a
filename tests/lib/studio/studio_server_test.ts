import assert from "node:assert/strict";
import { createSymlinks } from "../hub/create_symlinks.ts";
import { join } from "node:path";
import { StudioServer } from "../../../lib/studio/studio_server.ts";
import type { JobState } from "../../../lib/studio/protocol/studio_api.ts";
import { encodePng } from "../../../lib/image/encode_png.ts";
import { Image } from "../../../lib/image/image.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";
import { FakeWorker } from "./fake_worker.ts";

const FORM = { prompt: "a cat", size: [16, 16], palette: "pico-8", preset: "draft", seed: "7" };

/** A studio whose runs are fakes, and requests as its page makes them. */
async function openStudio(output: string) {
  const worker = new FakeWorker();
  const server = await StudioServer.start({
    port: 0,
    output,
    model: "mini",
    flags: [],
    startWorker: () => worker,
  });
  const { origin } = new URL(server.address);
  const post = async (path: string, body: BodyInit) => {
    const init = { method: "POST", headers: { origin }, body };
    const response = await fetch(new URL(path, server.address), init);
    return { status: response.status, body: await response.json() };
  };
  const jobs = async (): Promise<readonly JobState[]> => {
    const response = await fetch(new URL("api/events", server.address));
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!/\ndata: .*\n\n/.test(text)) text += (await reader.read()).value;
    await reader.cancel();
    return JSON.parse(/\ndata: (.*)\n/.exec(text)![1]!).jobs;
  };
  const ended = async (id: string) => {
    for (;;) {
      const job = (await jobs()).find((one) => one.id === id)!;
      if (["done", "failed", "stopped"].includes(job.status)) return job;
      await new Promise((done) => setTimeout(done, 10));
    }
  };
  return { folder: output, server, worker, post, jobs, ended };
}

function studioTest(
  name: string,
  body: (studio: Awaited<ReturnType<typeof openStudio>>) => Promise<void>,
): void {
  Deno.test(name, async () => {
    await inTemporaryFolder(async (folder) => {
      const studio = await openStudio(folder);
      await using _ = studio.server;
      await body(studio);
    });
  });
}

studioTest(
  "an order becomes the arguments of generate, and its picture is followed",
  async ({ server, worker, post, ended }) => {
    const { body } = await post("api/jobs", JSON.stringify({ ...FORM, negativePrompt: "-x" }));
    assert.match(body.command, /^deno task generate --prompt 'a cat' --negative-prompt -x /);
    const job = await ended(body.id);
    assert.equal(job.status, "done");
    assert.equal(job.pictures[0]!.step, 8);
    assert.equal(job.pictures[0]!.run, `draft/run-${body.id}`);
    assert.equal(job.pictures[0]!.losses.fft!.length, 8);
    assert(worker.asked[0]!.includes("pico-8"));
    const step = await fetch(
      new URL(`api/jobs/${body.id}/pictures/1/steps/3`, server.address),
    );
    assert.equal((await step.json()).step, 3);
  },
);

studioTest("a canceled run is continued from its step", async ({ post, ended }) => {
  const { body } = await post("api/jobs", JSON.stringify(FORM));
  await post(`api/jobs/${body.id}/pause`, "{}");
  await post(`api/jobs/${body.id}/cancel`, "{}");
  const stopped = await ended(body.id);
  assert.equal(stopped.status, "stopped");
  const { run, step } = stopped.pictures[0]!;
  assert(step < 8);
  const again = await post("api/continue", JSON.stringify({ run }));
  const done = await ended(again.body.id);
  assert.equal(done.status, "done");
  assert.equal(done.pictures[0]!.step, 8);
});

studioTest(
  "no path of the page leads out of the output folder",
  async ({ folder, server, worker, post }) => {
    await Deno.mkdir(join(folder, "draft"), { recursive: true });
    await createSymlinks([["/", join(folder, "draft", "root")]]);
    const runs = ["../x", "/etc", "draft", "draft/..", "draft/.hidden", "uploads/x", "draft/root"];
    for (const run of [...runs, "draft/none", "draft\\..\\x", "", null, 3]) {
      const { status } = await post("api/continue", JSON.stringify({ run }));
      assert.equal(status, 400, String(run));
    }
    const files = ["/etc/passwd", "../x.png", "image-0123456789abcdef.png", "palette-../x.hex"];
    for (const image of files) {
      const { status } = await post("api/jobs", JSON.stringify({ ...FORM, image }));
      assert.equal(status, 400, image);
    }
    for (const palette of ["/etc/passwd", "deno.json", "../x.hex"]) {
      const { status } = await post("api/jobs", JSON.stringify({ ...FORM, palette }));
      assert.equal(status, 400, palette);
    }
    for (const flags of [["--output", "/tmp"], ["--model", "/etc"], ["--config", "a"], ["--set"]]) {
      const { status } = await post("api/jobs", JSON.stringify({ ...FORM, flags }));
      assert.equal(status, 400, flags.join());
    }
    for (
      const path of ["lib/studio/guard.ts", "lib/studio/page/../guard.ts", "deno.json", "cli.ts"]
    ) {
      const response = await fetch(new URL(path.replaceAll("/..", "/%2e%2e"), server.address));
      await response.body?.cancel();
      assert.equal(response.status, 404, path);
    }
    assert.deepEqual(worker.asked, []);
  },
);

studioTest(
  "uploads are kept under names of their content, and bounded",
  async ({ folder, worker, post, ended }) => {
    const png = encodePng(new Image({ height: 4, width: 6 }));
    const image = await post("api/uploads/image?name=..%2F..%2Fmy%20cat.PNG", png);
    assert.deepEqual([image.body.height, image.body.width], [4, 6]);
    assert.match(image.body.id, /^image-[0-9a-f]{16}-_my_cat\.png$/);
    const palette = await post("api/uploads/palette?name=mine.hex", "ff0000\n00ff00\n");
    assert.deepEqual(palette.body.palette.colors, ["#ff0000", "#00ff00"]);
    const order = { ...FORM, image: image.body.id, palette: palette.body.id, strength: 0.3 };
    const { body } = await post("api/jobs", JSON.stringify(order));
    await ended(body.id);
    assert(worker.asked[0]!.includes(join(folder, "uploads", image.body.id)));
    for (
      const [kind, content] of [["image", "no image"], ["palette", "\0"], ["else", png]] as const
    ) {
      assert.equal((await post(`api/uploads/${kind}?name=a.png`, content)).status, 400, kind);
    }
    const large = await post("api/uploads/image?name=a.png", new Uint8Array(33 * 2 ** 20));
    assert.match(large.body.error, /at most 33554432 bytes/);
    const bomb = encodePng(new Image({ height: 4200, width: 4200 }));
    assert.equal((await post("api/uploads/image?name=a.png", bomb)).status, 400);
  },
);

studioTest("all modules of the page are served, without types", async ({ server }) => {
  const html = await (await fetch(server.address)).text();
  const paths = [...html.matchAll(/href="\.\/([^"]+)"/g)].map(([, path]) => path!);
  const { imports } = JSON.parse(/importmap" nonce="[^"]+">(.*)<\/script>/.exec(html)![1]!);
  for (const path of [...paths, ...Object.values(imports) as string[]]) {
    const response = await fetch(new URL(path, server.address));
    const text = await response.text();
    assert.equal(response.status, 200, path);
    for (const [, name] of text.matchAll(/from "(npm:[^"]+)"/g)) assert(imports[name!], `${name}`);
  }
  assert(paths.includes("lib/studio/page/studio.ts"));
});

studioTest("wrong orders are refused with a sentence", async ({ post }) => {
  const wrong = [
    [{ ...FORM, size: 3 }, /height and width/],
    [{ ...FORM, prompt: 4 }, /"prompt"/],
    [{ ...FORM, variations: 1000 }, /at most 24/],
    [{ ...FORM, palette: "no such" }, /palette "no such"/],
    [{ ...FORM, prompt: " " }, /^Cannot generate: expected a prompt or an image/],
    // The library refuses rules that contradict each other or the picture.
    [{ ...FORM, size: [16, 24], flags: ["--symmetry", "rotate4"] }, /square/],
    [{ ...FORM, flags: ["--max-colors", "1", "--lock-colors", "0,1"] }, /lock/],
    [{ ...FORM, flags: ["--exclude-colors", "#123456"] }, /color "#123456"/],
    [{ ...FORM, flags: ["--tile", "z"] }, /"--tile"/],
  ] as const;
  for (const [order, message] of wrong) {
    const { status, body } = await post("api/jobs", JSON.stringify(order));
    assert.equal(status, 400);
    assert.match(body.error, message);
  }
  assert.equal((await post("api/jobs", "no json")).status, 400);
  assert.equal((await post("api/jobs/99/cancel", "{}")).status, 400);
});
