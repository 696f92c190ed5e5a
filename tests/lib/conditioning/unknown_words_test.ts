import assert from "node:assert/strict";
import { describeUnknownWords, findUnknownWords } from "../../../lib/conditioning/unknown_words.ts";
import { memoryFolder } from "./memory_folder.ts";

const FOLDER = memoryFolder({
  "vocabulary.json": JSON.stringify({
    names: ["dragon", "dragon face", "smiling cat face", "piñata"],
    backgrounds: ["light blue"],
    // deno-lint-ignore style/plain-language
    colours: ["red"],
    grammar: ["a", "on", "background"],
  }),
});

async function describe(prompt: string): Promise<string[]> {
  return describeUnknownWords(await findUnknownWords(FOLDER, prompt), "mini");
}

Deno.test("findUnknownWords() finds nothing in a prompt of known words", async () => {
  const prompt = "A red CAT on a light-blue background, 2 dragon's faces: pin\u0303ata!";
  assert.deepEqual((await findUnknownWords(FOLDER, prompt)).map(({ word }) => word), ["faces"]);
  assert.deepEqual(await describe("a red dragon"), []);
  assert.deepEqual(await describe(""), []);
});

Deno.test("describeUnknownWords() names the nearest known words", async () => {
  assert.deepEqual(await describe("a drgon and a drgon"), [
    '"drgon" is not in the vocabulary of "mini"; nearest known: "dragon"',
    '"and" is not in the vocabulary of "mini"; see its vocabulary.json for all words',
  ]);
  // As "dinosaur" and "sauropod": spelled differently, with a part in common.
  assert.deepEqual(await describe("a snapdragonfly"), [
    '"snapdragonfly" is not in the vocabulary of "mini"; nearest known: "dragon"',
  ]);
  assert.deepEqual(await describe("regrouping"), [
    '"regrouping" is not in the vocabulary of "mini"; nearest known: "background"',
  ]);
});

Deno.test("findUnknownWords() finds nothing for a teacher without a vocabulary", async () => {
  assert.deepEqual(await findUnknownWords(memoryFolder({}), "xyzzy"), []);
});

Deno.test("findUnknownWords() refuses a file without the lists", async () => {
  const broken = (text: string) =>
    findUnknownWords(memoryFolder({ "vocabulary.json": text }), "dragon");
  await assert.rejects(broken('{"names": [1]}'), /expected a list of strings "names"/);
  await assert.rejects(broken("{"), /it is not JSON/);
});
