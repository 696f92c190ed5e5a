import assert from "node:assert/strict";
import { findOwnClip, separateClip } from "../../../lib/conditioning/clip_location.ts";
import { memoryFolder } from "./memory_folder.ts";

const INDEX = JSON.stringify({ clip: ["transformers", "CLIPModel"], vae: ["diffusers", "X"] });

Deno.test("a teacher has the CLIP that its index names", async () => {
  const folder = memoryFolder({ "model_index.json": INDEX });
  assert.deepEqual(await findOwnClip(folder), {
    folder,
    subfolder: "clip",
    tokenizer: "tokenizer",
    isOwn: true,
  });
  for (const files of [{}, { "clip/config.json": "{}" }]) {
    assert.equal(await findOwnClip(memoryFolder(files)), undefined);
  }
  for (const clip of [null, "CLIPModel", ["transformers", "CLIPTextModel"], [null, null]]) {
    const index = JSON.stringify({ clip });
    assert.equal(await findOwnClip(memoryFolder({ "model_index.json": index })), undefined);
  }
});

Deno.test("a CLIP of a teacher has its own tokenizer, or that of the teacher", async () => {
  const tokenizerOf = async (...names: readonly string[]) => {
    const files = Object.fromEntries(names.map((name) => [`clip/${name}`, "{}"]));
    return (await findOwnClip(memoryFolder({ "model_index.json": INDEX, ...files })))?.tokenizer;
  };
  assert.equal(await tokenizerOf("vocab.json", "merges.txt"), "clip");
  assert.equal(await tokenizerOf("tokenizer.json"), "clip");
  assert.equal(await tokenizerOf("vocab.json"), "tokenizer");
});

Deno.test("a separate CLIP has all files at its top", () => {
  const { subfolder, tokenizer, isOwn } = separateClip(memoryFolder({}));
  assert.deepEqual([subfolder, tokenizer, isOwn], ["", "", false]);
});
