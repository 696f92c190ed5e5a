import { join } from "node:path";
import { previewPalettes } from "../outputs/palette_preview.ts";
import { swatchLines } from "../palette/swatches.ts";
import type { PalettesFlags } from "./command_flags.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Shows palettes in the terminal and writes them on a PNG sheet.
 *
 * @param sources Built-in names, files and folders; none means all built-in palettes.
 */
export async function palettesCommand(
  sources: readonly string[],
  flags: PalettesFlags,
  terminals: { readonly out: Terminal; readonly status: Terminal },
): Promise<void> {
  const { out, status } = terminals;
  const sheet = join(flags.output ?? "workdir", "palettes.png");
  const preview = await previewPalettes(sources, sheet);
  for (const { palette, note } of preview.entries) {
    const lines = swatchLines(palette, { depth: out.depth, columns: out.columns() });
    out.write(`${lines.join("\n")}\n${note ? `  ${note}\n` : ""}\n`);
  }
  for (const problem of preview.problems) status.write(`left out: ${problem}\n`);
  out.write(`${preview.sheet}\n`);
}
