import { CONFIG_KEYS, type RunConfig } from "./run_config.ts";
import { isLocation } from "./keys/check_value.ts";
import type { KeySpec } from "./keys/key_spec.ts";
import { splitList } from "../lib/text/split_list.ts";

/** A key of the config, at any depth. */
export interface ConfigKey {
  /** Dotted name in YAML: "generator.image_H". */
  readonly path: string;
  /** Names of the sections and the key in TypeScript: ["generator", "imageH"]. */
  readonly names: readonly string[];
  /** The spec of the key. */
  readonly spec: KeySpec;
}

/** SD-piXL writes these two with a capital. */
const CAPITALS: Readonly<Record<string, string>> = { imageH: "image_H", imageW: "image_W" };

/** Returns the name of a key in YAML: "guidanceScale" -> "guidance_scale". */
export function yamlName(name: string): string {
  return CAPITALS[name] ?? name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Lists all keys in the order of {@linkcode CONFIG_KEYS}. */
export function configKeys(): readonly ConfigKey[] {
  return keysBelow(CONFIG_KEYS, []);
}

function keysBelow(section: object, above: readonly string[]): ConfigKey[] {
  return Object.entries(section).flatMap(([name, value]) => {
    const names = [...above, name];
    if (!isKey(value)) return keysBelow(value, names);
    return [{ path: names.map(yamlName).join("."), names, spec: value }];
  });
}

/** Tells a key from a section. */
export function isKey(value: object): value is KeySpec {
  return typeof (value as Partial<KeySpec>).doc === "string";
}

/** Returns the value of a key in a config. */
export function valueIn(config: RunConfig, { names }: ConfigKey): unknown {
  return names.reduce<unknown>(
    (section, name) => (section as Readonly<Record<string, unknown>>)[name],
    config,
  );
}

/**
 * Lists what a value of a key names: files, folders, URLs or models of the Hub, as they are
 * written.
 *
 * @returns Empty if the key names nothing that is read.
 */
export function namesIn({ isPath, choices }: KeySpec, value: unknown): readonly string[] {
  if (!isPath || value === null || value === undefined) return [];
  const names = [value].flat().map(String).filter((name) => name !== "");
  if (isPath === "comma-separated") return names.flatMap(splitList);
  return choices === undefined ? names : names.filter(isLocation);
}

/** Lists the keys of a config that have no effect, a sentence each, with the reason. */
export function configNotes(config: RunConfig): string[] {
  return configKeys().flatMap((key) => {
    const note = noEffectNote(key, valueIn(config, key));
    return note === undefined ? [] : [note];
  });
}

/** Says why a value has no effect; undefined if it has one, or is the default. */
export function noEffectNote({ path, spec }: ConfigKey, value: unknown): string | undefined {
  if (spec.unused === undefined || value === spec.default) return undefined;
  return `"${path}" has no effect: ${spec.unused}`;
}
