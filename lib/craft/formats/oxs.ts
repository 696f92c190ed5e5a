import type { CraftFormat } from "../craft_format.ts";
import type { Pattern } from "../pattern.ts";
import { escapeXml } from "../xml_text.ts";
import { STRANDS } from "../thread_length.ts";

/** Code point of the first symbol: "A". Programs choose their own symbols. */
const FIRST_SYMBOL = 65;

/**
 * Open Cross-Stitch: the pattern as XML, which programs for cross-stitch exchange.
 *
 * Source: https://www.ursasoftware.com/OXSFormat/.
 */
export const OXS: CraftFormat = {
  ending: ".oxs",
  crafts: ["cross-stitch"],
  encode: encodeOxs,
};

function encodeOxs(pattern: Pattern): string {
  const { title, picture, colors, fabricCount } = pattern;
  const numbers = new Map(colors.map(({ index }, i) => [index, i + 1]));
  const stitches = [...picture.indices.entries()].flatMap(([i, index]) => {
    const palindex = numbers.get(index);
    if (palindex === undefined) return [];
    const y = Math.floor(i / picture.width);
    return [element("stitch", { x: i % picture.width, y, palindex })];
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    "<chart>",
    element("properties", {
      oxsversion: "1.0",
      software: "Smalti",
      software_version: "1",
      chartheight: picture.height,
      chartwidth: picture.width,
      charttitle: title,
      author: "",
      copyright: "",
      instructions: "",
      stitchesperinch: fabricCount,
      stitchesperinch_y: fabricCount,
      palettecount: colors.length,
    }),
    "<palette>",
    paletteItem(0, { number: "cloth", name: "cloth", hex: "ffffff", symbol: 0 }),
    ...colors.map(({ index, material }, i) =>
      paletteItem(i + 1, {
        // The brand and the code are separated by four blanks.
        number: `${picture.palette.name.toUpperCase()}    ${material.code}`,
        name: material.name,
        hex: picture.palette.hexAt(index),
        symbol: FIRST_SYMBOL + i,
      })
    ),
    "</palette>",
    "<fullstitches>",
    ...stitches,
    "</fullstitches>",
    "<partstitches/>",
    "<backstitches/>",
    "<ornaments_inc_knots_and_beads/>",
    "<commentboxes/>",
    "</chart>",
    "",
  ].join("\n");
}

interface PaletteItem {
  readonly number: string;
  readonly name: string;
  readonly hex: string;
  readonly symbol: number;
}

function paletteItem(index: number, { number, name, hex, symbol }: PaletteItem): string {
  const color = hex.toUpperCase();
  return element("palette_item", {
    index,
    number,
    name,
    color,
    printcolor: color,
    blendcolor: "nil",
    comments: "",
    strands: STRANDS,
    symbol,
    bsstrands: 1,
    bscolor: color,
  });
}

function element(name: string, attributes: Readonly<Record<string, string | number>>): string {
  const list = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeXml(value)}"`);
  return `<${name}${list.join("")}/>`;
}
