/** Bounds of {@linkcode scanJson}. */
export interface JsonBounds {
  /** Maximum number of names in the outer object. */
  readonly maxKeys: number;
  /** Maximum depth of objects and lists. */
  readonly maxDepth: number;
}

/** Maximum number of characters of a name in a message. */
const MAX_SHOWN = 100;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

/**
 * Finds faults that JSON.parse accepts or takes minutes for: duplicate names in an object, of which
 * it keeps the last, deep nesting, and too many names.
 *
 * It takes linear time. It is not a parser: text that is not JSON may pass.
 *
 * @returns The fault, without a final period; undefined if there is none.
 */
export function scanJson(text: string, { maxKeys, maxDepth }: JsonBounds): string | undefined {
  // One set of names for each open object, none for a list.
  const open: (Set<string> | undefined)[] = [];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) {
      const end = stringEnd(text, i);
      const keys = open.at(-1);
      if (keys && isName(text, end)) {
        const key = unquote(text.slice(i, end));
        if (keys.has(key)) return `duplicate name "${key.slice(0, MAX_SHOWN)}"`;
        keys.add(key);
        if (open.length === 1 && keys.size > maxKeys) {
          return `expected at most ${maxKeys} names, got more`;
        }
      }
      i = end - 1;
      continue;
    }
    const character = text[i];
    if (character === "{" || character === "[") {
      open.push(character === "{" ? new Set() : undefined);
      if (open.length > maxDepth) return `expected at most ${maxDepth} levels, got more`;
    } else if (character === "}" || character === "]") {
      open.pop();
    }
  }
  return undefined;
}

/** Returns the index after the closing quote. */
function stringEnd(text: string, start: number): number {
  let i = start + 1;
  for (; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) return i + 1;
    if (code === BACKSLASH) i++;
  }
  return i;
}

/** Tells whether a colon follows, after white space. */
function isName(text: string, end: number): boolean {
  let i = end;
  while (/[ \t\n\r]/.test(text[i] ?? "")) i++;
  return text.charCodeAt(i) === COLON;
}

function unquote(quoted: string): string {
  if (!quoted.includes("\\")) return quoted.slice(1, -1);
  try {
    return JSON.parse(quoted);
  } catch {
    // JSON.parse of the whole text refuses it.
    return quoted;
  }
}
