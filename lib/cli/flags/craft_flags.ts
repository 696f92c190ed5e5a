import { yamlName } from "../../../config/config_keys.ts";
import { type Craft, CRAFTS } from "../../craft/craft.ts";
import { type Flag, UsageError } from "./flag.ts";

/** The flags of `generate` for pictures that are made by hand. */
export const CRAFT_FLAGS = [
  {
    name: "--craft",
    commands: ["generate"],
    value: "name",
    settings: (value) => settingsOf(readCraftName(value)),
    help: "use the colors of beads, cross-stitch, bricks or embroidery (--palette names others), " +
      "and make the pictures of the teacher easier to make: by a finish of each, and in score " +
      "distillation by losses",
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

/** The palette of a craft, the finish that makes pictures easier, and the factors of its losses. */
function settingsOf({ name, palette, losses }: Craft): Record<string, unknown> {
  const factors = Object.entries(losses).map((
    [key, factor],
  ) => [`training.${yamlName(key)}`, factor]);
  const settings = { "generator.palette": palette, "finish.makeable": name };
  return { ...settings, ...Object.fromEntries(factors) };
}

function readCraftName(typed: string): Craft {
  const craft = CRAFTS.find(({ name }) => name === typed.toLowerCase().replaceAll("_", "-"));
  if (craft !== undefined) return craft;
  const names = CRAFTS.map(({ name }) => name).join(", ").replace(/, ([^,]*)$/, " or $1");
  throw new UsageError(`Cannot generate: expected ${names} for --craft, got "${typed}"`);
}
