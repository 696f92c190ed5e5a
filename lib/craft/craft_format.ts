import type { CraftName } from "./craft.ts";
import type { Pattern } from "./pattern.ts";
import type { PaperName } from "./pdf_canvas.ts";

/** Options of writing a pattern. */
export interface CraftFileOptions {
  /** Format of the paper. */
  readonly paper: PaperName;
}

/** A format of pattern files. A new one is one file and one line in `craft_formats.ts`. */
export interface CraftFormat {
  /** End of the file's name with its dot, behind the name of the picture. */
  readonly ending: string;
  /** Crafts that have such a file. Default: all. */
  readonly crafts?: readonly CraftName[];
  /** Writes a pattern. */
  encode(
    pattern: Pattern,
    options: CraftFileOptions,
  ): Promise<Uint8Array<ArrayBuffer> | string> | Uint8Array<ArrayBuffer> | string;
}
