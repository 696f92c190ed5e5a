import { ANSI_RESET, ansiColor, type ColorDepth } from "./ansi_color.ts";
import type { Image, Rgb } from "./image.ts";
import { fitWithin, resizeImage } from "./resize_image.ts";

/** Options of {@linkcode terminalPreview}. */
export interface TerminalPreviewOptions {
  /** Colors of the terminal; "none" gives no lines at all. */
  readonly depth: ColorDepth;
  /** The most columns, and so pixels across. Default: 80. */
  readonly columns?: number;
  /** The most lines; each shows two rows of pixels. Default: 40. */
  readonly lines?: number;
}

/**
 * Draws a picture with half blocks: one character shows two pixels, one over the other.
 *
 * Larger pictures are shrunk, smaller ones are not enlarged. Transparent pixels show the terminal.
 *
 * @returns Lines without line ends, each closed by a color reset.
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
      // The half block shows the foreground; a half that is transparent shows what is behind.
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
