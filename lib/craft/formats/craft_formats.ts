import type { Pattern } from "../pattern.ts";
import type { CraftFileOptions, CraftFormat } from "../craft_format.ts";
import type { StitchFormat } from "../stitch_format.ts";
import type { Hoop } from "../stitches.ts";
import { BRICKLINK } from "./bricklink.ts";
import { CHART_PNG } from "./chart_png.ts";
import { DST } from "./dst.ts";
import { EXP } from "./exp.ts";
import { JEF } from "./jef.ts";
import { LDRAW } from "./ldraw.ts";
import { OXS } from "./oxs.ts";
import { PATTERN_PDF } from "./pattern_pdf.ts";
import { PES } from "./pes.ts";
import { REBRICKABLE } from "./rebrickable.ts";
import { SHOPPING_LIST } from "./shopping_list.ts";
import { STITCHES_PNG } from "./stitches_png.ts";
import { EDR, INF } from "./thread_colors.ts";
import { VP3 } from "./vp3.ts";

/** All formats of pattern files. */
const CRAFT_FORMATS: readonly CraftFormat[] = [
  PATTERN_PDF,
  CHART_PNG,
  SHOPPING_LIST,
  OXS,
  LDRAW,
  BRICKLINK,
  REBRICKABLE,
  STITCHES_PNG,
];

/** The formats of machines: a file for each hoop. */
const STITCH_FORMATS: readonly StitchFormat[] = [DST, EXP, PES, JEF, VP3, EDR, INF];

/** A file of a pattern. */
export interface CraftFile {
  /** End of its name, behind the name of the picture. */
  readonly ending: string;
  /** Its content. */
  readonly content: Uint8Array<ArrayBuffer> | string;
}

/** Writes a pattern in each format that its craft has. */
export async function encodePattern(
  pattern: Pattern,
  options: CraftFileOptions,
): Promise<CraftFile[]> {
  const files: CraftFile[] = [];
  for (const { ending, crafts, encode } of CRAFT_FORMATS) {
    if (crafts !== undefined && !crafts.includes(pattern.craft.name)) continue;
    files.push({ ending, content: await encode(pattern, options) });
  }
  for (const hoop of pattern.hoops) {
    const place = hoopPlace(pattern, hoop);
    for (const { ending, encode } of STITCH_FORMATS) {
      files.push({ ending: `${place}${ending}`, content: encode(hoop, pattern.title) });
    }
  }
  return files;
}

/** The row and the column of a hoop, from 1, in the names of its files; empty for a single hoop. */
function hoopPlace({ craft, hoops }: Pattern, { tile }: Hoop): string {
  if (hoops.length === 1) return "";
  const row = tile.rows.from / craft.page.rows + 1;
  const column = tile.columns.from / craft.page.columns + 1;
  return `_hoop_${row}_${column}`;
}
