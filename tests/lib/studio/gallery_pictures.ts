import { join } from "node:path";
import { writeIndexedPicture } from "../../../lib/outputs/indexed_picture_files.ts";
import { Palette } from "../../../lib/palette/palette.ts";

/** Writes a run of 8 x 8 pixels in two colors: the first above, the second below. */
export async function addRun(output: string, run: string, second: number): Promise<void> {
  const palette = new Palette("two", Uint8Array.of(0xff, 0, 0, 0, 0, second));
  const indices = Uint32Array.from({ length: 64 }, (_, i) => i < 32 ? 0 : 1);
  const folder = join(output, ...run.split("/"));
  await writeIndexedPicture(folder, "final_argmax", { height: 8, width: 8, palette, indices }, 1);
  await Deno.writeTextFile(
    join(folder, "config.yaml"),
    `prompt: "a flag"\nseed: ${second}\ngenerator:\n  palette: pico-8\n`,
  );
}
