import type { Rgb } from "../../image/image.ts";
import { drawGrid, drawSwatch, frameOf } from "../chart_grid.ts";
import { INCH, type PatternColor } from "../craft.ts";
import { finishedSize, type Pattern } from "../pattern.ts";
import type { CraftFormat } from "../craft_format.ts";
import { type PageTile, pageTiles } from "../page_tiles.ts";
import { PdfCanvas } from "../pdf_canvas.ts";
import { countStitches } from "../stitches.ts";
import { threadNeeds } from "../thread_needs.ts";

/** Millimeters that stay white around a page. */
const MARGIN = 10;
/** Room for the numbers at the left of a grid. */
const AXIS = 6;
/** Upper end of a grid. */
const GRID_TOP = 24;
const GRAY: Rgb = [90, 90, 90];
/** Length of the line at the foot of each page, for measuring the print. */
const RULER = 50;
/** Height of a row of the legend. */
const LEGEND_ROW = 6.5;

/** The pattern on paper: an overview, the legend, and the pages of the chart. */
export const PATTERN_PDF: CraftFormat = {
  ending: ".pdf",
  encode: async (pattern, { paper }) => {
    const canvas = await PdfCanvas.create(paper, pattern.title);
    const tiles = pageTiles(pattern.picture, pattern.craft);
    addOverview(canvas, pattern, tiles);
    addLegend(canvas, pattern);
    for (const [i, tile] of tiles.entries()) addChart(canvas, pattern, tile, i, tiles.length);
    return await canvas.toBytes();
  },
};

/** Returns what a pattern is, in lines: cells, finished size, materials. */
function factsOf(pattern: Pattern): string[] {
  const { craft, picture, colors, fabricCount } = pattern;
  const { height, width } = finishedSize(pattern);
  const total = colors.reduce((sum, { count }) => sum + count, 0);
  const inches = `${(width / INCH).toFixed(1)} x ${(height / INCH).toFixed(1)} in`;
  const size = `${width.toFixed(0)} x ${height.toFixed(0)} mm (${inches})`;
  const facts = [
    `${picture.width} columns x ${picture.height} rows, ${total} ${
      craft.unit[total === 1 ? 0 : 1]
    }, ${colors.length} of the colors of "${picture.palette.name}"`,
  ];
  if (pattern.hoops.length > 0) facts.push(stitchFacts(pattern));
  if (craft.board !== undefined) {
    const { name, length } = craft.board;
    const boards = Math.ceil(picture.width / length) * Math.ceil(picture.height / length);
    facts.push(
      `${boards} ${boards === 1 ? name : `${name}s`} of ${length} x ${length} ${craft.centers}`,
    );
  }
  if (craft.isTrueScale) {
    facts.push(
      `Finished size: ${size}; the chart has this size, with ${craft.centers} ` +
        `${craft.cell.toFixed(2)} mm apart`,
    );
  } else {
    facts.push(`Finished size on fabric of ${fabricCount} stitches per inch: ${size}`);
    facts.push(`Cells of the chart: ${craft.cell.toFixed(2)} mm`);
  }
  return facts;
}

function stitchFacts({ hoops }: Pattern): string {
  const counts = countStitches(hoops.flatMap(({ blocks }) => blocks));
  const changes = hoops.reduce((sum, { blocks }) => sum + blocks.length - 1, 0);
  const hoop = hoops.length === 1 ? "hoop" : "hoops";
  return `${hoops.length} ${hoop} of 100 x 100 mm, ${counts.stitches} stitches, ${changes} thread ` +
    `changes, ${counts.trims} trims, ${counts.meters.toFixed(1)} m of thread`;
}

