import anyAscii from "npm:any-ascii@0.3.3";
import source from "./font_5x9.txt" with { type: "text" };
import type { Image, Rgb } from "./image.ts";

/** Height of a line of text in pixels: 7 above the baseline and 2 below. */
export const TEXT_HEIGHT = 9;

const LETTER_GAP = 1;
const SPACE_WIDTH = 3;

/** A character of the font: dots, the leftmost column of a row in the lowest bit. */
export interface Glyph {
  /** Columns. */
  readonly width: number;
  /** Bit masks, from the top; empty below the last. */
  readonly rows: readonly number[];
}

/** Position and style of text. */
export interface TextStyle {
  /** Left edge in pixels. */
  readonly x: number;
  /** Top edge in pixels. */
  readonly y: number;
  /** Color of the ink. */
  readonly color: Rgb;
  /** Pixels per dot of the font, integer, 1 or more. Default: 1. */
  readonly scale?: number;
}

/**
 * Draws one line of text into an image, in place, in our 5x9 bitmap font.
 *
 * Characters beyond ASCII are drawn as their nearest ASCII form, such as "e" for "é" and "koshka"
 * for "кошка". Text outside the image is clipped.
 */
export function drawText(image: Image, text: string, style: TextStyle): void {
  const { y, color, scale = 1 } = style;
  let x = style.x;
  for (const character of anyAscii(text)) {
    const glyph = glyphOf(character);
    for (const [row, bits] of glyph.rows.entries()) {
      for (let column = 0; column < glyph.width; column++) {
        if ((bits >> column) & 1) {
          fillRectangle(image, {
            x: x + column * scale,
            y: y + row * scale,
            width: scale,
            height: scale,
          }, color);
        }
      }
    }
    x += (glyph.width + LETTER_GAP) * scale;
  }
}

/** Returns the width of a line of text in pixels at scale 1. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of anyAscii(text)) width += glyphOf(character).width + LETTER_GAP;
  return Math.max(0, width - LETTER_GAP);
}

/** Shortens a text with "..." at its end to at most `width` pixels at scale 1. */
export function shortenText(text: string, width: number): string {
  // Each character is one pixel wide or more, with a gap.
  const start = [...anyAscii(text.slice(0, width))];
  if (text.length <= width && textWidth(text) <= width) return text;
  let letters = start.slice(0, width / 2);
  while (letters.length > 0 && textWidth(`${letters.join("")}...`) > width) {
    letters = letters.slice(0, -1);
  }
  return `${letters.join("")}...`;
}

/**
 * Breaks a text at its blanks into lines of at most `width` pixels at scale 1. Words that are too
 * long, and the rest in the last line, are shortened.
 *
 * @param maxLines Maximum number of lines, 1 or more. Default: no limit.
 */
export function wrapText(text: string, width: number, maxLines: number = Infinity): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter((word) => word !== "")) {
    const joined = lines.length > 0 ? `${lines.at(-1)} ${word}` : word;
    const isLast = lines.length === maxLines;
    if (lines.length > 0 && (isLast || textWidth(joined) <= width)) {
      lines[lines.length - 1] = joined;
    } else lines.push(word);
  }
  return lines.map((line) => shortenText(line, width));
}

/** A rectangle in pixels. */
export interface Rectangle {
  /** Left edge. */
  readonly x: number;
  /** Top edge. */
  readonly y: number;
  /** Pixels across. */
  readonly width: number;
  /** Pixels down. */
  readonly height: number;
}

/** Fills a rectangle with an opaque color, in place; it is clipped to the image. */
export function fillRectangle(image: Image, area: Rectangle, color: Rgb): void {
  const right = Math.min(image.width, area.x + area.width);
  const bottom = Math.min(image.height, area.y + area.height);
  for (let y = Math.max(0, area.y); y < bottom; y++) {
    for (let x = Math.max(0, area.x); x < right; x++) {
      const i = (y * image.width + x) * 4;
      image.data[i] = color[0];
      image.data[i + 1] = color[1];
      image.data[i + 2] = color[2];
      image.data[i + 3] = 255;
    }
  }
}

let glyphs: ReadonlyMap<string, Glyph> | undefined;

/** Returns the nearest ASCII form of a text, such as "Latte" for "Latté". */
export function asciiText(text: string): string {
  return anyAscii(text);
}

/** Returns a character of the font; "?" for those that it lacks. */
export function glyphOf(character: string): Glyph {
  glyphs ??= parseFont(source);
  return glyphs.get(character) ?? glyphs.get("?")!;
}

/** Reads the font: blocks of a heading of characters, six columns apart, over rows of dots. */
function parseFont(text: string): Map<string, Glyph> {
  const font = new Map<string, Glyph>([[" ", { width: SPACE_WIDTH, rows: [] }]]);
  for (const block of text.trimEnd().split("\n\n")) {
    const [heading, ...lines] = block.split("\n");
    for (let start = 0; start < heading!.length; start += 6) {
      const cells = lines.map((line) => line.slice(start, start + 5));
      const width = Math.max(...cells.map((cell) => cell.lastIndexOf("#") + 1));
      const rows = cells.map((cell) =>
        [...cell].reduce((bits, dot, x) => dot === "#" ? bits | (1 << x) : bits, 0)
      );
      font.set(heading![start]!, { width, rows });
    }
  }
  return font;
}
