import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import type { HubError } from "../../../lib/hub/hub_error.ts";
import { openHubModel } from "../../../lib/hub/hub_model.ts";
import { RepoCache } from "../../../lib/hub/repo_cache.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";
import { createSymlinks } from "./create_symlinks.ts";
import { COMMIT, FakeHub, gitSha1, NEEDED, pipelineFiles, sha256 } from "./fake_hub.ts";

type Content = string | Uint8Array<ArrayBuffer>;

/** Puts files into a cache as huggingface_hub does: blobs, and relative symbolic links to them. */
async function writeAsPython(
  cache: string,
  files: Iterable<readonly [string, Content]>,
): Promise<void> {
  const repo = join(cache, "models--a--b");
  const links: [string, string][] = [];
  await Deno.mkdir(join(repo, "blobs"), { recursive: true });
  for (const [path, content] of files) {
    const name = typeof content === "string" ? gitSha1(content) : sha256(content);
    const link = join(repo, "snapshots", COMMIT, path);
    await Deno.mkdir(dirname(link), { recursive: true });
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(join(repo, "blobs", name), bytes);
    links.push([`${"../".repeat(path.split("/").length + 1)}blobs/${name}`, link]);
  }
  await createSymlinks(links);
}

/** The files of a Hub at some paths. */
function filesOf(hub: FakeHub, paths: readonly string[]): [string, Content][] {
  return paths.map((path) => [path, hub.files.get(path)!]);
}

async function writeRef(cache: string, revision: string, commit: string): Promise<void> {
  const path = join(cache, "models--a--b", "refs", revision);
  await Deno.mkdir(dirname(path), { recursive: true });
  await Deno.writeTextFile(path, commit);
}

/**
 * Finds a file as huggingface_hub's `try_to_load_from_cache` does: the ref, then `.no_exist`, then
 * the commit's folder.
 *
 * Source: huggingface_hub 2.0, file_download.py.
 */
async function loadAsPython(
  cache: string,
  path: string,
  revision = "main",
): Promise<string | null | undefined> {
  const repo = join(cache, "models--a--b");
  const isFile = async (name: string) => {
    try {
      return (await Deno.stat(name)).isFile;
    } catch {
      return false;
    }
  };
  const ref = join(repo, "refs", revision);
  const commit = await isFile(ref) ? await Deno.readTextFile(ref) : revision;
  if (await isFile(join(repo, ".no_exist", commit, path))) return null;
  const found = join(repo, "snapshots", commit, path);
  return await isFile(found) ? found : undefined;
}

Deno.test("a model that Python downloaded is read where it is, without network", async () => {
  await inTemporaryFolder(async (cache) => {
    await using hub = new FakeHub(pipelineFiles());
    await writeAsPython(cache, filesOf(hub, NEEDED));
    await writeRef(cache, "main", COMMIT);
    const model = await openHubModel("a/b", hub.options(cache));
    assert.equal(await model.text("unet/config.json"), `{"folder":"unet"}`);
    const source = await model.source("unet/diffusion_pytorch_model.fp16.safetensors");
    assert.equal(source.byteLength, 2000);
    source.close();
    assert.equal(hub.seen.length, 0);
  });
});

Deno.test("a model that Python downloaded in part is completed at Python's commit", async () => {
  await inTemporaryFolder(async (cache) => {
    await using hub = new FakeHub(pipelineFiles());
    const left = ["unet/diffusion_pytorch_model.fp16.safetensors", "tokenizer/vocab.json"];
    await writeAsPython(cache, filesOf(hub, NEEDED.filter((path) => !left.includes(path))));
    await writeRef(cache, "main", COMMIT);
    await assert.rejects(openHubModel("a/b", hub.options(cache)), (error: HubError) => {
      assert.deepEqual(error.missing.map(({ path }) => path).sort(), [...left].sort());
      return true;
    });
    const model = await openHubModel("a/b", hub.options(cache, { download: true }));
    assert.equal(await model.text("tokenizer/vocab.json"), `{"a":0}`);
    const asked = hub.seen.map(({ path }) => path);
    assert.equal(asked[0], `/api/models/a/b/revision/${COMMIT}`);
    // The blob of tokenizer_2/vocab.json has the same content: only the weights had to come.
    assert.equal(asked.length, 3);
  });
});

