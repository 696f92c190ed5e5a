import { splitWords, type Vocabulary } from "./vocabulary.ts";
// Source: Unicode's emoji-test.txt, in lower case, without variation selectors and skin tones.
import EMOJI_NAMES from "./emoji_names.json" with { type: "json" };

/** A prompt as a teacher gets it. */
export interface NormalizedPrompt {
  /** The text to encode. */
  readonly text: string;
  /** What was changed or left out, a sentence each. */
  readonly notes: readonly string[];
}

/** Typographic signs, and the plain ones that stand for them. */
const PLAIN_SIGNS: readonly (readonly [RegExp, string])[] = [
  [/[\u2018-\u201b\u2032\u02bc\u00b4`]/g, "'"],
  [/[\u201c-\u201f\u2033\u00ab\u00bb\u2039\u203a\u300c-\u300f]/g, '"'],
  [/[\u2010-\u2015\u2212\ufe58\ufe63]/g, "-"],
  [/\u2026/g, "..."],
  [/\u3001/g, ","],
  [/\u3002/g, "."],
  [/\p{White_Space}+/gu, " "],
  // Soft hyphens, marks of direction, spaces of no width: nobody sees them.
  [/[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g, ""],
];

/** `<lora:name:0.8>` of other programs. */
const LORA_TAG = /<(?:lora|lyco|hypernet):[^<>]*>/gi;

/** Innermost brackets, with a weight or without: `(red:1.3)`, `(red)1.3`, `[red]`, `{red}`. */
const WEIGHT = weightPattern([["\\(", "\\)"], ["\\[", "\\]"], ["{", "}"]]);

/** The same with the brackets around it, for notes. */
const WEIGHT_WITH_BRACKETS = new RegExp(String.raw`[\\([{]*(?:${WEIGHT.source})[)\]}]*`, "g");

const EMOJI = /(?:\p{RGI_Emoji}|\p{Extended_Pictographic}\p{Emoji_Modifier}?)\uFE0F?/gv;

/**
 * Brings a prompt into the form that a teacher can read.
 *
 * Typographic signs become plain ones for every teacher. For a teacher with a vocabulary, brackets
 * and numbers of prompt weights are removed, emoji become their names, and signs that no text of
 * its vocabulary has are removed. Any other teacher reads these as text.
 *
 * @param vocabulary Words of the teacher; undefined if it has no list of them.
 */
export function normalizePrompt(
  prompt: string,
  vocabulary: Vocabulary | undefined,
): NormalizedPrompt {
  const notes: string[] = [];
  const { text, tags } = takeTags(plainText(prompt));
  if (tags.length > 0) {
    notes.push(`Left out: ${listOf(tags)}; set a LoRA by "diffusion.lora_path"`);
  }
  const weights = [...text.matchAll(WEIGHT_WITH_BRACKETS)].map(([found]) => found);
  if (vocabulary === undefined) {
    const weighted = weights.filter((found) => /:\s*[+-]?\d*\.?\d+\s*\)$/.test(found));
    if (weighted.length > 0) {
      notes.push(`Prompt weights are not supported yet; read as plain text: ${listOf(weighted)}`);
    }
    return { text, notes };
  }
  if (weights.length > 0) {
    notes.push(
      "Prompt weights are not supported yet: the brackets and numbers are left out of " +
        listOf(weights),
    );
  }
  const named = nameEmoji(removeWeights(text), vocabulary, notes);
  return { text: removeSigns(named, vocabulary, notes), notes };
}

function plainText(prompt: string): string {
  // Letters and signs of double width, as Chinese and Japanese keyboards write them.
  const narrow = prompt.replace(
    /[\uff01-\uff5e]/g,
    (sign) => String.fromCharCode(sign.charCodeAt(0) - 0xfee0),
  );
  return PLAIN_SIGNS.reduce((text, [signs, plain]) => text.replace(signs, plain), narrow);
}

function takeTags(text: string): { readonly text: string; readonly tags: readonly string[] } {
  const tags = text.match(LORA_TAG) ?? [];
  return { text: tags.length === 0 ? text : tidy(text.replace(LORA_TAG, " ")), tags };
}

function weightPattern(pairs: readonly (readonly [string, string])[]): RegExp {
  const number = String.raw`\d*\.?\d+`;
  const text = String.raw`([^()[\]{}]*?)(?::\s*[+-]?${number})?\s*`;
  const parts = pairs.map(([open, close]) => String.raw`\\?${open}${text}\\?${close}`);
  return new RegExp(String.raw`(?:${parts.join("|")})(?:\d*\.\d+)?`, "g");
}

/** Removes brackets with their numbers, from inside to outside. */
function removeWeights(text: string): string {
  const next = text.replace(
    WEIGHT,
    (_, round?: string, square?: string, curly?: string) => ` ${round ?? square ?? curly ?? ""} `,
  );
  return next === text ? text : removeWeights(next);
}

/** Replaces emoji by their names; one that is named already, or that is not known, is removed. */
function nameEmoji(text: string, vocabulary: Vocabulary, notes: string[]): string {
  const names: Readonly<Record<string, string>> = EMOJI_NAMES;
  const read: string[] = [];
  const unknown: string[] = [];
  const bare = ` ${splitWords(text.replace(EMOJI, " ")).join(" ")} `;
  const seen = new Set<string>();
  const result = text.replace(EMOJI, (emoji) => {
    const found = names[emoji.replace(/[\uFE0F\u{1F3FB}-\u{1F3FF}]/gu, "")];
    const name = [found, found?.replace(/^(wo)?man /, "")].find((one) =>
      one !== undefined && splitWords(one).every((word) => vocabulary.words.has(word))
    );
    if (name === undefined) {
      unknown.push(emoji);
      return " ";
    }
    if (seen.has(name)) return " ";
    seen.add(name);
    if (bare.includes(` ${splitWords(name).join(" ")} `)) return " ";
    read.push(`"${emoji}" is read as "${name}"`);
    return ` ${name} `;
  });
  notes.push(...read);
  if (unknown.length > 0) {
    notes.push(`Left out, since the teacher does not know it: ${listOf(unknown)}`);
  }
  return result;
}

/** Removes the signs that no text of the vocabulary has; numbers keep their points. */
function removeSigns(text: string, { signs }: Vocabulary, notes: string[]): string {
  const removed: string[] = [];
  const kept = text.replace(
    /(?<!\p{N}(?=[.,]\p{N}))[^\p{L}\p{M}\p{N}\p{White_Space}]/gu,
    (sign, offset: number) => {
      const isInWord = /^\p{L}.\p{L}$/u.test(text.slice(offset - 1, offset + 2));
      if (signs.has(sign) && (sign !== "'" || isInWord)) return sign;
      removed.push(sign);
      return " ";
    },
  );
  if (removed.length > 0) {
    notes.push(
      `Left out, since the teacher does not know these signs: ${[...new Set(removed)].join(" ")}`,
    );
  }
  return kept === text ? text : tidy(kept);
}

function tidy(text: string): string {
  return text.replace(/ +/g, " ").trim();
}

/** Lists texts once each, in quotes. */
function listOf(texts: readonly string[]): string {
  return [...new Set(texts)].map((text) => `"${text}"`).join(", ");
}
