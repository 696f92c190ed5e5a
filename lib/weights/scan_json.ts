/** Maximum depth of objects and lists; a header has 3. */
const MAX_DEPTH = 8;
/** Maximum number of characters of a name in a message. */
const MAX_SHOWN = 100;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

/**
 * Looks for what JSON.parse would not refuse, or only after minutes: names that one object has
 * twice, of which it would keep the last, deep nesting, and too many names in the outer object.
 *
 * It takes linear time and is no parser: text that is not JSON may pass.
 *
 * @param options.maxKeys Maximum number of names in the outer object.
 * @returns The fault; undefined if there is none.
 */
export function scanJson(
  text: string,
  { maxKeys }: { readonly maxKeys: number },
): string | undefined {
  // One set of names for each open object, none for a list.
  const open: (Set<string> | undefined)[] = [];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) {
      const end = stringEnd(text, i);
      const keys = open.at(-1);
      if (keys && isName(text, end)) {
        const key = unquote(text.slice(i, end));
        if (keys.has(key)) return `the name "${key.slice(0, MAX_SHOWN)}" is there twice`;
        keys.add(key);
        if (open.length === 1 && keys.size > maxKeys) {
          return `expected at most ${maxKeys} names in its header, got more`;
        }
      }
      i = end - 1;
      continue;
    }
    const character = text[i];
    if (character === "{" || character === "[") {
      open.push(character === "{" ? new Set() : undefined);
      if (open.length > MAX_DEPTH) return `its header has more than ${MAX_DEPTH} levels`;
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
