import fontkit from "npm:@pdf-lib/fontkit@1.1.1";
import {
  closePath,
  fill,
  lineTo,
  moveTo,
  PDFDocument,
  type PDFFont,
  PDFOperator,
  PDFOperatorNames,
  type PDFPage,
  popGraphicsState,
  pushGraphicsState,
  rectangle,
  rgb,
  setFillingColor,
  setLineWidth,
  setStrokingColor,
  stroke,
} from "npm:pdf-lib@1.17.1";
import boldText from "../../assets/fonts/open_sans_bold.woff.base64.txt" with { type: "text" };
import plainText from "../../assets/fonts/open_sans_regular.woff.base64.txt" with {
  type: "text",
};
import { asciiText } from "../image/draw_text.ts";
import type { Rgb } from "../image/image.ts";
import { INCH } from "./craft.ts";
import type { CraftSymbol } from "./symbols.ts";

/** Formats of paper in millimeters. */
export const PAPERS = {
  a4: { width: 210, height: 297 },
  letter: { width: 8.5 * INCH, height: 11 * INCH },
} as const;

/** Name of a format of paper. */
export type PaperName = keyof typeof PAPERS;

/** A rectangle in millimeters. */
export interface Area {
  /** Left end. */
  readonly x: number;
  /** Upper end. */
  readonly y: number;
  /** From left to right. */
  readonly width: number;
  /** From top to bottom. */
  readonly height: number;
}

/** Style of text. */
export interface TextOptions {
  /** Size of the font in points. Default: 9. */
  readonly size?: number;
  /** Whether it is bold. Default: false. */
  readonly bold?: boolean;
  /** What lies at `x`. Default: the left end. */
  readonly align?: "left" | "center" | "right";
  /** Color. Default: black. */
  readonly color?: Rgb;
}

const POINTS = 72 / INCH;
const MAX_ARGUMENTS = 1000;

/**
 * Draws the pages of a PDF in millimeters from the upper left corner. Everything is vectors; the
 * letters that the text uses are embedded.
 *
 * The same calls give the same bytes: the file has no date.
 */
export class PdfCanvas {
  readonly #document: PDFDocument;
  readonly #fonts: { readonly plain: PDFFont; readonly bold: PDFFont };
  readonly #paper: PaperName;
  readonly #letters: ReadonlySet<number>;
  #page: PDFPage | undefined;

  private constructor(
    document: PDFDocument,
    fonts: { readonly plain: PDFFont; readonly bold: PDFFont },
    paper: PaperName,
  ) {
    this.#document = document;
    this.#fonts = fonts;
    this.#paper = paper;
    this.#letters = new Set(fonts.plain.getCharacterSet().filter((code) => code >= 0x20));
  }

  /** Begins a document without a page. */
  static async create(paper: PaperName, title: string): Promise<PdfCanvas> {
    const document = await PDFDocument.create({ updateMetadata: false });
    document.setTitle(title);
    document.setProducer("Smalti");
    document.registerFontkit(fontkit);
    const embed = (text: string) =>
      document.embedFont(Uint8Array.fromBase64(text.trim()), { subset: true });
    const fonts = { plain: await embed(plainText), bold: await embed(boldText) };
    return new PdfCanvas(document, fonts, paper);
  }

