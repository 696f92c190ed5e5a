import { CRAFTS } from "../../craft/craft.ts";
import { type Flag, UsageError } from "./flag.ts";

/** The flags of `generate` for pictures that are made by hand. */
export const CRAFT_FLAGS = [
  {
    name: "--craft",
    commands: ["generate"],
    value: "name",
    settings: (value) => ({ "generator.palette": paletteOf(value) }),
    help: "use the colors of beads, cross-stitch, bricks or embroidery; --palette names others",
  },
  {
    name: "--inventory",
    commands: ["generate"],
    value: "file.csv",
    key: "generator.inventory",
    help:
      "use only what you have, from the first picture on: a CSV file with the columns code and " +
      "count; for presets without score distillation",
  },
] as const satisfies readonly Flag[];

function paletteOf(typed: string): string {
  const craft = CRAFTS.find(({ name }) => name === typed.toLowerCase().replaceAll("_", "-"));
  if (craft !== undefined) return craft.palette;
  const names = CRAFTS.map(({ name }) => name).join(", ").replace(/, ([^,]*)$/, " or $1");
  throw new UsageError(`Cannot generate: expected ${names} for --craft, got "${typed}"`);
}
