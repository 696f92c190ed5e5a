import assert from "node:assert/strict";
import { FolderStore } from "../../../lib/queue/folder_store.ts";
import { JobFiles } from "../../../lib/queue/job_files.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";

const text = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes);
const bytesOf = (value: string) => new TextEncoder().encode(value);
const state = (step: number) => ({
  step,
  checkpoint: bytesOf(`state ${step}`),
  metrics: bytesOf(`lines ${step}`),
});

Deno.test("of workers that finish a job at once, one publishes", async () => {
  await inTemporaryFolder(async (folder) => {
    const store = new FolderStore(folder);
    const results = await Promise.all(Array.from({ length: 8 }, (_, seconds) => {
      const files = new JobFiles(store, "a machine");
      return files.publish("p1", [{ name: "a.png", content: bytesOf("picture") }], {
        teacherCalls: 1,
        seconds,
      });
    }));
    // All got the result of the first.
    assert.equal(new Set(results.map(({ seconds }) => seconds)).size, 1);
    const found = Array.from(Deno.readDirSync(`${folder}/results/p1`), ({ name }) => name);
    assert.deepEqual(found.sort(), ["a.png", "result.json"]);
  });
});

Deno.test("the state of a run comes back on an equal machine, and only the last one is kept", async () => {
  await inTemporaryFolder(async (folder) => {
    const files = new JobFiles(new FolderStore(folder), "a machine");
    assert.equal(await files.saved("p1"), undefined);
    await files.save("p1", state(3));
    await files.save("p1", state(7));
    const other = new JobFiles(new FolderStore(folder), "a machine");
    const saved = await other.saved("p1");
    assert.equal(saved?.step, 7);
    assert.equal(text(saved.checkpoint), "state 7");
    assert.equal(text(saved.metrics), "lines 7");
    assert.equal(await other.saved("p2"), undefined);
    const stranger = new JobFiles(new FolderStore(folder), "another machine");
    assert.equal(await stranger.saved("p1"), undefined);
    const [inside] = Deno.readDirSync(`${folder}/state/p1`);
    const names = Array.from(Deno.readDirSync(`${folder}/state/p1/${inside!.name}`), (e) => e.name);
    assert.deepEqual(names.sort(), ["checkpoint_7", "latest", "metrics_7"]);
    await other.forget("p1");
    assert.equal(await files.saved("p1"), undefined);
  });
});

Deno.test("a store takes no key that leads out of it", async () => {
  await inTemporaryFolder(async (folder) => {
    const store = new FolderStore(`${folder}/store`);
    for (const key of ["../a", "a/../../b", "/etc/passwd", "", "a//b", ".hidden", "a/.b", "a\\b"]) {
      await assert.rejects(store.put(key, bytesOf("")), { name: "TypeError" }, key);
    }
  });
});

Deno.test("a store that cannot be written says why", async () => {
  await inTemporaryFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    const store = new FolderStore(`${folder}/file`);
    await assert.rejects(store.put("a", bytesOf("x")), { name: "StoreError" });
    await assert.rejects(store.probe(), { name: "OutputError" });
  });
});
