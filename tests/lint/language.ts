// deno-lint-ignore-file style/plain-language -- names what the rule forbids
/** A rule of language: what must not be written, and what to write instead. */
interface LanguageRule {
  readonly pattern: RegExp;
  readonly advice: string;
}

/** Stems of British spellings that occur in this field. */
const BRITISH = new RegExp(
  String.raw`\b\w*(colour|neighbour|behaviour|grey(?!hound)|favour|flavour|centre(?!d?\w)|` +
    String.raw`(normal|quant|recogn|initial|optim|standard|minim|maxim|serial|real|organ|visual|` +
    String.raw`random|token|regular|penal|local|general|special|summar|synchron|raster|binar)` +
    String
      .raw`is(e|es|ed|er|ing|ation)\b|labell|cancell(?!ation)|modell|judgement|artefact|licence)`,
  "i",
);

/** Phrases that are not idiomatic, and what they mean. */
const PHRASES: readonly LanguageRule[] = [
  { pattern: /\bin the eyes of\b/i, advice: 'say "according to", or name the score' },
  { pattern: /\bcommonest\b/i, advice: 'say "most frequent" or "majority"' },
  { pattern: /\blikeliest\b/i, advice: 'say "most probable" or "with the highest logit"' },
  { pattern: /\b(is|are) another\b(?! \w)/i, advice: 'say "differs"' },
  { pattern: /\bin place of\b/i, advice: 'say "instead of"' },
  { pattern: /\b(goes|go|went) on\b/i, advice: 'say "continues" or "resumes"' },
  { pattern: /\bmade at once\b/i, advice: 'say "together" or "in one batch"' },
  { pattern: /\bwho waits\b/i, advice: "name what waits" },
  { pattern: /\bof the way\b/i, advice: 'say "intermediate"' },
  { pattern: /\b(begins?|began|begun) anew\b/i, advice: 'say "starts again"' },
  { pattern: /\bfor ever\b/i, advice: 'say "endlessly" or "forever"' },
  { pattern: /\bby way of\b/i, advice: 'say "through" or "with"' },
  { pattern: /\bof before\b/i, advice: 'say "earlier"' },
  { pattern: /\bof (its|their|his|your) own\b/i, advice: 'say "its own …" or "separate"' },
  { pattern: /\bin their eyes\b/i, advice: "name the score" },
  { pattern: /\btakes? in hand\b/i, advice: "name what is done" },
];

/** An upper or lower bound in an identifier that is not called min or max. */
const BOUND_NAME =
  /^(least|greatest|most)(?=[A-Z_]|$)|(LEAST|GREATEST|MOST)_|[a-z](Least|Greatest)/;

/** The longest line of a comment, in columns. `deno fmt` does not wrap comments. */
export const MAX_COLUMNS = 100;

/**
 * Finds what is wrong with the language of a text.
 *
 * @param text A comment, a message or a page.
 * @returns What was found and what to write instead, in order of the rules; [] if all is well.
 */
export function languageProblems(text: string): string[] {
  const british = BRITISH.exec(text);
  const problems = british === null ? [] : [`"${british[0]}" is British: spell it American`];
  for (const { pattern, advice } of PHRASES) {
    const found = pattern.exec(text);
    if (found !== null) problems.push(`"${found[0]}": ${advice}`);
  }
  return problems;
}

/**
 * Finds what is wrong with an identifier.
 *
 * @returns What to do; undefined if all is well.
 */
export function nameProblem(name: string): string | undefined {
  if (BOUND_NAME.test(name)) return `"${name}" is a bound: name it min or max`;
  const british = BRITISH.exec(name);
  return british === null ? undefined : `"${name}" is British: spell it American`;
}
