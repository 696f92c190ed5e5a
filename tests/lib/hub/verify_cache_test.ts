import assert from "node:assert/strict";
import { join } from "node:path";
import { openHubModel } from "../../../lib/hub/hub_model.ts";
import { verifyCache } from "../../../lib/hub/verify_cache.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";
import { bytesOf, COMMIT, FakeHub, gitSha1, sha256 } from "./fake_hub.ts";

const WEIGHTS = "diffusion_pytorch_model.safetensors";
const CONTENT = bytesOf(3_000_000, 7);
const FILES = { "config.json": "{}", [WEIGHTS]: CONTENT };
const REPO = "models--a--b";

/** Runs a body with a cache into which a model was downloaded. */
async function withCache(body: (cache: string) => Promise<void>): Promise<void> {
  await inTemporaryFolder(async (cache) => {
    await using hub = new FakeHub(FILES);
    await openHubModel("a/b", hub.options(cache, { download: true }));
    await body(cache);
  });
}

Deno.test("verifyCache() hashes each content once, and ignores partial downloads", async () => {
  await withCache(async (cache) => {
    await Deno.writeTextFile(join(cache, REPO, "blobs", `${"0".repeat(64)}.incomplete`), "x");
    let bytes = 0;
    const onBytes = (byteLength: number) => bytes += byteLength;
    const found = await Array.fromAsync(verifyCache(cache, { onBytes }));
    const hashes = [gitSha1("{}"), sha256(CONTENT)].sort();
    assert.deepEqual(found.map(({ path }) => path), hashes.map((name) => `${REPO}/blobs/${name}`));
    assert.deepEqual(found.map(({ found }) => found), hashes);
    assert.equal(found.every(({ repo, isValid }) => repo === "a/b" && isValid), true);
    assert.equal(bytes, CONTENT.byteLength + 2);
    assert.deepEqual(await Array.fromAsync(verifyCache(cache, { repo: "a/c" })), []);
    assert.deepEqual(await Array.fromAsync(verifyCache(join(cache, "none"))), []);
  });
});

Deno.test("verifyCache() finds a changed blob and a changed copy", async () => {
  await withCache(async (cache) => {
    const changed = CONTENT.slice();
    changed[2_999_999]! ^= 1;
    await Deno.writeFile(join(cache, REPO, "blobs", sha256(CONTENT)), changed);
    // A copy, as on a file system without links.
    const config = join(cache, REPO, "snapshots", COMMIT, "config.json");
    await Deno.remove(config);
    await Deno.writeTextFile(config, "[]");
    const wrong = (await Array.fromAsync(verifyCache(cache, { repo: "a/b" })))
      .filter(({ isValid }) => !isValid);
    assert.deepEqual(wrong, [
      {
        repo: "a/b",
        path: `${REPO}/blobs/${sha256(CONTENT)}`,
        byteLength: 3_000_000,
        expected: sha256(CONTENT),
        found: sha256(changed),
        isValid: false,
      },
      {
        repo: "a/b",
        path: `${REPO}/snapshots/${COMMIT}/config.json`,
        byteLength: 2,
        expected: gitSha1("{}"),
        found: gitSha1("[]"),
        isValid: false,
      },
    ]);
  });
});

Deno.test("verifyCache() stops when it is aborted", async () => {
  await withCache(async (cache) => {
    const stop = new AbortController();
    const onBytes = () => stop.abort(new Error("enough"));
    await assert.rejects(
      Array.fromAsync(verifyCache(cache, { signal: stop.signal, onBytes })),
      /^Error: enough$/,
    );
  });
});
