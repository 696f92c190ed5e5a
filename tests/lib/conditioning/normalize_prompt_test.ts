import assert from "node:assert/strict";
import { encodePrompts } from "../../../lib/conditioning/encode_prompts.ts";
import {
  joinParts,
  normalizePrompt as normalize,
} from "../../../lib/conditioning/normalize_prompt.ts";
import { promptNotes } from "../../../lib/conditioning/read_prompt.ts";
import { openTeacherFolder } from "../../../lib/conditioning/teacher_folder.ts";
import { splitWords, type Vocabulary } from "../../../lib/conditioning/vocabulary.ts";
import { openModelFolder } from "../../../lib/weights/open_model_folder.ts";
import { goldenPath } from "../../support/goldens.ts";
import { WASM_SESSIONS } from "../onnx/run_graph.ts";
import { memoryFolder } from "./memory_folder.ts";

const WORDS = "a red dragon castle masterpiece face with tears of joy firefighter man's shoe jack";
const MINI = { words: new Set(splitWords(WORDS)), signs: new Set(["'"]) };

/** Returns the text and the notes of a prompt. */
function normalizePrompt(prompt: string, vocabulary: Vocabulary | undefined, weights = true) {
  const { parts, notes } = normalize(prompt, vocabulary, { weights });
  return { text: joinParts(parts), notes };
}

function read(prompt: string): string {
  return normalizePrompt(prompt, MINI).text.trim().replace(/ +/g, " ");
}

Deno.test("normalizePrompt() leaves a plain prompt as it is, without notes", () => {
  for (const prompt of ["", "a red dragon", "a  Man's shoe"]) {
    const text = prompt.replace(/ +/g, " ");
    assert.deepEqual(normalizePrompt(prompt, MINI), { text, notes: [] });
    assert.deepEqual(normalizePrompt(prompt, undefined), { text, notes: [] });
  }
});

Deno.test("normalizePrompt() makes typographic signs plain for every teacher", () => {
  const typed = "a\u00a0\u201cred\u201d dragon\u2019s\u2014castle\u2026 \uff32ed\u00ad\u200b";
  assert.deepEqual(normalizePrompt(typed, undefined), {
    text: `a "red" dragon's-castle... Red`,
    notes: [],
  });
  assert.equal(read("a \u201cred\u201d dragon"), "a red dragon");
  assert.equal(read("a \u2018red\u2019 dragon\u2019s castle"), "a red dragon's castle");
});

/** Prompts whose word "red" has a weight, and that weight. */
const WEIGHTED: readonly (readonly [red: string, weight: number])[] = [
  ["(red:1.3)", 1.3],
  ["( red : 1.3 )", 1.3],
  ["(red:.5)", 0.5],
  ["(red:-1)", -1],
  ["(red)", 1.1],
  ["((red))", 1.21],
  ["[red]", 1 / 1.1],
  ["(((red:1.2)))", 1.2],
  ["[(red):0.5]", 1],
];

Deno.test("normalizePrompt() reads weights, with a note, for teachers with and without a vocabulary", () => {
  for (const [red, weight] of WEIGHTED) {
    for (const vocabulary of [MINI, undefined]) {
      const { parts, notes } = normalize(`a ${red} dragon`, vocabulary, { weights: true });
      const found = parts.find(({ text }) => text.includes("red"))!;
      assert(Math.abs(found.weight - weight) < 1e-9, `${red}: ${found.weight}`);
      if (weight === 1) continue;
      assert.equal(joinParts(parts).replace(/ +/g, " "), "a red dragon");
      assert.deepEqual(notes, [`Prompt weights: "red" ${Number(weight.toFixed(2))}`]);
    }
  }
  assert.deepEqual(normalize("a (red) dragon", undefined, { weights: true }).parts, [
    { text: "a ", weight: 1 },
    { text: "red", weight: 1.1 },
    { text: " dragon", weight: 1 },
  ]);
  assert.equal(read("(masterpiece:1.2), (castle:1.3)").replace(/ +/g, " "), "masterpiece castle");
  assert.deepEqual(normalizePrompt("(red:1.3)! (castle:0.5)?", MINI).notes, [
    'Prompt weights: "red" 1.3, "castle" 0.5',
    "Left out, since the teacher does not know these signs: ! ?",
  ]);
});

