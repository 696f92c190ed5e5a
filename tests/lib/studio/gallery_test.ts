import assert from "node:assert/strict";
import { createSymlinks } from "../hub/create_symlinks.ts";
import { join } from "node:path";
import { decodePng } from "../../../lib/image/decode_png.ts";
import { writeIndexedPicture } from "../../../lib/outputs/indexed_picture_files.ts";
import { Palette } from "../../../lib/palette/palette.ts";
import { StudioServer } from "../../../lib/studio/studio_server.ts";
import type { GalleryRun } from "../../../lib/studio/protocol/gallery_api.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";
import { FakeWorker } from "./fake_worker.ts";
import { addRun } from "./gallery_pictures.ts";

const RUN = "standard/2026-a";

/** A studio with one run, and requests as its page makes them. */
async function withGallery(
  body: (
    studio: {
      readonly output: string;
      get(path: string): Promise<Response>;
      post(path: string, body: object): Promise<{ status: number; body: Record<string, string> }>;
      list(): Promise<readonly GalleryRun[]>;
    },
  ) => Promise<void>,
): Promise<void> {
  await inTemporaryFolder(async (output) => {
    await addRun(output, RUN, 255);
    const startWorker = () => new FakeWorker();
    const options = { port: 0, output, model: "mini", flags: [], startWorker };
    await using server = await StudioServer.start(options);
    const { origin } = new URL(server.address);
    const get = (path: string) => fetch(new URL(path, server.address));
    await body({
      output,
      get,
      post: async (path, body) => {
        const init = { method: "POST", headers: { origin }, body: JSON.stringify(body) };
        const response = await fetch(new URL(path, server.address), init);
        return { status: response.status, body: await response.json() };
      },
      list: async () => (await (await get("api/runs")).json()).runs,
    });
  });
}

Deno.test("runs are listed and starred, deleted to the trash and taken back", async () => {
  await withGallery(async ({ output, post, list }) => {
    const [run] = await list();
    assert.deepEqual(
      [run!.run, run!.prompt, run!.seed, run!.palette, run!.height, run!.isStarred],
      [RUN, "a flag", "255", "pico-8", 8, false],
    );
    await post("api/runs/star", { run: RUN, isStarred: true });
    assert.equal((await list())[0]!.isStarred, true);
    await post("api/runs/trash", { run: RUN });
    assert.deepEqual(await list(), []);
    assert((await Deno.stat(join(output, "trash", RUN, "config.yaml"))).isFile);
    await post("api/runs/restore", { run: RUN });
    assert.equal((await list())[0]!.isStarred, true);
  });
});

Deno.test("runs of one name are deleted and taken back one after the other", async () => {
  await withGallery(async ({ output, post, list }) => {
    const colorOf = async (run: string) =>
      decodePng(await Deno.readFile(join(output, run, "final_argmax.png"))).image.data.at(-2);
    assert.deepEqual((await post("api/runs/trash", { run: RUN })).body, { trashed: RUN });
    await addRun(output, RUN, 9);
    const second = { trashed: `${RUN}-2` };
    assert.deepEqual((await post("api/runs/trash", { run: RUN })).body, second);
    assert.deepEqual([await colorOf(`trash/${RUN}`), await colorOf(`trash/${RUN}-2`)], [255, 9]);
    // The last one gets its name back, the other one another.
    assert.deepEqual((await post("api/runs/restore", { run: RUN, ...second })).body, { run: RUN });
    const first = { run: RUN, trashed: RUN };
    assert.deepEqual((await post("api/runs/restore", first)).body, { run: `${RUN}-2` });
    assert.deepEqual([await colorOf(RUN), await colorOf(`${RUN}-2`)], [9, 255]);
    assert.deepEqual((await list()).map(({ run }) => run).sort(), [RUN, `${RUN}-2`]);
    assert.equal((await post("api/runs/restore", { run: "../x", trashed: RUN })).status, 400);
  });
});

Deno.test("runs of one prompt, size and teacher are ranked by their scores", async () => {
  await withGallery(async ({ output, get, list }) => {
    const score = (run: string, score: number) =>
      Deno.writeTextFile(join(output, run, "picture.json"), JSON.stringify({ score }));
    const [poor, good, unscored, other] = ["a", "b", "c", "d"].map((name) => `standard/${name}`);
    for (const run of [poor!, good!, unscored!, other!]) await addRun(output, run, 9);
    await list();
    await score(poor!, -0.25);
    await score(good!, 0.5);
    await score(other!, 0.9);
    const config = "prompt: a ship\ngenerator:\n  palette: pico-8\n";
    await Deno.writeTextFile(join(output, other!, "config.yaml"), config);
    const ranks = new Map((await list()).map(({ run, rank, score }) => [run, [rank, score]]));
    assert.deepEqual(
      [good, poor, unscored, other].map((run) => ranks.get(run!)),
      [[1, 0.5], [2, -0.25], [undefined, undefined], [1, 0.9]],
    );
    const sheet = await get(`api/runs/ranked?run=${poor}&run=${good}`);
    const { image } = decodePng(await sheet.bytes());
    assert(image.width > image.height && image.height > 100, `${image.width}x${image.height}`);
    for (const wrong of [`run=${poor}&run=${other}`, "run=../x", ""]) {
      assert.equal((await get(`api/runs/ranked?${wrong}`)).status, 400, wrong);
    }
  });
});

