import type { WeightedText } from "../models/tokenizers/weighted_text.ts";

/** Factor of a pair of round brackets, and divisor of a pair of square ones. */
const BRACKET_FACTOR = 1.1;

/** Brackets inside more than so many others are text. */
const MAX_DEPTH = 32;

/** The number at the end of round brackets. */
const NUMBER = /:\s*([+-]?\d*\.?\d+)\s*$/;

/** Brackets that are written with a backslash are text. */
const ESCAPED = /\\([()[\]])/g;

/** A part of a prompt: text, or brackets with parts. */
type Node = string | { readonly open: "(" | "["; readonly nodes: readonly Node[] };

/** Brackets that are open while a prompt is read. */
interface OpenBrackets {
  readonly open: "(" | "[";
  readonly nodes: Node[];
}

/**
 * Reads the weights of a prompt, in the syntax of ComfyUI: `(red)` weighs 1.1 times as much as its
 * surroundings, `(red:1.3)` weighs 1.3 whatever surrounds it. As in other programs, `[red]` weighs
 * 1 / 1.1 times as much. `\(` and `\[` are text, and so is a bracket without a partner.
 *
 * Source: https://github.com/comfyanonymous/ComfyUI, README.
 *
 * @returns The parts in order, none of them empty, neighbors with different weights; one empty part
 *   for an empty prompt.
 */
export function parsePromptWeights(prompt: string): readonly WeightedText[] {
  const parts: { text: string; weight: number }[] = [];
  for (const { text, weight } of weigh(parseBrackets(prompt), 1)) {
    const last = parts.at(-1);
    if (text === "") continue;
    if (last?.weight === weight) last.text += text;
    else parts.push({ text, weight });
  }
  return parts.length === 0 ? [{ text: "", weight: 1 }] : parts;
}

function parseBrackets(prompt: string): readonly Node[] {
  const root: Node[] = [];
  const open: OpenBrackets[] = [];
  const append = (node: Node) => (open.at(-1)?.nodes ?? root).push(node);
  for (const [piece] of prompt.matchAll(/\\[()[\]]|[()[\]]|(?:\\(?![()[\]])|[^()[\]\\])+/g)) {
    if ((piece === "(" || piece === "[") && open.length < MAX_DEPTH) {
      open.push({ open: piece, nodes: [] });
    } else if (piece === (open.at(-1)?.open === "(" ? ")" : "]") && open.length > 0) {
      append(open.pop()!);
    } else append(piece);
  }
  // Brackets without a partner are text.
  for (let last = open.pop(); last; last = open.pop()) {
    append(last.open);
    last.nodes.forEach(append);
  }
  return root;
}

function* weigh(nodes: readonly Node[], weight: number): Generator<WeightedText> {
  for (const node of nodes) {
    if (typeof node === "string") {
      yield { text: node.replaceAll(ESCAPED, "$1"), weight };
    } else if (node.open === "[") {
      yield* weigh(node.nodes, weight / BRACKET_FACTOR);
    } else {
      const last = node.nodes.at(-1);
      const number = typeof last === "string" ? NUMBER.exec(last) : null;
      yield* number === null ? weigh(node.nodes, weight * BRACKET_FACTOR) : weigh(
        [...node.nodes.slice(0, -1), number.input.slice(0, number.index)],
        Number(number[1]),
      );
    }
  }
}
