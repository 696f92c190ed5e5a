import { decodeCheckpoint } from "../../run/decode_checkpoint.ts";
import { findCheckpoint } from "../../outputs/checkpoint_file.ts";
import { writeLayers } from "../../outputs/color_layers.ts";
import { layersFolder } from "../flags/command_paths.ts";
import { readFile } from "../../files/read_file.ts";
import { readPaletteFile } from "../../palette/palette_file.ts";
import { findPalette } from "../../palette/formats/find_palette.ts";
import { matchPalette, type PaletteMatch } from "../../palette/match_palette.ts";
import { mixtureOfLogits, recolorMixture } from "../../palette/mixture.ts";
import type { Palette } from "../../palette/palette.ts";
import { refuseLink } from "./refuse_links.ts";
import type { FlagsOf } from "../flags/flag_table.ts";
import type { Terminal } from "../../report/terminal.ts";
import { UsageError } from "../flags/flag.ts";

/** Longest side of an enlarged picture, in pixels. */
const MAX_SIDE = 8192;

/**
 * Writes an image of each color of a run, and a contact sheet.
 *
 * @param source A checkpoint, or the folder of a run, whose latest checkpoint is taken. Default:
 * `--checkpoint`.
 */
export async function layersCommand(
  source: string | undefined,
  flags: FlagsOf<"layers">,
  { out }: { readonly out: Terminal },
): Promise<void> {
  const named = source ?? flags.checkpoint;
  if (named === undefined) {
    throw new UsageError("Cannot write layers: expected a run's folder or a checkpoint");
  }
  const path = await checkpointPath(named);
  const checkpoint = decodeCheckpoint(await readFile(path), path);
  const { height, width, palette, step, logits } = checkpoint;
  const factor = readFactor(flags.factor, Math.max(height, width));
  for (const [name, side] of [["height", height], ["width", width]] as const) {
    const asked = flags[name];
    if (asked === undefined || Number(asked) === side) continue;
    out.write(`note: "--${name}" has no effect: the checkpoint says ${side}, not ${asked}\n`);
  }
  const mixture = mixtureOfLogits({ height, width }, palette, logits);
  const match = flags.palette === undefined
    ? undefined
    : matchPalette(palette, await findPalette(flags.palette, readPaletteFile));
  if (match) out.write(`${matchText(palette, match)}\n`);
  const folder = flags.output ?? layersFolder(named);
  if (flags.output === undefined) await refuseLink(folder);
  const files = await writeLayers(folder, match ? recolorMixture(mixture, match) : mixture, factor);
  const last = files.layers.length - 1;
  const layers = last === 0 ? "layer_0.png" : `layer_0.png to layer_${last}.png`;
  out.write(`${path}, step ${step}: ${height} x ${width} pixels (height x width)\n`);
  if (files.removed.length > 0) {
    out.write(`note: removed ${files.removed.length} layers of an earlier palette\n`);
  }
  out.write(`${[files.sheet, files.argmax, files.softmax].join("\n")}\n${folder}: ${layers}\n`);
}

function readFactor(text: string | undefined, side: number): number {
  const factor = Number(text ?? 1);
  const max = Math.floor(MAX_SIDE / side);
  if (Number.isInteger(factor) && factor >= 1 && factor <= max) return factor;
  throw new UsageError(
    `Cannot enlarge layers: expected an integer in [1, ${max}] for --factor, got "${text}"`,
  );
}

/** A checkpoint may have any name, as long as it is a safetensors file. */
async function checkpointPath(source: string): Promise<string> {
  if (/\.(pth|pt)$/i.test(source)) {
    throw new UsageError(
      `Cannot read "${source}": expected a run's folder or a .safetensors checkpoint, got a ` +
        `checkpoint of PyTorch`,
    );
  }
  if (/\.safetensors$/i.test(source)) return source;
  return (await findCheckpoint(source, "read layers of")).path;
}

/** Describes how another palette replaces the colors. */
function matchText(from: Palette, { palette, indices, by }: PaletteMatch): string {
  const names = `of "${from.name}"`;
  if (by === "index") {
    return `The ${palette.size} colors of "${palette.name}" replace those ${names} one by one`;
  }
  const used = new Set(indices).size;
  return `"${palette.name}" has ${palette.size} colors, not ${from.size}: each color ${names} ` +
    `becomes the nearest one of it (${used} of them)`;
}
