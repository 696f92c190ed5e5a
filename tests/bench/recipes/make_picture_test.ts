import assert from "node:assert/strict";
import { Image } from "../../../lib/image/image.ts";
import { SessionPool } from "../../../lib/onnx/batching/session_pool.ts";
import { findPalette } from "../../../lib/palette/formats/find_palette.ts";
import { goldenPath } from "../../support/goldens.ts";
import { gpuTest } from "../../support/gpu_test.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";
import { pictureFingerprint, teacherFingerprint } from "./fingerprint.ts";
import { Journal, type JournalEntry } from "./journal.ts";
import { makePicture, makePictures } from "./make_picture.ts";
import { PictureFiles } from "./picture_files.ts";
import { PROMPT_SETS } from "./prompts.ts";
import { type Job, jobConfig, RECIPES } from "./recipe.ts";

const MODEL = goldenPath("tiny-sdxl");

function taskOf(name: string, overrides: readonly string[] = []) {
  const recipe = RECIPES.find((one) => one.name === name)!;
  const prompt = PROMPT_SETS.names48[0]!;
  const job: Job = { recipe, set: "names48", prompt, size: 8, palette: "game-boy", seed: 0 };
  const quick = [
    "diffusion.num_inference_steps=2",
    "diffusion.num_references=1",
    "controlnet.use_controlnet=false",
    // Steps of distillation are counted here; edits have tests in tests/lib/distill.
    "diffusion.strength=0",
  ];
  const options = { model: MODEL, runtime: "wasm", overrides: [...quick, ...overrides] };
  return { config: jobConfig(job, options) };
}

gpuTest("makePicture() counts the cost of a recipe, and shares networks", async (gpu) => {
  await using pool = new SessionPool();
  const workshop = { gpu, pool, signal: new AbortController().signal };
  const sample = await makePicture(taskOf("nearest"), workshop);
  assert.equal(sample.cost.teacherCalls, 2);
  assert.equal(sample.indices.length, 64);
  const loaded = pool.size;
  const distilled = await makePicture(taskOf("standard", ["training.steps=3"]), workshop);
  assert.equal(distilled.cost.teacherCalls, 5);
  assert.equal(pool.size, loaded);
  assert.equal(distilled.palette.name, "game-boy");
});

gpuTest("makePictures() makes a batch, and divides its cost", async (gpu) => {
  await using pool = new SessionPool();
  const workshop = { gpu, pool, signal: new AbortController().signal };
  const task = taskOf("standard", ["training.steps=2"]);
  const tasks = [1, 2].map((seed) => ({ ...task, config: { ...task.config, seed } }));
  const [alone] = await makePictures([tasks[1]!], workshop);
  const [first, second] = await makePictures(tasks, workshop);
  assert.deepEqual(second!.indices, alone!.indices);
  assert.notDeepEqual(second!.indices, first!.indices);
  assert.deepEqual([alone, first].map((made) => made!.cost.batchSize), [undefined, 2]);
  assert.equal(first!.cost.teacherCalls, 4);
  assert.equal(first!.cost.seconds, second!.cost.seconds);
});

gpuTest("makePicture() is stopped by its signal", async (gpu) => {
  await using pool = new SessionPool();
  const signal = AbortSignal.abort(new Error("stopped"));
  await assert.rejects(makePicture(taskOf("nearest"), { gpu, pool, signal }), /^Error: stopped$/);
});

Deno.test("pictureFingerprint() changes with config, input and teacher", async () => {
  const { config } = taskOf("nearest");
  const teacher = await teacherFingerprint(config.diffusion);
  const source = { config, input: undefined, teacher };
  const hashes = await Promise.all([
    pictureFingerprint(source),
    pictureFingerprint({ ...source, config: taskOf("draft").config }),
    pictureFingerprint({ ...source, input: Uint8Array.of(1) }),
    pictureFingerprint({ ...source, teacher: "another" }),
  ]);
  assert.equal(new Set(hashes).size, hashes.length);
  assert.equal(await pictureFingerprint({ ...source }), hashes[0]);
});

Deno.test("Journal finds pictures of the same fingerprint, also after a cut", async () => {
  await inTemporaryFolder(async (folder) => {
    const cost = {
      teacherCalls: 8,
      seconds: 1,
      loadSeconds: 0,
      peakBytes: 1,
      runtime: "wasm",
      adapter: "a",
    };
    const first = await Journal.open<JournalEntry>(folder, "made");
    await first.add({ key: "a", fingerprint: "1", ...cost });
    await first.add({ key: "b", fingerprint: "1", ...cost });
    await first.add({ key: "b", fingerprint: "2", ...cost });
    const earlier = '{"key":"e","fingerprint":"1","evaluations":9,"atOnce":2}\n';
    const cut = '{"key":"c","finger';
    await Deno.writeTextFile(`${folder}/made.jsonl`, earlier + cut, { append: true });
    const again = await Journal.open<JournalEntry>(folder, "made");
    await again.add({ key: "d", fingerprint: "1", ...cost });
    for (const journal of [again, await Journal.open<JournalEntry>(folder, "made")]) {
      assert.equal(journal.find("a", "1")?.teacherCalls, 8);
      assert.equal(journal.find("b", "1"), undefined);
      assert.ok(journal.find("b", "2"));
      assert.equal(journal.find("c", "1"), undefined);
      assert.deepEqual(["b", "c", "f"].map((key) => journal.has(key)), [true, false, false]);
      assert.ok(journal.find("d", "1"));
      const { teacherCalls, batchSize } = journal.find("e", "1")!;
      assert.deepEqual([teacherCalls, batchSize], [9, 2]);
    }
  });
});

Deno.test("Journal reads the parts of other programs, and writes its own only", async () => {
  await inTemporaryFolder(async (folder) => {
    const first = await Journal.open(folder, "made", "1of2");
    await first.add({ key: "a", fingerprint: "1" });
    const second = await Journal.open(folder, "made", "2of2");
    await second.add({ key: "b", fingerprint: "1" });
    await first.add({ key: "c", fingerprint: "1" });
    await (await Journal.open(folder, "scores")).add({ key: "z", fingerprint: "1" });
    assert.ok(second.find("a", "1"));
    const all = await Journal.open(folder, "made");
    assert.deepEqual(all.entries().map(({ key }) => key).sort(), ["a", "b", "c"]);
    assert.equal(await Deno.readTextFile(`${folder}/made.jsonl`), "");
    assert.equal((await Deno.readTextFile(`${folder}/made.1of2.jsonl`)).split("\n").length, 3);
  });
});

Deno.test("PictureFiles reads what it wrote", async () => {
  await inTemporaryFolder(async (folder) => {
    const files = new PictureFiles(folder);
    const palette = await findPalette("game-boy");
    const size = { height: 1, width: 3 };
    const cost = {
      teacherCalls: 0,
      seconds: 0,
      loadSeconds: 0,
      peakBytes: 0,
      runtime: "wasm",
      adapter: "a",
    };
    const indices = Uint32Array.of(0, 3, 1);
    await files.write("set/recipe/cat", { indices, size, palette, cost });
    const expected = Image.fromIndices(size, indices, palette.colors);
    assert.deepEqual((await files.read("set/recipe/cat")).data, expected.data);
  });
});
