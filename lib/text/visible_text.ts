/**
 * Control characters but tab and line feed, separators of lines and paragraphs, and characters that
 * change the direction of text or are not seen.
 *
 * Source: Unicode 16.0, general categories Cc, Zl and Zp; UAX #9, section 2, for the bidi controls.
 * Joiners (U+200C and U+200D) stay: emoji and several scripts need them.
 */
const INVISIBLE =
  // deno-lint-ignore no-control-regex -- they are what is looked for.
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/**
 * Shows control, escape and bidi characters of a text as "\u001b", so that text of strangers can
 * neither move the cursor nor change what is read. In JSON it means the same as before.
 */
export function visibleText(text: string): string {
  return text.replaceAll(
    INVISIBLE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * Returns the beginning of a text of strangers for a message, with {@linkcode visibleText}.
 *
 * @param maxLength Characters that are kept. Default: 40.
 */
export function excerpt(text: string, maxLength: number = 40): string {
  // Bounded before it is split into characters.
  const letters = [...text.slice(0, 4 * maxLength)];
  return visibleText(
    letters.length > maxLength ? `${letters.slice(0, maxLength).join("")}…` : text,
  );
}

/**
 * Cuts the middle out of a long text for people: a file or a prompt may put any amount into a
 * message, whose end says what to do.
 *
 * @param maxLength Length of the result, in UTF-16 units. Default: 1000.
 */
export function shorten(text: string, maxLength: number = 1000): string {
  if (text.length <= maxLength) return text;
  const tail = Math.floor(maxLength / 3);
  const head = maxLength - tail - 3;
  return `${text.slice(0, head)} … ${text.slice(-tail)}`.toWellFormed();
}
