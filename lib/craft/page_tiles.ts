import type { ImageSize } from "../image/image.ts";
import type { Craft } from "./craft.ts";

/** Cells from the first to before the last. */
export interface Span {
  /** First cell, from 0. */
  readonly from: number;
  /** One past the last cell. */
  readonly to: number;
}

/** The cells of a page of the chart. */
export interface PageTile {
  /** Columns that only this page has. */
  readonly columns: Span;
  /** Rows that only this page has. */
  readonly rows: Span;
  /** Columns with those repeated from the pages beside. */
  readonly shownColumns: Span;
  /** Rows with those repeated from the pages above and below. */
  readonly shownRows: Span;
}

/** Divides a picture into the pages of its chart, row by row. */
export function pageTiles({ height, width }: ImageSize, { page, overlap }: Craft): PageTile[] {
  return spans(height, page.rows).flatMap((rows) =>
    spans(width, page.columns).map((columns) => ({
      rows,
      columns,
      shownRows: widened(rows, overlap, height),
      shownColumns: widened(columns, overlap, width),
    }))
  );
}

function spans(length: number, step: number): Span[] {
  return Array.from({ length: Math.ceil(length / step) }, (_, i) => ({
    from: i * step,
    to: Math.min(length, (i + 1) * step),
  }));
}

function widened({ from, to }: Span, overlap: number, length: number): Span {
  return { from: Math.max(0, from - overlap), to: Math.min(length, to + overlap) };
}