  /** Size of a page in millimeters. */
  get size(): { readonly width: number; readonly height: number } {
    return PAPERS[this.#paper];
  }

  /** Number of pages. */
  get pageCount(): number {
    return this.#document.getPageCount();
  }

  /** Adds a page, on which the following calls draw. */
  addPage(): void {
    const { width, height } = this.size;
    this.#page = this.#document.addPage([width * POINTS, height * POINTS]);
  }

  /** Fills rectangles with a color. */
  fillAreas(areas: Iterable<Area>, color: Rgb): void {
    const boxes = [...areas].map(({ x, y, width, height }) =>
      rectangle(
        toPoints(x),
        this.#up(y + height),
        toPoints(width),
        toPoints(height),
      )
    );
    if (boxes.length > 0) this.#draw([setFillingColor(paint(color))], boxes, [fill()]);
  }

  /** Fills a symbol, whose unit square is a square of a length at each position. */
  fillSymbols(
    symbol: CraftSymbol,
    corners: Iterable<{ readonly x: number; readonly y: number }>,
    length: number,
    color: Rgb,
  ): void {
    const path: PDFOperator[] = [];
    for (const { x, y } of corners) {
      for (const polygon of symbol) {
        for (const [i, [px, py]] of polygon.entries()) {
          const to = i === 0 ? moveTo : lineTo;
          path.push(to(toPoints(x + px * length), this.#up(y + py * length)));
        }
        path.push(closePath());
      }
    }
    if (path.length === 0) return;
    const end = PDFOperator.of(PDFOperatorNames.FillEvenOdd);
    this.#draw([setFillingColor(paint(color))], path, [end]);
  }

  /** Draws lines of a width. */
  lines(
    ends: Iterable<readonly [x1: number, y1: number, x2: number, y2: number]>,
    width: number,
    color: Rgb,
  ): void {
    const path = [...ends].flatMap(([x1, y1, x2, y2]) => [
      moveTo(toPoints(x1), this.#up(y1)),
      lineTo(toPoints(x2), this.#up(y2)),
    ]);
    if (path.length === 0) return;
    const style = [setStrokingColor(paint(color)), setLineWidth(toPoints(width))];
    this.#draw(style, path, [stroke()]);
  }

  /** Draws a line of text whose baseline is at `y`. */
  text(text: string, x: number, y: number, options: TextOptions = {}): void {
    const { size = 9, bold = false, align = "left", color = [0, 0, 0] } = options;
    const font = bold ? this.#fonts.bold : this.#fonts.plain;
    const letters = this.#printable(text);
    if (letters === "") return;
    const width = font.widthOfTextAtSize(letters, size) / POINTS;
    const left = x - { left: 0, center: width / 2, right: width }[align];
    this.#page!.drawText(letters, {
      x: toPoints(left),
      y: this.#up(y),
      size,
      font,
      color: paint(color),
    });
  }

  /** Shortens a text to a width in millimeters. */
  fit(text: string, width: number, size: number = 9): string {
    let fitted = this.#printable(text);
    const isWide = () => this.#fonts.plain.widthOfTextAtSize(fitted, size) / POINTS > width;
    if (!isWide()) return fitted;
    while (fitted.length > 1 && isWide()) fitted = `${fitted.slice(0, -4).trimEnd()}...`;
    return fitted;
  }

  /** Ends the document. */
  async toBytes(): Promise<Uint8Array<ArrayBuffer>> {
    return Uint8Array.from(await this.#document.save());
  }

  #draw(...parts: readonly (readonly PDFOperator[])[]): void {
    const page = this.#page!;
    page.pushOperators(pushGraphicsState());
    for (const operators of parts) {
      // A call takes only so many arguments.
      for (let i = 0; i < operators.length; i += MAX_ARGUMENTS) {
        page.pushOperators(...operators.slice(i, i + MAX_ARGUMENTS));
      }
    }
    page.pushOperators(popGraphicsState());
  }

  /** The letters that the font has; others become their nearest ASCII form. */
  #printable(text: string): string {
    return Array.from(text.normalize("NFC"), (letter) => {
      if (this.#letters.has(letter.codePointAt(0)!)) return letter;
      return asciiText(letter).replaceAll(/[^\x20-\x7e]/g, " ");
    }).join("");
  }

  /** PDF measures from the lower end. */
  #up(y: number): number {
    return toPoints(this.size.height - y);
  }
}

/** Keeps four decimals: a hundred thousandth of a millimeter. */
function toPoints(millimeters: number): number {
  return Math.round(millimeters * POINTS * 1e4) / 1e4;
}

function paint([red, green, blue]: Rgb) {
  return rgb(red / 255, green / 255, blue / 255);
}
