import type { Box } from "./place_labels.ts";
import { element, INK, svgDocument, textElement } from "./svg.ts";
import { textWidth, wrapText } from "./text_width.ts";

/** Texts around the panels of a figure. */
export interface FigureTexts {
  readonly title: string;
  /** Description of the measurement. */
  readonly subtitle: string;
  /** Source of the numbers: machine and versions. */
  readonly footer: string;
  /** Legend: colors and their meaning. Default: none. */
  readonly legend?: readonly { readonly color: string; readonly text: string }[];
}

// All in pixels.
const WIDTH = 880;
const MARGIN = 24;
const COLUMN_GAP = 28;
const ROW_GAP = 14;
const LINE = 16;
const SMALL = 11;

/**
 * Draws a figure: title, panels in rows and columns, footer.
 *
 * @param panels Rows of panels. Each draws itself into its box.
 * @returns The SVG.
 */
export function drawFigure(
  { title, subtitle, footer, legend = [] }: FigureTexts,
  panels: readonly (readonly ((box: Box) => string)[])[],
  { rowHeight }: { readonly rowHeight: number },
): string {
  const inner = WIDTH - 2 * MARGIN;
  const subtitles = wrapText(subtitle, 13, inner);
  const footers = wrapText(footer, SMALL, inner);
  const subtitleTop = MARGIN + 38;
  const legendTop = subtitleTop + subtitles.length * LINE + 6;
  const top = legendTop + (legend.length > 0 ? 26 : 6);
  const footerTop = top + panels.length * (rowHeight + ROW_GAP) + 14;
  const lines = (texts: readonly string[], y: number, size: number) =>
    texts.map((text, i) =>
      textElement(text, { x: MARGIN, y: y + i * LINE, "font-size": size, fill: INK.muted })
    );
  return svgDocument(
    { width: WIDTH, height: footerTop + (footers.length - 1) * LINE + MARGIN - 4, name: title },
    [
      textElement(title, { x: MARGIN, y: MARGIN + 16, "font-size": 20, "font-weight": 600 }),
      ...lines(subtitles, subtitleTop, 13),
      ...drawLegend(legend, legendTop),
      ...panels.flatMap((row, i) => {
        const width = (inner - (row.length - 1) * COLUMN_GAP) / row.length;
        return row.map((draw, k) =>
          draw({
            x: MARGIN + k * (width + COLUMN_GAP),
            y: top + i * (rowHeight + ROW_GAP),
            width,
            height: rowHeight,
          })
        );
      }),
      ...lines(footers, footerTop, SMALL),
    ],
  );
}

function drawLegend(entries: NonNullable<FigureTexts["legend"]>, y: number): string[] {
  let x = MARGIN;
  return entries.flatMap(({ color, text }) => {
    const at = x;
    x += 18 + textWidth(text, 12) + 16;
    return [
      element("rect", { x: at, y: y - 6, width: 12, height: 12, rx: 2, fill: color }),
      textElement(text, { x: at + 18, y: y + 4 }),
    ];
  });
}
