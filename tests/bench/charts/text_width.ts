/**
 * Estimates the width of a text in pixels, since the fonts of the reader are unknown.
 *
 * The widths are those of DejaVu Sans, the widest common font, rounded up.
 */
export function textWidth(text: string, fontSize: number): number {
  let width = 0;
  for (const character of text) {
    if (/[ijlI.,:;'|!]/.test(character)) width += 0.34;
    else if (/[frt \-()/"]/.test(character)) width += 0.42;
    else if (/[mwMW%@]/.test(character)) width += 0.98;
    else if (/[A-Z]/.test(character)) width += 0.74;
    else width += 0.64;
  }
  return width * fontSize;
}

/** Breaks a text into lines of a maximum width in pixels. A longer word is not broken. */
export function wrapText(text: string, fontSize: number, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const joined = lines.length > 0 ? `${lines.at(-1)} ${word}` : word;
    if (lines.length > 0 && textWidth(joined, fontSize) <= width) lines[lines.length - 1] = joined;
    else lines.push(word);
  }
  return lines;
}
