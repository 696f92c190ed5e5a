import { ANSI_RESET, ansiColor, type ColorDepth } from "./ansi_color.ts";
import type { Image, Rgb } from "./image.ts";
import { fitWithin, resizeImage } from "./resize_image.ts";

/** Options of {@linkcode terminalPreview}. */
export interface TerminalPreviewOptions {
  /** Color depth of the terminal; "none" returns no lines. */
  readonly depth: ColorDepth;
  /** Maximum number of columns, each one pixel wide. Default: 80. */
  readonly columns?: number;
  /** Maximum number of lines, each of two rows of pixels. Default: 40. */
  readonly lines?: number;
}

/**
 * Draws an image with half blocks: one character shows two pixels, one above the other.
 *
 * Images that are too large are shrunk. Transparent pixels show the terminal's background.
 *
 * @returns Lines without line ends; each ends with a color reset.
 */
export function terminalPreview(image: Image, options: TerminalPreviewOptions): string[] {
  const { depth, columns = 80, lines = 40 } = options;
  if (depth === "none" || columns < 1 || lines < 1) return [];
  const box = { height: lines * 2, width: columns };
  const isLarge = image.height > box.height || image.width > box.width;
  const small = isLarge
    ? resizeImage(image, fitWithin(image, box), { fit: "stretch", filter: "area" })
    : image;
  const colorAt = (y: number, x: number): Rgb | undefined => {
    const i = (y * small.width + x) * 4;
    if (y >= small.height || small.data[i + 3]! < 128) return undefined;
    return [small.data[i]!, small.data[i + 1]!, small.data[i + 2]!];
  };
  return Array.from({ length: Math.ceil(small.height / 2) }, (_, line) => {
    let text = "";
    let state = "";
    for (let x = 0; x < small.width; x++) {
      const top = colorAt(line * 2, x);
      const bottom = colorAt(line * 2 + 1, x);
      // The half block has the foreground color; the other half has the background color.
      const [front, behind] = top === undefined ? [bottom, top] : [top, bottom];
      let wanted = front === undefined ? "" : ansiColor(front, "foreground", depth);
      if (behind !== undefined) wanted += ansiColor(behind, "background", depth);
      if (wanted !== state) {
        const needsReset = behind === undefined || front === undefined;
        text += (needsReset ? ANSI_RESET : "") + wanted;
        state = wanted;
      }
      text += front === undefined ? " " : top === undefined ? "▄" : "▀";
    }
    return text + ANSI_RESET;
  });
}