Deno.test("normalizePrompt() without weights takes them out for a vocabulary, else reads them as text", () => {
  const typed = "a (red:1.3) ((dragon))";
  const mini = normalizePrompt(typed, MINI, false);
  assert.equal(mini.text.replace(/ +/g, " ").trim(), "a red dragon");
  assert.deepEqual(mini.notes, [
    'Prompt weights are off: the brackets and numbers are left out of "red", "dragon"',
  ]);
  const other = normalizePrompt(typed, undefined, false);
  assert.equal(other.text, typed);
  assert.deepEqual(other.notes, [
    'Prompt weights are off; read as plain text, with brackets and numbers: "red", "dragon"',
  ]);
});

Deno.test("normalizePrompt() leaves tags of LoRAs out, with a note", () => {
  const { text, notes } = normalizePrompt("a dragon <lora:pixel-art:0.8>", undefined);
  assert.equal(text, "a dragon");
  assert.match(notes.join(), /^Left out: "<lora:pixel-art:0.8>"; .*diffusion\.lora_path/);
});

Deno.test("normalizePrompt() reads emoji by the names that the vocabulary has", () => {
  for (
    const [typed, text] of [
      ["\u{1f409}", "dragon"],
      ["a\u{1f409}", "a dragon"],
      ["\u{1f409}\u{1f409} \u{1f3f0}", "dragon castle"],
      ["a castle \u{1f3f0}", "a castle"],
      ["\u{1f602}", "face with tears of joy"],
      // A woman firefighter with a skin tone: a sequence of four code points.
      ["\u{1f469}\u{1f3fd}\u200d\u{1f692}", "firefighter"],
    ] as const
  ) assert.equal(read(typed), text, typed);
  const { text, notes } = normalizePrompt("a \u{1f409} \u{1f40c}\ufe0f", MINI);
  assert.equal(text.trim().replace(/ +/g, " "), "a dragon");
  assert.deepEqual(notes, [
    '"\u{1f409}" is read as "dragon"',
    'Left out, since the teacher does not know it: "\u{1f40c}\ufe0f"',
  ]);
  assert.deepEqual(normalizePrompt("\u{1f409}", undefined), { text: "\u{1f409}", notes: [] });
});

Deno.test("normalizePrompt() names the signs that it leaves out", () => {
  const { text, notes } = normalizePrompt("red, a-dragon!! 1.5 \u2022", MINI);
  assert.equal(text, "red a dragon 1.5");
  assert.deepEqual(notes, [
    "Left out, since the teacher does not know these signs: , - ! \u2022",
  ]);
});

const TINY = openModelFolder(goldenPath("tiny-sdxl"));

Deno.test("promptNotes() names the words beyond the token limit, and unknown ones", async () => {
  const teacher = await openTeacherFolder(TINY);
  const long = Array.from({ length: 75 }, () => "a").join(" ");
  const [one, two] = [{ weights: true, maxChunks: 1 }, { weights: true, maxChunks: 2 }];
  assert.deepEqual(await promptNotes(teacher, long, one), []);
  assert.deepEqual(await promptNotes(teacher, `${long} big castle`, one), [
    `The prompt is too long for the teacher "${teacher.name}"; it does not read: "big castle"`,
  ]);
  assert.deepEqual(await promptNotes(teacher, `${long} big castle`, two), []);
  const lists = { names: ["dragon"], backgrounds: [], grammar: ["a"], colors: [] };
  const named = await openTeacherFolder(
    memoryFolder({ "vocabulary.json": JSON.stringify(lists) }, TINY),
  );
  assert.deepEqual(await promptNotes(named, "(dragon:1.3) 7", one), [
    'Prompt weights: "dragon" 1.3',
    `"7" is not in the vocabulary of "${named.name}"; see its vocabulary.json for all words`,
  ]);
});

Deno.test("encodePrompts() encodes the normalized texts, the negative one too", async () => {
  const teacher = await openTeacherFolder(TINY);
  const plain = { prompt: 'a "red" dragon', negativePrompt: "castle's" };
  const typed = { prompt: "a \u201cred\u201d\u00a0dragon", negativePrompt: "castle\u2019s" };
  assert.deepEqual(
    (await encodePrompts(WASM_SESSIONS, teacher, typed)).states,
    (await encodePrompts(WASM_SESSIONS, teacher, plain)).states,
  );
});