function addPage(canvas: PdfCanvas, pattern: Pattern, heading: string): void {
  canvas.addPage();
  const { width, height } = canvas.size;
  const title = canvas.fit(`${pattern.title}: ${pattern.craft.name}`, width / 2 - MARGIN, 12);
  canvas.text(title, MARGIN, MARGIN + 5, { size: 12, bold: true });
  canvas.text(heading, width - MARGIN, MARGIN + 5, { size: 10, align: "right" });
  const foot = height - MARGIN;
  canvas.lines(
    [
      [MARGIN, foot - 2, MARGIN + RULER, foot - 2],
      [MARGIN, foot - 3, MARGIN, foot - 1],
      [MARGIN + RULER, foot - 3, MARGIN + RULER, foot - 1],
    ],
    0.2,
    GRAY,
  );
  const style = { size: 8, color: GRAY } as const;
  canvas.text(`${RULER} mm: print at 100 %`, MARGIN + RULER + 3, foot - 1, style);
  canvas.text(`page ${canvas.pageCount}`, width - MARGIN, foot - 1, { ...style, align: "right" });
}

function addOverview(canvas: PdfCanvas, pattern: Pattern, tiles: readonly PageTile[]): void {
  addPage(canvas, pattern, "Overview");
  let y = GRID_TOP;
  for (const fact of factsOf(pattern)) {
    canvas.text(fact, MARGIN, y);
    y += 5;
  }
  const { picture } = pattern;
  const { width, height } = canvas.size;
  const cell = Math.min(
    (width - 2 * MARGIN) / picture.width,
    (height - y - 2 * MARGIN - 6) / picture.height,
    pattern.craft.cell,
  );
  for (const color of pattern.colors) {
    canvas.fillAreas(
      [...picture.indices.keys()].filter((i) => picture.indices[i] === color.index).map((i) => ({
        x: MARGIN + i % picture.width * cell,
        y: y + Math.floor(i / picture.width) * cell,
        width: cell,
        height: cell,
      })),
      color.color,
    );
  }
  for (const [i, { columns, rows }] of tiles.entries()) {
    const area = {
      x: MARGIN + columns.from * cell,
      y: y + rows.from * cell,
      width: (columns.to - columns.from) * cell,
      height: (rows.to - rows.from) * cell,
    };
    canvas.lines(frameOf(area), 0.3, [0, 0, 0]);
    if (tiles.length === 1) continue;
    canvas.fillAreas([{ x: area.x + 0.6, y: area.y + 0.6, width: 8, height: 5 }], [255, 255, 255]);
    canvas.text(`${i + 1}`, area.x + 4.6, area.y + 4.4, { align: "center", bold: true });
  }
}

function addLegend(canvas: PdfCanvas, pattern: Pattern): void {
  const { height } = canvas.size;
  const perPage = Math.floor((height - GRID_TOP - 2 * MARGIN) / LEGEND_ROW) - 1;
  for (let start = 0; start < pattern.colors.length; start += perPage) {
    addPage(canvas, pattern, "Materials (community values)");
    drawLegendHeader(canvas, pattern);
    for (const [i, color] of pattern.colors.slice(start, start + perPage).entries()) {
      drawLegendRow(canvas, pattern, color, GRID_TOP + (i + 1) * LEGEND_ROW);
    }
  }
}

/** Where the columns of the legend are, in millimeters; those of numbers by their right ends. */
const COLUMNS = { swatch: MARGIN, code: 20, name: 48, count: 140, needs: [162, 182] } as const;

function drawLegendHeader(canvas: PdfCanvas, pattern: Pattern): void {
  const y = GRID_TOP + 4;
  const right = { bold: true, align: "right" } as const;
  canvas.text("Code", COLUMNS.code, y, { bold: true });
  canvas.text("Name", COLUMNS.name, y, { bold: true });
  canvas.text(capitalized(pattern.craft.unit[1]), COLUMNS.count, y, right);
  const { columns, note } = threadNeeds(pattern);
  for (const [i, name] of columns.entries()) {
    canvas.text(capitalized(name), COLUMNS.needs[i]!, y, right);
  }
  canvas.text(note, COLUMNS.code, GRID_TOP - 2, { size: 8, color: GRAY });
}