Deno.test("files that Python knows to be absent (.no_exist) are not missing", async () => {
  await inTemporaryFolder(async (cache) => {
    await using hub = new FakeHub(pipelineFiles());
    await writeAsPython(cache, [["config.json", "{}"]]);
    await writeRef(cache, "main", COMMIT);
    const missing = async () => {
      let paths: string[] = [];
      await assert.rejects(openHubModel("a/b", hub.options(cache)), (error: HubError) => {
        paths = error.missing.map(({ path }) => path);
        return true;
      });
      return paths;
    };
    assert.deepEqual(await missing(), ["diffusion_pytorch_model.fp16.safetensors"]);
    const absent = join(cache, "models--a--b", ".no_exist", COMMIT);
    await Deno.mkdir(absent, { recursive: true });
    await Deno.writeTextFile(join(absent, "diffusion_pytorch_model.fp16.safetensors"), "");
    assert.deepEqual(await missing(), ["diffusion_pytorch_model.safetensors"]);
  });
});

Deno.test("Python finds what was downloaded here", async () => {
  await inTemporaryFolder(async (cache) => {
    await using hub = new FakeHub(pipelineFiles());
    const model = await openHubModel("a/b", hub.options(cache, { download: true }));
    for (const path of NEEDED) {
      assert.equal(await loadAsPython(cache, path), join(model.location, path));
      assert.equal(await loadAsPython(cache, path, COMMIT), join(model.location, path));
      // The blob is there under its hash, and it is the same file, not a copy.
      const content = hub.files.get(path)!;
      const name = typeof content === "string" ? gitSha1(content) : sha256(content);
      const blob = await Deno.stat(join(cache, "models--a--b", "blobs", name));
      assert.equal(blob.ino, (await Deno.stat(join(model.location, path))).ino);
    }
    assert.equal(await loadAsPython(cache, "README.md"), undefined);
    // Python's scan of the cache expects just these, and no ref without its folder.
    const entries = await Array.fromAsync(Deno.readDir(join(cache, "models--a--b")));
    assert.deepEqual(entries.map(({ name }) => name).sort(), [
      "blobs",
      "refs",
      "snapshots",
      "trees",
    ]);
  });
});

Deno.test("a link of Python's stays right when its blob is replaced", async () => {
  await inTemporaryFolder(async (cache) => {
    await using hub = new FakeHub(pipelineFiles());
    await writeAsPython(cache, filesOf(hub, NEEDED));
    await writeRef(cache, "main", COMMIT);
    const options = hub.options(cache, { forceDownload: true });
    const model = await openHubModel("a/b", options);
    assert.equal(await model.text("vae/config.json"), `{"folder":"vae"}`);
    assert.equal((await openHubModel("a/b", hub.options(cache))).location, model.location);
  });
});

Deno.test("RepoCache.lock() waits for its holder, like a second download", async () => {
  await inTemporaryFolder(async (cache) => {
    const repo = new RepoCache(cache, "a/b");
    const first = await repo.lock("x");
    await assert.rejects(repo.lock("x", { signal: AbortSignal.timeout(50) }), {
      name: "TimeoutError",
    });
    let waits = 0;
    const second = repo.lock("x", { onWait: () => waits++ });
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(waits, 1);
    first[Symbol.dispose]();
    (await second)[Symbol.dispose]();
    // Python uses the same lock file.
    assert.equal((await Deno.stat(join(cache, ".locks", "models--a--b", "x.lock"))).isFile, true);
  });
});

Deno.test("a download tells that it waits for another process", async () => {
  await inTemporaryFolder(async (cache) => {
    const [path, content] = ["config.json", "{}"];
    const weights = { "diffusion_pytorch_model.safetensors": new Uint8Array(9) };
    await using hub = new FakeHub({ [path]: content, ...weights });
    const lock = await new RepoCache(cache, "a/b").lock(gitSha1(content));
    const notes: string[] = [];
    const onNote = (note: string) => {
      notes.push(note);
      lock[Symbol.dispose]();
    };
    await openHubModel("a/b", hub.options(cache, { download: true, onNote }));
    assert.deepEqual(notes, [`Waiting for another process that downloads "${path}" of a/b`]);
  });
});
