import assert from "node:assert/strict";
import { join } from "node:path";
import { openModelFolder } from "../../../lib/weights/open_model_folder.ts";
import { HubError } from "../../../lib/hub/hub_error.ts";
import { type HubModelOptions, openHubModel } from "../../../lib/hub/hub_model.ts";
import type { HubProgress } from "../../../lib/hub/progress.ts";
import { StateDict } from "../../../lib/weights/state_dict.ts";
import { goldenPath } from "../../support/goldens.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";
import { bytesOf, COMMIT, FakeHub, NEEDED, pipelineFiles, sha256 } from "./fake_hub.ts";

Deno.test("openHubModel() passes fetch, abort and forced downloads on to an address", async () => {
  let count = 0;
  const fetch = () => Promise.resolve(new Response(`{"count":${++count}}`));
  const read = async (options: HubModelOptions) =>
    await (await openHubModel("http://localhost:1/model", { fetch, ...options })).text("a.json");
  try {
    assert.equal(await read({}), `{"count":1}`);
    assert.equal(await read({}), `{"count":1}`);
    const refreshed = new Set<string>();
    assert.equal(await read({ forceDownload: true, refreshed }), `{"count":2}`);
    assert.equal(await read({ forceDownload: true, refreshed }), `{"count":2}`);
    assert.equal(await read({ forceDownload: true }), `{"count":3}`);
    const signal = AbortSignal.abort(new Error("stop"));
    await assert.rejects(read({ forceDownload: true, signal }), /^Error: stop$/);
  } finally {
    await (await caches.open("smalti")).delete("http://localhost:1/model/a.json");
  }
});

Deno.test("openHubModel() downloads the needed files only, and reads them without network", async () => {
  await inTemporaryFolder(async (cache) => {
    await using hub = new FakeHub(pipelineFiles());
    const model = await openHubModel("a/b", hub.options(cache, { download: true }));
    for (const path of NEEDED) {
      const source = await model.source(path);
      const content = hub.files.get(path)!;
      const expected = typeof content === "string" ? new TextEncoder().encode(content) : content;
      assert.deepEqual(source.read(0, source.byteLength), expected, path);
      source.close();
    }
    for (const path of hub.files.keys()) {
      assert.equal(await model.has(path), NEEDED.includes(path), path);
    }
    // Both tokenizers have the same merges.txt: it is downloaded once.
    const merges = hub.seen.filter(({ path }) => path.endsWith("merges.txt"));
    assert.equal(merges.length, 1);
    const asked = hub.seen.length;
    const again = await openHubModel("a/b", hub.options(cache));
    assert.equal(again.location, model.location);
    assert.equal(hub.seen.length, asked);
  });
});

Deno.test("openHubModel() reports its progress, up to all bytes and files", async () => {
  await inTemporaryFolder(async (cache) => {
    await using hub = new FakeHub(pipelineFiles());
    const events: HubProgress[] = [];
    const onProgress = (event: HubProgress) => events.push(event);
    await openHubModel("a/b", hub.options(cache, { download: true, onProgress }));
    const contents = new Map(NEEDED.map((path) => {
      const content = hub.files.get(path)!;
      return [typeof content === "string" ? content : sha256(content), content.length];
    }));
    const total = [...contents.values()].reduce((sum, size) => sum + size, 0);
    assert.deepEqual(events[0], {
      repo: "a/b",
      bytesDone: 0,
      bytesTotal: total,
      filesDone: 0,
      filesTotal: NEEDED.length,
    });
    const { path: _, ...last } = events.at(-1)!;
    assert.deepEqual(last, {
      repo: "a/b",
      bytesDone: total,
      bytesTotal: total,
      filesDone: NEEDED.length,
      filesTotal: NEEDED.length,
    });
  });
});

Deno.test("openHubModel() uses no network without download, and names the command", async () => {
  await inTemporaryFolder(async (cache) => {
    await using hub = new FakeHub(pipelineFiles());
    const options = hub.options(cache);
    await assert.rejects(openHubModel("a/b", options), (error: HubError) => {
      assert.equal(
        error.message,
        `Cannot open the model "a/b": its files are not in "${cache}"; ` +
          `get them with: deno task generate --model a/b --download`,
      );
      return error instanceof HubError;
    });
    await assert.rejects(
      openHubModel("sdxl", { ...options, downloadCommand: "fetch it" }),
      /"sdxl" \(stabilityai\/stable-diffusion-xl-base-1\.0\): its files of about 6\.9 GB are .*: fetch it$/,
    );
    assert.equal(hub.seen.length, 0);
    await assert.rejects(
      openHubModel("a/b", {
        ...options,
        download: true,
        settings: { ...options.settings!, isOffline: true },
      }),
      /Cannot download the model "a\/b": HF_HUB_OFFLINE forbids it/,
    );
    assert.equal(hub.seen.length, 0);
  });
});

