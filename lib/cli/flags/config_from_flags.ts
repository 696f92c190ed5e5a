import type { ConfigSource } from "../../../config/config_source.ts";
import { parseSettings, sourceOf } from "../../../config/parse_run_config.ts";
import { type Flag, valuesOf } from "./flag.ts";
import { FLAGS, type FlagsOf, flagsOf } from "./flag_table.ts";

/** A flag with the value that was typed. */
export interface TypedFlag {
  /** The flag. */
  readonly flag: Flag;
  /** Its value; "true" for a switch. */
  readonly value: string;
}

/**
 * Turns flags of `generate` into config values: first SD-piXL's flags, then ours, then `--set`, so
 * that later ones win.
 *
 * Texts are taken letter by letter: a prompt never goes through a YAML parser. A flag that was
 * repeated sets no key, since each picture gets one of its values.
 *
 * @throws {ConfigError} If a value does not fit, naming the flag.
 */
export function sourcesOfFlags(flags: FlagsOf<"generate">): ConfigSource[] {
  const typed = typedFlags(flags);
  return [
    sourceOfFlags(typed.filter(({ flag }) => flag.help === undefined)),
    sourceOfFlags(typed.filter(({ flag }) => flag.help !== undefined)),
    parseSettings(flags.set ?? []),
  ];
}

function sourceOfFlags(typed: readonly TypedFlag[]): ConfigSource {
  const names = new Map<string, string>();
  const values: Record<string, unknown> = {};
  for (const { flag: { name, key, settings }, value } of typed) {
    const own = settings?.(value) ?? (key === undefined ? {} : { [key]: value });
    for (const path of Object.keys(own)) names.set(path, name);
    Object.assign(values, own);
  }
  return sourceOf(values, (path) => names.get(path)!);
}

/** Lists the flags that have exactly one value. */
export function typedFlags(flags: FlagsOf<"generate">): TypedFlag[] {
  return flagsOf("generate").flatMap((flag) => {
    const values = valuesOf(flags, flag);
    return values.length === 1 ? [{ flag, value: String(values[0]) }] : [];
  });
}

/** Returns the flag that sets a key of the config to a value, as it is typed. */
export function flagOfKey(key: string, value: unknown): string {
  const all: readonly Flag[] = FLAGS;
  const text = Array.isArray(value) ? `[${value.join(", ")}]` : String(value);
  const found = all.find((flag) => flag.key === key && flag.help !== undefined);
  return found ? `${found.name} "${text}"` : `--set "${key}=${text}"`;
}