Deno.test("a run that was killed before its first picture is listed with its step", async () => {
  await withGallery(async ({ output, list }) => {
    const folder = join(output, RUN);
    await Deno.remove(join(folder, "final_argmax.png"));
    assert.deepEqual(await list(), []);
    await Deno.writeTextFile(join(folder, "config.yaml"), "generator:\n  image_H: 24\n");
    const lines = [1, 2, 3].map((step) => `${JSON.stringify({ step, steps: 9 })}\n`);
    await Deno.writeTextFile(join(folder, "metrics.jsonl"), lines.join(""));
    await Deno.writeFile(join(folder, "checkpoint_3.safetensors"), new Uint8Array());
    const [run] = await list();
    assert.deepEqual(
      [run!.frames, run!.height, run!.unfinished],
      [0, 24, { step: 3, steps: 9 }],
    );
  });
});

Deno.test("downloads are of the library: a PNG is enlarged by a whole factor", async () => {
  await withGallery(async ({ get }) => {
    const file = (rest: string) => get(`api/runs/file?run=${RUN}&${rest}`);
    const png = await (await file("format=png&scale=3")).bytes();
    const { image } = decodePng(png);
    assert.deepEqual([image.height, image.width], [24, 24]);
    assert.deepEqual([...image.data.subarray(0, 4)], [255, 0, 0, 255]);
    const gif = await (await file("format=gif&scale=2")).bytes();
    assert.equal(new TextDecoder().decode(gif.subarray(0, 4)), "GIF8");
    assert.match(await (await file("format=svg")).text(), /<svg/);
    const aseprite = await (await file("format=aseprite")).bytes();
    assert.deepEqual([...aseprite.subarray(4, 6)], [0xe0, 0xa5]);
    for (const wrong of ["format=png&scale=1.5", "format=png&scale=65", "format=exe"]) {
      assert.equal((await file(wrong)).status, 400, wrong);
    }
  });
});

Deno.test("a GIF shows all pictures that a run kept", async () => {
  await withGallery(async ({ output, get, list }) => {
    const folder = join(output, RUN);
    const palette = new Palette("two", Uint8Array.of(0xff, 0, 0, 0, 0, 255));
    const first = { height: 8, width: 8, palette, indices: new Uint32Array(64) };
    await writeIndexedPicture(join(folder, "png_logs"), "1_hard", first, 1);
    assert.equal((await list())[0]!.frames, 2);
    const gif = await (await get(`api/runs/file?run=${RUN}&format=gif&scale=2`)).bytes();
    // Each frame begins with a graphic control extension.
    const starts = [...gif.keys()].filter((i) => gif[i] === 0x21 && gif[i + 1] === 0xf9);
    assert.equal(starts.length, 2);
    assert.deepEqual([gif[6], gif[8]], [16, 16]);
    const left = await Array.fromAsync(Deno.readDir(join(output, "studio")));
    assert.deepEqual(left.filter(({ name }) => name.endsWith(".gif")), []);
  });
});

Deno.test("pictures of several runs are packed on a sheet", async () => {
  await withGallery(async ({ output, get }) => {
    await addRun(output, "standard/2026-b", 9);
    const query = `run=${RUN}&run=standard/2026-b`;
    const png = await (await get(`api/runs/sheet?${query}&scale=2`)).bytes();
    const { image } = decodePng(png);
    assert.deepEqual([image.height, image.width], [16, 32]);
    assert.deepEqual([...image.data.subarray(-4)], [0, 0, 9, 255]);
    assert.equal((await get("api/runs/sheet")).status, 400);
    assert.equal((await get(`api/runs/sheet?${query}&run=../x`)).status, 400);
  });
});

Deno.test("a painted picture is saved with its palette, and read back", async () => {
  await withGallery(async ({ get, post }) => {
    const colors = ["#010203", "#ffffff", "#00ff00"];
    const picture = { name: "../x", height: 1, width: 2, colors, indices: btoa("\x02\x03") };
    const { run } = (await post("api/pictures", picture)).body;
    assert.match(run!, /^painted\/[\w-]+$/);
    const read = await (await get(`api/runs/pixels?run=${run}`)).json();
    assert.deepEqual([read.colors, read.indices], [colors, picture.indices]);
    for (
      const wrong of [
        { indices: btoa("\x02") },
        { indices: btoa("\x02\x04") },
        { indices: "?" },
        { colors: ["red"] },
        { colors: [] },
        { height: 1e9 },
      ]
    ) assert.equal((await post("api/pictures", { ...picture, ...wrong })).status, 400);
  });
});

Deno.test("no path leads out of the output folder, nor through a link", async () => {
  await withGallery(async ({ output, get, post, list }) => {
    await inTemporaryFolder(async (other) => {
      await addRun(other, RUN, 1);
      await createSymlinks([
        [join(other, "standard"), join(output, "linked")],
        [other, join(output, "trash")],
      ]);
      const outside = [
        "../x",
        "standard/..",
        "/etc/x",
        "linked/2026-a",
        "uploads/x",
        "trash/a/b",
        "",
      ];
      for (const run of outside) {
        const query = `run=${encodeURIComponent(run)}`;
        assert.equal((await get(`api/runs/file?${query}`)).status, 400, run);
        assert.equal((await get(`api/runs/pixels?${query}`)).status, 400, run);
        for (const action of ["star", "trash", "restore"]) {
          assert.equal((await post(`api/runs/${action}`, { run })).status, 400, `${action} ${run}`);
        }
      }
      // The trash folder is a link.
      assert.equal((await post("api/runs/trash", { run: RUN })).status, 400);
      assert.equal((await post("api/runs/restore", { run: RUN })).status, 400);
      assert.deepEqual((await list()).map(({ run }) => run), [RUN]);
    });
  });
});