Deno.test("openHubModel() names missing files with their size, and downloads only these", async () => {
  await inTemporaryFolder(async (cache) => {
    await using hub = new FakeHub(pipelineFiles());
    const options = hub.options(cache);
    const model = await openHubModel("a/b", { ...options, download: true });
    const weights = "unet/diffusion_pytorch_model.fp16.safetensors";
    await Deno.remove(join(model.location, weights));
    await Deno.writeTextFile(join(model.location, "vae/config.json"), "half");
    await assert.rejects(openHubModel("a/b", options), (error: HubError) => {
      assert.deepEqual(error.missing.map(({ path, byteLength }) => [path, byteLength]), [
        [weights, 2000],
        ["vae/config.json", 16],
      ]);
      assert.match(error.message, /unet\/\S+safetensors, vae\/config\.json \(2\.0 kB\) are not in/);
      return true;
    });
    // The blob of the weights still exists. The blob of the config was changed with its link.
    hub.seen.length = 0;
    await openHubModel("a/b", { ...options, download: true });
    assert.deepEqual(hub.seen.map(({ path }) => path), [`/a/b/resolve/${COMMIT}/vae/config.json`]);
    assert.equal(await model.text("vae/config.json"), `{"folder":"vae"}`);
    assert.equal((await openHubModel("a/b", options)).location, model.location);
  });
});

Deno.test("openHubModel() keeps a branch at its commit until it is forced", async () => {
  await inTemporaryFolder(async (cache) => {
    await using hub = new FakeHub({
      "config.json": "{}",
      "diffusion_pytorch_model.safetensors": bytesOf(500, 1),
    });
    const options = hub.options(cache, { download: true });
    const ref = join(cache, "models--a--b", "refs", "main");
    const first = await openHubModel("a/b", options);
    assert.equal(await Deno.readTextFile(ref), COMMIT);
    hub.commit = "b".repeat(40);
    hub.files.set("config.json", `{"new":1}`);
    assert.equal((await openHubModel("a/b", options)).location, first.location);
    const second = await openHubModel("a/b", { ...options, forceDownload: true });
    assert.equal(await second.text("config.json"), `{"new":1}`);
    assert.equal(await first.text("config.json"), "{}");
    assert.equal(await Deno.readTextFile(ref), hub.commit);
    // A commit is its own name and needs no ref.
    assert.equal(
      (await openHubModel(`a/b@${COMMIT}`, hub.options(cache))).location,
      first.location,
    );
    const pull = await openHubModel("a/b@refs/pr/1", options);
    assert.equal(pull.location, second.location);
    assert.equal(
      await Deno.readTextFile(join(cache, "models--a--b", "refs", "refs", "pr", "1")),
      hub.commit,
    );
  });
});

Deno.test("openHubModel() with forceDownload replaces corrupted files", async () => {
  await inTemporaryFolder(async (cache) => {
    const weights = bytesOf(500, 1);
    await using hub = new FakeHub({
      "config.json": "{}",
      "diffusion_pytorch_model.safetensors": weights,
    });
    const options = hub.options(cache, { download: true });
    const model = await openHubModel("a/b", options);
    const path = join(model.location, "diffusion_pytorch_model.safetensors");
    await Deno.writeFile(path, bytesOf(500, 2));
    // The size is right: only a hash can tell.
    await openHubModel("a/b", options);
    assert.notDeepEqual(await Deno.readFile(path), weights);
    await openHubModel("a/b", { ...options, forceDownload: true });
    assert.deepEqual(await Deno.readFile(path), weights);
    const blob = join(cache, "models--a--b", "blobs", sha256(weights));
    assert.deepEqual(await Deno.readFile(blob), weights);
  });
});

Deno.test("openHubModel() downloads a model again once for calls that share a set", async () => {
  await inTemporaryFolder(async (cache) => {
    await using hub = new FakeHub(pipelineFiles());
    const refreshed = new Set<string>();
    // Forced alone: it downloads what is missing, too.
    const options = { ...hub.options(cache), forceDownload: true, refreshed };
    await openHubModel("a/b", options);
    const asked = hub.seen.length;
    await openHubModel("a/b", options);
    assert.equal(hub.seen.length, asked);
    await openHubModel("a/b", { ...options, subfolders: ["unet"] });
    assert(hub.seen.length > asked, "another choice of files is another download");
    const before = hub.seen.length;
    await openHubModel("a/b", { ...options, refreshed: new Set() });
    assert(hub.seen.length > before);
  });
});

Deno.test("openHubModel() takes a subfolder, the other precision and a folder on the disk", async () => {
  await inTemporaryFolder(async (cache) => {
    await using hub = new FakeHub(pipelineFiles());
    const options = hub.options(cache, { download: true });
    const unet = await openHubModel("a/b", { ...options, subfolders: ["unet"], prefer: "float32" });
    assert.equal(await unet.has("unet/diffusion_pytorch_model.safetensors"), true);
    assert.equal(await unet.has("unet/diffusion_pytorch_model.fp16.safetensors"), false);
    assert.equal(await unet.has("vae/config.json"), false);
    // Weights in the other precision are enough.
    const half = await openHubModel("a/b", { ...options, subfolders: ["unet"], prefer: "float16" });
    assert.equal(await half.has("unet/diffusion_pytorch_model.fp16.safetensors"), false);

    const folder = join(cache, "own");
    await Deno.mkdir(folder);
    await Deno.writeTextFile(join(folder, "config.json"), "own");
    assert.equal(await (await openHubModel(folder)).text("config.json"), "own");
  });
});

