import assert from "node:assert/strict";
import { describeUnknownWords, findUnknownWords } from "../../../lib/conditioning/unknown_words.ts";
import { readVocabulary } from "../../../lib/conditioning/vocabulary.ts";
import { memoryFolder } from "./memory_folder.ts";

const FOLDER = memoryFolder({
  "vocabulary.json": JSON.stringify({
    names: ["dragon", "dragon face", "smiling cat face", "piñata"],
    backgrounds: ["light blue"],
    colors: ["red"],
    grammar: ["a", "on", "background"],
  }),
});

const VOCABULARY = (await readVocabulary(FOLDER))!;

function describe(prompt: string): string[] {
  return describeUnknownWords(findUnknownWords(VOCABULARY, prompt), "mini");
}

Deno.test("findUnknownWords() finds words and numbers that are not known", () => {
  const prompt = "A red CAT on a light-blue background, 2 dragon's faces: pin\u0303ata!";
  const words = (text: string) => findUnknownWords(VOCABULARY, text).map(({ word }) => word);
  assert.deepEqual(words(prompt), ["2", "faces"]);
  assert.deepEqual(words("1st dragon, 1.5 \u9f8d"), ["1st", "1.5", "\u9f8d"]);
  assert.deepEqual(describe("a red dragon"), []);
  assert.deepEqual(describe(""), []);
});

Deno.test("describeUnknownWords() names the nearest known words", () => {
  assert.deepEqual(describe("a drgon and a drgon"), [
    '"drgon" is not in the vocabulary of "mini"; nearest known: "dragon"',
    '"and" is not in the vocabulary of "mini"; see its vocabulary.json for all words',
  ]);
  // As "dinosaur" and "sauropod": spelled differently, with a part in common.
  assert.deepEqual(describe("a snapdragonfly"), [
    '"snapdragonfly" is not in the vocabulary of "mini"; nearest known: "dragon"',
  ]);
  assert.deepEqual(describe("regrouping"), [
    '"regrouping" is not in the vocabulary of "mini"; nearest known: "background"',
  ]);
});

Deno.test("readVocabulary() finds none in a teacher without the file", async () => {
  assert.equal(await readVocabulary(memoryFolder({})), undefined);
});

Deno.test("readVocabulary() reads the colors under their earlier name", async () => {
  // deno-lint-ignore style/plain-language
  const lists = { names: [], backgrounds: [], grammar: [], colours: ["red"] };
  const folder = memoryFolder({ "vocabulary.json": JSON.stringify(lists) });
  assert.deepEqual((await readVocabulary(folder))!.words, new Set(["red"]));
});

Deno.test("readVocabulary() refuses a file without the lists", async () => {
  const broken = (text: string) => readVocabulary(memoryFolder({ "vocabulary.json": text }));
  await assert.rejects(broken('{"names": [1]}'), /expected a list of strings "names"/);
  await assert.rejects(broken("{"), /it is not JSON/);
});
