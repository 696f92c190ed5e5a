import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { freeBytes } from "../../../lib/hub/cache_files.ts";
import { HubError } from "../../../lib/hub/hub_error.ts";
import { openHubModel } from "../../../lib/hub/hub_model.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";
import { createSymlinks } from "./create_symlinks.ts";
import { bytesOf, COMMIT, FakeHub, sha256 } from "./fake_hub.ts";

const WEIGHTS = "diffusion_pytorch_model.safetensors";
const CONTENT = bytesOf(5000, 7);
const FILES = { "config.json": "{}", [WEIGHTS]: CONTENT };

/** Links, by path in the cache, that lead to a file or folder outside of it. */
const LINKS: Readonly<Record<string, "file" | "folder">> = {
  "models--a--b": "folder",
  "models--a--b/blobs": "folder",
  "models--a--b/snapshots": "folder",
  [`models--a--b/snapshots/${COMMIT}`]: "folder",
  "models--a--b/trees": "folder",
  "models--a--b/refs": "folder",
  ".locks": "folder",
  [`models--a--b/blobs/${sha256(CONTENT)}.incomplete`]: "file",
  [`.locks/models--a--b/${sha256(CONTENT)}.lock`]: "file",
};

for (const [path, kind] of Object.entries(LINKS)) {
  Deno.test(`a download never writes through a link at ${path.replace(/\w{40,}/, "<hash>")}`, async () => {
    await inTemporaryFolder(async (folder) => {
      const [cache, outside] = [join(folder, "cache"), join(folder, "outside")];
      await Deno.mkdir(join(cache, dirname(path)), { recursive: true });
      await Deno.mkdir(outside);
      await Deno.writeTextFile(join(outside, "file"), "untouched");
      const target = kind === "file" ? join(outside, "file") : outside;
      await createSymlinks([[target, join(cache, path)]]);
      await using hub = new FakeHub(FILES);
      await assert.rejects(
        openHubModel("a/b", hub.options(cache, { download: true })),
        (error) =>
          error instanceof HubError &&
          error.message.includes(`"${join(cache, path)}" is a symbolic link`),
      );
      const names = (await Array.fromAsync(Deno.readDir(outside))).map(({ name }) => name);
      assert.deepEqual(names, ["file"]);
      assert.equal(await Deno.readTextFile(join(outside, "file")), "untouched");
    });
  });
}

Deno.test("a cache that is itself a link is written to: the user has chosen it", async () => {
  await inTemporaryFolder(async (folder) => {
    const [cache, disk] = [join(folder, "cache"), join(folder, "disk")];
    await Deno.mkdir(disk);
    await createSymlinks([[disk, cache]]);
    await using hub = new FakeHub(FILES);
    const model = await openHubModel("a/b", hub.options(cache, { download: true }));
    assert.equal(await model.text("config.json"), "{}");
  });
});

Deno.test("links at the names of files are replaced, and what they lead to stays", async () => {
  await inTemporaryFolder(async (folder) => {
    const [cache, outside] = [join(folder, "cache"), join(folder, "outside")];
    await Deno.writeTextFile(outside, "untouched");
    const paths = [
      "refs/main",
      `trees/${COMMIT}.json`,
      `snapshots/${COMMIT}/config.json`,
      `blobs/${sha256(CONTENT)}`,
    ];
    const links = paths.map((path) => join(cache, "models--a--b", path));
    for (const link of links) await Deno.mkdir(dirname(link), { recursive: true });
    await createSymlinks(links.map((link) => [outside, link]));
    await using hub = new FakeHub(FILES);
    const model = await openHubModel("a/b", hub.options(cache, { forceDownload: true }));
    assert.equal(await model.text("config.json"), "{}");
    assert.equal(await Deno.readTextFile(outside), "untouched");
    for (const link of links) assert.equal((await Deno.lstat(link)).isSymlink, false);
  });
});

Deno.test("freeBytes() returns the free space for a folder that does not exist yet", async () => {
  await inTemporaryFolder(async (folder) => {
    const free = await freeBytes(join(folder, "hub", "models--a--b"));
    const { state } = await Deno.permissions.query({ name: "sys", kind: "statfs" });
    if (state === "granted") assert.equal(free! > 0, true);
    else assert.equal(free, undefined);
  });
});
