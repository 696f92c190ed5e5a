import type { RunConfig } from "../../config/run_config.ts";
import { tilesAlong } from "../constraint/tile.ts";
import type { CraftName } from "../craft/craft.ts";
import type { DitherOptions } from "../finish/dither.ts";
import type { FinishOptions } from "../finish/finish_picture.ts";
import { outlineColor } from "../finish/outline.ts";
import type { Palette } from "../palette/palette.ts";
import { defined } from "../text/defined.ts";
import { parseCssColor } from "../text/css_colors.ts";

/** Returns how the pictures of a config are dithered; undefined if they are not. */
export function ditherOf(
  { finish, generator }: Pick<RunConfig, "finish" | "generator">,
): DitherOptions | undefined {
  if (finish.dither === "none") return undefined;
  return {
    pattern: finish.dither,
    strength: finish.ditherStrength,
    distance: generator.colorDistance,
  };
}

/** Returns the craft by which the pictures of a config are easier to make, if there is one. */
export function makeableOf({ finish }: Pick<RunConfig, "finish">): CraftName | undefined {
  return finish.makeable === "none" ? undefined : finish.makeable;
}

/**
 * Returns the palette index of the outline of a config; undefined if it has none.
 *
 * @param palette Without the transparent class.
 * @param excluded Palette indices that no pixel takes.
 */
export function outlineOf(
  { finish: { outline } }: Pick<RunConfig, "finish">,
  palette: Palette,
  excluded: readonly number[],
): number | undefined {
  if (outline === "none") return undefined;
  const wanted = outline === "auto" ? outline : parseCssColor(outline)!;
  return outlineColor(wanted, palette, excluded);
}

/** Returns how a picture of a config is finished, see {@linkcode outlineOf}. */
export function finishOf(
  config: Pick<RunConfig, "finish" | "constraint">,
  palette: Palette,
  excluded: readonly number[] = [],
): FinishOptions {
  const { finish: { antialias }, constraint: { tile } } = config;
  const wraps = { x: tilesAlong(tile, "x"), y: tilesAlong(tile, "y") };
  return { antialias, wraps, ...defined({ outline: outlineOf(config, palette, excluded) }) };
}

/** Tells whether a finish of a config changes the counts of the colors. */
export function changesCounts({ finish }: Pick<RunConfig, "finish">): boolean {
  return finish.dither !== "none" || finish.outline !== "none" || !finish.antialias;
}