function capitalized(word: string): string {
  return `${word[0]!.toUpperCase()}${word.slice(1)}`;
}

function drawLegendRow(canvas: PdfCanvas, pattern: Pattern, color: PatternColor, y: number): void {
  const { material, count } = color;
  drawSwatch(canvas, color, { x: COLUMNS.swatch, y, length: 5 });
  const baseline = y + 3.8;
  canvas.text(canvas.fit(material.code, COLUMNS.name - COLUMNS.code - 2), COLUMNS.code, baseline);
  canvas.text(canvas.fit(material.name, 74), COLUMNS.name, baseline);
  const right = { align: "right" } as const;
  canvas.text(`${count}`, COLUMNS.count, baseline, right);
  for (const [i, value] of threadNeeds(pattern).valuesOf(color).entries()) {
    canvas.text(value, COLUMNS.needs[i]!, baseline, right);
  }
}

function addChart(
  canvas: PdfCanvas,
  pattern: Pattern,
  tile: PageTile,
  number: number,
  count: number,
): void {
  const span = ({ from, to }: { readonly from: number; readonly to: number }) =>
    `${from + 1}-${to}`;
  const where = `columns ${span(tile.columns)}, rows ${span(tile.rows)}`;
  const board = boardOf(pattern, tile);
  addPage(canvas, pattern, `Chart ${number + 1} of ${count}${board}: ${where}`);
  drawGrid(canvas, pattern, tile, { x: MARGIN + AXIS, y: GRID_TOP });
  if (!pattern.craft.isTrueScale) return;
  const rows = tile.shownRows.to - tile.shownRows.from;
  drawBoardList(canvas, pattern, tile, GRID_TOP + rows * pattern.craft.cell + 5);
}

/** Names the board of a page if boards are larger than pages. */
function boardOf(
  { craft: { board, page }, picture }: Pattern,
  { rows, columns }: PageTile,
): string {
  if (board === undefined || board.length <= page.columns) return "";
  const [row, column] = [rows, columns].map(({ from }) => Math.floor(from / board.length));
  const across = Math.ceil(picture.width / board.length);
  return `, ${board.name} ${row! * across + column! + 1}`;
}

/** Lists the materials of a board below its chart. */
function drawBoardList(canvas: PdfCanvas, pattern: Pattern, tile: PageTile, top: number): void {
  const counts = countsOn(pattern, tile);
  const colors = pattern.colors.filter(({ index }) => counts.has(index));
  const perColumn = Math.floor((canvas.size.height - 2 * MARGIN - top) / 5);
  const width = (canvas.size.width - 2 * MARGIN - AXIS) / 4;
  const isLong = colors.length > perColumn * 4;
  const shown = colors.slice(0, perColumn * 4 - (isLong ? 1 : 0));
  const position = (i: number) => ({
    x: MARGIN + AXIS + Math.floor(i / perColumn) * width,
    y: top + i % perColumn * 5,
  });
  for (const [i, color] of shown.entries()) {
    const { x, y } = position(i);
    drawSwatch(canvas, color, { x, y, length: 4 });
    const label = `${color.material.code}  ${color.material.name}`;
    canvas.text(canvas.fit(label, width - 18, 7.5), x + 5.5, y + 3, { size: 7.5 });
    canvas.text(`${counts.get(color.index)}`, x + width - 3, y + 3, { size: 7.5, align: "right" });
  }
  if (!isLong) return;
  const { x, y } = position(shown.length);
  canvas.text(`and ${colors.length - shown.length} more colors`, x, y + 3, { size: 7.5 });
}

function countsOn({ picture }: Pattern, { rows, columns }: PageTile): Map<number, number> {
  const counts = new Map<number, number>();
  for (let row = rows.from; row < rows.to; row++) {
    for (let column = columns.from; column < columns.to; column++) {
      const index = picture.indices[row * picture.width + column]!;
      counts.set(index, (counts.get(index) ?? 0) + 1);
    }
  }
  return counts;
}
