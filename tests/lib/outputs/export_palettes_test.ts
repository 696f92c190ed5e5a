import assert from "node:assert/strict";
import { basename, join } from "node:path";
import {
  exportPalettes,
  formatName,
  PALETTE_FILE_FORMATS,
} from "../../../lib/outputs/export_palettes.ts";
import { Palette } from "../../../lib/palette/palette.ts";
import { parsePalette } from "../../../lib/palette/formats/palette_formats.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";

const COLORS = Uint8Array.of(26, 28, 44, 93, 39, 93, 244, 244, 244);

Deno.test("exportPalettes() writes files that are read back, one a format", () =>
  inTemporaryFolder(async (root) => {
    const palettes = [new Palette("mine", COLORS), new Palette("Mine", COLORS.subarray(0, 3))];
    const files = await exportPalettes(palettes, join(root, "out"), PALETTE_FILE_FORMATS);
    const names = PALETTE_FILE_FORMATS.map(formatName);
    assert(new Set(names).size === names.length && names.length > 5, names.join(" "));
    assert.deepEqual(files.map((file) => basename(file)), [
      ...names.map((name) => `mine.${name}`),
      ...names.map((name) => `Mine-2.${name}`),
    ]);
    for (const [i, file] of files.entries()) {
      const palette = parsePalette(await Deno.readFile(file), file);
      assert.deepEqual(palette.colors, palettes[Math.floor(i / names.length)]!.colors, file);
    }
  }));

Deno.test("exportPalettes() writes nothing if a format cannot hold a palette", () =>
  inTemporaryFolder(async (root) => {
    const many = new Palette("many", new Uint8Array(300 * 3));
    await assert.rejects(
      exportPalettes([many], join(root, "out"), PALETTE_FILE_FORMATS),
      /Cannot write palette "many" as an Adobe color table: expected at most 256 colors, got 300/,
    );
    await assert.rejects(Deno.stat(join(root, "out")), Deno.errors.NotFound);
  }));
