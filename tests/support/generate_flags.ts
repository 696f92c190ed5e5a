import type { FlagsOf } from "../../lib/cli/flags/flag_table.ts";

/** Flags of `generate`, of which a list may be written as its only value. */
export type GenerateFlags = Omit<FlagsOf<"generate">, "prompt" | "palette"> & {
  readonly prompt?: string | readonly string[];
  readonly palette?: string | readonly string[];
};

/** Returns flags as the parser does. */
export function generateFlags(
  { prompt, palette, ...flags }: Partial<GenerateFlags>,
): FlagsOf<"generate"> {
  return {
    ...flags,
    ...prompt === undefined ? {} : { prompt: [prompt].flat() },
    ...palette === undefined ? {} : { palette: [palette].flat() },
  };
}
