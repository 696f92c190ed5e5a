import { configKeys, valueIn } from "../../../config/config_keys.ts";
import type { RunConfig } from "../../../config/run_config.ts";
import { isLospecName } from "../../text/lospec_name.ts";
import { derivedPaletteName } from "../../initialization/initialize.ts";
import { isMultiple } from "./combinations.ts";
import { typedFlags } from "./config_from_flags.ts";
import type { FlagNeed } from "./flag.ts";
import type { FlagsOf } from "./flag_table.ts";
import { namesHub } from "./hub_permissions.ts";

/** A need of flags. */
interface Need {
  /** Tells whether the need is met. */
  isMet(config: RunConfig, flags: FlagsOf<"generate">): boolean;
  /** Why a flag has no effect otherwise. */
  readonly reason: string;
}

/** All needs. */
export const FLAG_NEEDS: Readonly<Record<FlagNeed, Need>> = {
  "input image": {
    isMet: ({ image }) => image !== null,
    reason: "there is no input image",
  },
  "videos": {
    isMet: (_, { makeVideo = false, frames }) => makeVideo || frames !== undefined,
    reason: "videos are made with --make-video only",
  },
  "several pictures": {
    isMet: (_, flags) => isMultiple(flags),
    reason: "there is one picture only",
  },
  "new run": {
    isMet: (_, { resume }) => resume === undefined,
    reason: "the run is resumed",
  },
  "given palette": {
    isMet: (config) => derivedPaletteName(config) === undefined,
    reason: "the palette is made from the image",
  },
  "limited colors": {
    isMet: ({ constraint: { maxColors } }) => maxColors !== null,
    reason: "the number of colors is not limited by --max-colors",
  },
  "dithering": {
    isMet: ({ finish: { dither } }) => dither !== "none",
    reason: "there is no --dither",
  },
  "queue": {
    isMet: (_, { queue }) => queue !== undefined,
    reason: "there is no --queue",
  },
  "Hub": {
    isMet: (config, { palette }) =>
      palette?.some(isLospecName) ||
      namesHub(configKeys().map((key) => [key.path, valueIn(config, key)] as const), {
        cwd: ".",
        isFile: () => false,
      }),
    reason: "no model comes from the Hub, and no palette from Lospec",
  },
};

/** Returns a note for each flag that has no effect, with the reason. */
export function noEffectNotes(flags: FlagsOf<"generate">, config: RunConfig): string[] {
  return typedFlags(flags).flatMap(({ flag: { name, noEffect, neutral = [], needs }, value }) => {
    if (neutral.includes(value)) return [];
    const need = needs === undefined ? undefined : FLAG_NEEDS[needs];
    const reason = noEffect ?? (need?.isMet(config, flags) === false ? need.reason : undefined);
    return reason === undefined ? [] : [`"${name}" has no effect: ${reason}`];
  });
}
