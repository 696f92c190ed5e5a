import type { WeightedText } from "../models/tokenizers/weighted_text.ts";
import { parsePromptWeights } from "./prompt_weights.ts";
import { splitWords, type Vocabulary } from "./vocabulary.ts";
// Source: Unicode's emoji-test.txt, in lower case, without variation selectors and skin tones.
import EMOJI_NAMES from "./emoji_names.json" with { type: "json" };

/** A prompt as a teacher gets it. */
export interface NormalizedPrompt {
  /** The text to encode, in parts of different weights. */
  readonly parts: readonly WeightedText[];
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

const EMOJI = /(?:\p{RGI_Emoji}|\p{Extended_Pictographic}\p{Emoji_Modifier}?)\uFE0F?/gv;

/** How prompts are read. */
export interface PromptReading {
  /** Whether brackets and numbers are weights. */
  readonly weights: boolean;
}

/**
 * Brings a prompt into the form that a teacher can read.
 *
 * Typographic signs become plain ones for every teacher, and weights are read. For a teacher with a
 * vocabulary, emoji become their names, and signs that no text of its vocabulary has are removed.
 * Any other teacher reads these as text. Where weights are off, a teacher with a vocabulary reads
 * the words without brackets and numbers, and any other one reads them as text.
 *
 * @param vocabulary Words of the teacher; undefined if it has no list of them.
 */
export function normalizePrompt(
  prompt: string,
  vocabulary: Vocabulary | undefined,
  { weights }: PromptReading,
): NormalizedPrompt {
  const notes: string[] = [];
  const { text, tags } = takeTags(plainText(prompt));
  if (tags.length > 0) {
    notes.push(`Left out: ${listOf(tags)}; set a LoRA by "diffusion.lora_path"`);
  }
  const read = parsePromptWeights(text);
  const weighted = read.filter(({ weight }) => weight !== 1);
  if (weights && weighted.length > 0) notes.push(`Prompt weights: ${describeWeights(weighted)}`);
  if (!weights && weighted.length > 0) {
    const found = listOf(weighted.map(({ text }) => text.trim()));
    notes.push(
      vocabulary
        ? `Prompt weights are off: the brackets and numbers are left out of ${found}`
        : `Prompt weights are off; read as plain text, with brackets and numbers: ${found}`,
    );
  }
  if (vocabulary === undefined) {
    return { parts: weights ? read : [{ text, weight: 1 }], notes };
  }
  const parts = weights
    ? read
    : [{ text: read.map((part) => part.text).join(weighted.length > 0 ? " " : ""), weight: 1 }];
  return { parts: useVocabulary(parts, vocabulary, notes), notes };
}

/** Names emoji and removes unknown signs in each part. */
function useVocabulary(
  parts: readonly WeightedText[],
  vocabulary: Vocabulary,
  notes: string[],
): WeightedText[] {
  const bare = ` ${splitWords(joinParts(parts).replace(EMOJI, " ")).join(" ")} `;
  const named = nameEmoji(parts, { vocabulary, bare }, notes);
  return removeSigns(named, vocabulary, notes);
}

/** Returns the text of a prompt without its weights. */
export function joinParts(parts: readonly WeightedText[]): string {
  return parts.map(({ text }) => text).join("");
}

function describeWeights(parts: readonly WeightedText[]): string {
  const described = parts.map(({ text, weight }) =>
    `"${text.trim()}" ${Number(weight.toFixed(2))}`
  );
  return [...new Set(described)].join(", ");
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

/** Replaces emoji by their names; one that is named already, or that is not known, is removed. */
function nameEmoji(
  parts: readonly WeightedText[],
  { vocabulary, bare }: { readonly vocabulary: Vocabulary; readonly bare: string },
  notes: string[],
): WeightedText[] {
  const names: Readonly<Record<string, string>> = EMOJI_NAMES;
  const read: string[] = [];
  const unknown: string[] = [];
  const seen = new Set<string>();
  const nameOf = (emoji: string) => {
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
  };
  const named = parts.map((part) => ({ ...part, text: part.text.replace(EMOJI, nameOf) }));
  notes.push(...read);
  if (unknown.length > 0) {
    notes.push(`Left out, since the teacher does not know it: ${listOf(unknown)}`);
  }
  return named;
}

/** Removes the signs that no text of the vocabulary has; numbers keep their points. */
function removeSigns(
  parts: readonly WeightedText[],
  { signs }: Vocabulary,
  notes: string[],
): WeightedText[] {
  const removed: string[] = [];
  const kept = parts.map(({ text, weight }) => {
    const known = text.replace(
      /(?<!\p{N}(?=[.,]\p{N}))[^\p{L}\p{M}\p{N}\p{White_Space}]/gu,
      (sign, offset: number) => {
        const isInWord = /^\p{L}.\p{L}$/u.test(text.slice(offset - 1, offset + 2));
        if (signs.has(sign) && (sign !== "'" || isInWord)) return sign;
        removed.push(sign);
        return " ";
      },
    );
    return { text: known === text ? text : tidy(known, parts.length > 1), weight };
  });
  if (removed.length > 0) {
    notes.push(
      `Left out, since the teacher does not know these signs: ${[...new Set(removed)].join(" ")}`,
    );
  }
  return kept;
}

/** Collapses spaces; a part keeps those at its ends. */
function tidy(text: string, isPart = false): string {
  const joined = text.replace(/ +/g, " ");
  return isPart ? joined : joined.trim();
}

/** Lists texts once each, in quotes. */
function listOf(texts: readonly string[]): string {
  return [...new Set(texts)].map((text) => `"${text}"`).join(", ");
}
