import type { Pattern } from "../craft.ts";
import type { CraftFileOptions, CraftFormat } from "../craft_format.ts";
import { BRICKLINK } from "./bricklink.ts";
import { CHART_PNG } from "./chart_png.ts";
import { LDRAW } from "./ldraw.ts";
import { OXS } from "./oxs.ts";
import { PATTERN_PDF } from "./pattern_pdf.ts";
import { SHOPPING_LIST } from "./shopping_list.ts";

/** All formats of pattern files. */
const CRAFT_FORMATS: readonly CraftFormat[] = [
  PATTERN_PDF,
  CHART_PNG,
  SHOPPING_LIST,
  OXS,
  LDRAW,
  BRICKLINK,
];

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
  return files;
}