Deno.test("two downloads of a model at the same time share the work", async () => {
  await inTemporaryFolder(async (cache) => {
    await using hub = new FakeHub({
      "config.json": "{}",
      "diffusion_pytorch_model.safetensors": bytesOf(100_000, 1),
    });
    const options = hub.options(cache, { download: true });
    const both = await Promise.all([openHubModel("a/b", options), openHubModel("a/b", options)]);
    assert.equal(both[0].location, both[1].location);
    assert.equal(hub.contentRequests("diffusion_pytorch_model.safetensors").length, 1);
    assert.equal(hub.contentRequests("config.json").length, 1);
  });
});

Deno.test({
  name: "openHubModel() names the permission for the cache",
  permissions: { net: "inherit", read: "inherit", write: false },
  fn: async () => {
    await using hub = new FakeHub({
      "config.json": "{}",
      "diffusion_pytorch_model.safetensors": bytesOf(9, 1),
    });
    const cache = new URL("../../../workdir/none", import.meta.url).pathname;
    await assert.rejects(
      openHubModel("a/b", hub.options(cache, { download: true })),
      /permission is needed for the cache, run again with --allow-read=".*none" --allow-write="/,
    );
  },
});

Deno.test("openHubModel() refuses a disk that is too full before anything is downloaded", async () => {
  await inTemporaryFolder(async (cache) => {
    await using hub = new FakeHub(pipelineFiles());
    const asked: string[] = [];
    const freeBytes = (folder: string) => {
      asked.push(folder);
      return Promise.resolve(100_000_000);
    };
    await assert.rejects(
      openHubModel("a/b", hub.options(cache, { download: true, freeBytes })),
      /Cannot download a\/b: expected 100 MB free for ".*models--a--b", got 100 MB; free some space/,
    );
    assert.deepEqual(asked, [join(cache, "models--a--b")]);
    assert.equal(hub.seen.some(({ path }) => path.includes("/resolve/")), false);
    const enough = () => Promise.resolve(101_000_000);
    await openHubModel("a/b", hub.options(cache, { download: true, freeBytes: enough }));
  });
});

Deno.test("openHubModel() refuses pickles, single files and missing repositories", async () => {
  const cases: [Record<string, string | Uint8Array<ArrayBuffer>>, RegExp][] = [
    [
      { "config.json": "{}", "diffusion_pytorch_model.bin": bytesOf(9, 1) },
      /expected weights as safetensors, got only the pickle "diffusion_pytorch_model\.bin", which can run code .*refs\/pr\/1.*safe_serialization/,
    ],
    [
      { "model_index.json": "{}", "unet/config.json": "{}", "unet/model.ckpt": bytesOf(9, 1) },
      /Cannot use "unet" of a\/b: .*got only the pickle "model\.ckpt"/,
    ],
    [{ "dream.safetensors": bytesOf(9, 1) }, /expected weights in diffusion_pytorch_model/],
    [{ "model.safetensors": bytesOf(9, 1) }, /model_index\.json or config\.json, got neither/],
  ];
  for (const [files, message] of cases) {
    await inTemporaryFolder(async (cache) => {
      await using hub = new FakeHub(files);
      await assert.rejects(
        openHubModel("a/b", hub.options(cache, { download: true })),
        (error: HubError) => error instanceof HubError && message.test(error.message),
      );
      assert.equal(hub.seen.some(({ path }) => path.includes("/resolve/")), false);
    });
  }
});

Deno.test("a downloaded teacher opens like its original", async () => {
  const root = goldenPath("tiny-sdxl");
  const files: Record<string, string | Uint8Array<ArrayBuffer>> = { "model_index.json": "{}" };
  for (const folder of ["scheduler", "text_encoder", "tokenizer", "unet"]) {
    for (const { name } of Deno.readDirSync(join(root, folder))) {
      const path = `${folder}/${name}`;
      files[path] = name.endsWith(".safetensors")
        ? Deno.readFileSync(join(root, path))
        : Deno.readTextFileSync(join(root, path));
    }
  }
  await inTemporaryFolder(async (cache) => {
    await using hub = new FakeHub(files);
    const model = await openHubModel("a/b", hub.options(cache, { download: true }));
    using expected = await StateDict.open(openModelFolder(root), "unet");
    using weights = await StateDict.open(model, "unet", { prefer: "float16" });
    assert.deepEqual(weights.keys(), expected.keys());
    const key = "conv_in.weight";
    assert.deepEqual(weights.get(key).read("float32"), expected.get(key).read("float32"));
  });
});
