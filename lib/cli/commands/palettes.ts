import { join } from "node:path";
import {
  exportPalettes,
  formatName,
  PALETTE_FILE_FORMATS,
  type PaletteFileFormat,
} from "../../outputs/export_palettes.ts";
import { previewPalettes } from "../../outputs/palette_preview.ts";
import { createPaletteReader } from "../../hub/lospec.ts";
import { COLOR_ORDERS, type ColorOrder } from "../../palette/color_order.ts";
import { swatchLines } from "../../palette/swatches.ts";
import { defined } from "../../text/defined.ts";
import type { FlagsOf } from "../flags/flag_table.ts";
import type { Terminal } from "../../report/terminal.ts";
import { splitList } from "../../text/split_list.ts";
import { UsageError } from "../flags/flag.ts";

/**
 * Shows palettes in the terminal and writes a PNG sheet and, if asked for, an HTML page and palette
 * files.
 *
 * @param sources Built-in names, files and folders; none means all built-in palettes.
 */
export async function palettesCommand(
  sources: readonly string[],
  flags: FlagsOf<"palettes">,
  terminals: { readonly out: Terminal; readonly status: Terminal },
): Promise<void> {
  const { out, status } = terminals;
  const order = readOrder(flags.sort);
  const formats = readFormats(flags.export);
  const folder = flags.output ?? "workdir";
  const preview = await previewPalettes([...sources, ...flags.hexPath ?? []], {
    sheet: join(folder, "palettes.png"),
    order,
    readBytes: createPaletteReader({ download: flags.download ?? false }),
    ...defined({ page: flags.html ? join(folder, "palettes.html") : undefined }),
  });
  for (const { palette, note, warnings = [], order } of preview.entries) {
    const options = { depth: out.depth, columns: out.columns(), ...defined({ order }) };
    const [name, ...swatches] = swatchLines(palette, options);
    out.write(`${name}\n`);
    out.draw(swatches.map((line) => `${line}\n`).join(""));
    out.write(`${[note, ...warnings].flatMap(indent).map((line) => `${line}\n`).join("")}\n`);
  }
  for (const problem of preview.problems) status.write(`left out: ${problem}\n`);
  const palettes = preview.entries.map(({ palette }) => palette);
  const exported = await exportPalettes(palettes, folder, formats);
  for (const file of [...preview.files, ...exported]) out.write(`${file}\n`);
}

function readFormats(typed: string | undefined): PaletteFileFormat[] {
  return splitList(typed ?? "").map((name) => {
    const format = PALETTE_FILE_FORMATS.find((one) => formatName(one) === name.toLowerCase());
    if (format !== undefined) return format;
    const expected = PALETTE_FILE_FORMATS.map(formatName).join(", ");
    throw new UsageError(
      `Cannot export palettes: expected ${expected} for --export, got "${name}"`,
    );
  });
}

function indent(text: string | undefined): string[] {
  return text === undefined ? [] : [`  ${text}`];
}

function readOrder(typed: string = "none"): ColorOrder {
  const order = COLOR_ORDERS.find((name) => name === typed);
  if (order !== undefined) return order;
  const expected = COLOR_ORDERS.join(", ");
  throw new UsageError(
    `Cannot show palettes: expected one of ${expected} for --sort, got "${typed}"`,
  );
}
