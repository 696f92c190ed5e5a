import assert from "node:assert/strict";
import { resolveSources } from "../../../../config/resolve_run_config.ts";
import { sourcesOfFlags } from "../../../../lib/cli/flags/config_from_flags.ts";
import type { Flag, FlagNeed } from "../../../../lib/cli/flags/flag.ts";
import { FLAG_NEEDS, noEffectNotes } from "../../../../lib/cli/flags/flag_needs.ts";
import { flagsOf } from "../../../../lib/cli/flags/flag_table.ts";
import { parseCommandLine } from "../../../../lib/cli/flags/parse_command_line.ts";

/** Arguments that meet each need. */
const MET: Readonly<Record<FlagNeed, readonly string[]>> = {
  "input image": ["--input-image=a.png"],
  "videos": ["--make-video"],
  "several pictures": ["--variations=2"],
  "new run": [],
  "given palette": [],
  "limited colors": ["--max-colors=3"],
  "dithering": ["--dither=bayer4"],
  "Hub": ["--model=sdxl"],
  "queue": ["--queue=redis://a"],
};

/** Arguments that do not meet it, where the default does. */
const UNMET: Partial<Record<FlagNeed, readonly string[]>> = {
  "new run": ["--resume=run"],
  "given palette": ["--kmeans-nb-colors=5", "--input-image=a.png"],
};

/** A value that each flag takes. */
const VALUES: Readonly<Record<string, string>> = {
  "--fit": "pad",
  "--palette": "pico-8",
  "--strength": "0.5",
  "--dither-strength": "0.5",
  "--video-size": "64,64",
  "--video-format": "gif",
  "--output": "out",
};

function notesOf(args: readonly string[]): string[] {
  const parsed = parseCommandLine(["generate", ...args]);
  assert(parsed?.command === "generate");
  const { config } = resolveSources(sourcesOfFlags(parsed.flags));
  return noEffectNotes(parsed.flags, config);
}

function typed({ name, value }: Flag): string {
  return value === undefined ? name : `${name}=${VALUES[name] ?? "2"}`;
}

Deno.test("a flag without effect is named, with the reason, and only then", () => {
  const needy = flagsOf("generate").filter(({ needs }) => needs !== undefined);
  const needs = new Set(needy.map(({ needs }) => needs!));
  assert.deepEqual(needs, new Set(Object.keys(FLAG_NEEDS)), "every need has a flag");
  for (const flag of needy) {
    const need = flag.needs!;
    assert.deepEqual(notesOf([typed(flag), ...MET[need]]), [], flag.name);
    assert.deepEqual(
      notesOf([typed(flag), ...(UNMET[need] ?? [])]),
      [`"${flag.name}" has no effect: ${FLAG_NEEDS[need].reason}`],
    );
  }
});
