import { didYouMean } from "../lib/text/did_you_mean.ts";
import { type ConfigKey, configKeys, noEffectNote } from "./config_keys.ts";
import { ConfigError, type ConfigSource, type ConfigValue } from "./config_source.ts";
import {
  describeExpected,
  isLongInteger,
  isSwitch,
  isText,
  readOne,
  readValue,
  wordsOf,
} from "./keys/check_value.ts";
import type { KeySpec } from "./keys/key_spec.ts";
import { parseYaml, type YamlEntry, type YamlValue } from "./yaml_text.ts";

/**
 * Parses the YAML text of a config file.
 *
 * @param name Name of the text in errors, such as its path.
 * @throws {ConfigError} If it is not YAML, a key is unknown, or a value is not allowed.
 */
export function parseRunConfig(text: string, name: string): ConfigSource {
  const root = parseYaml(text, name);
  if (!root.entries && root.value !== null) {
    throw new ConfigError(root.where, "", `expected keys and values, got ${describe(root)}`);
  }
  const reader = new SourceReader();
  for (const entry of root.entries ?? []) readEntry(reader, entry, "");
  return reader.source();
}

function readEntry(reader: SourceReader, entry: YamlEntry, above: string): void {
  const path = above + entry.key;
  if (reader.isSection(path)) {
    const { entries, value, where } = entry.value;
    if (!entries && value !== null) {
      throw new ConfigError(where, path, `expected a section, got ${describe(entry.value)}`);
    }
    for (const inner of entries ?? []) readEntry(reader, inner, `${path}.`);
    return;
  }
  const key = reader.find(path, entry.where);
  if (reader.has(key)) {
    const expected = `expected one of "${key.path}" and its former name, got both`;
    throw new ConfigError(entry.where, path, expected);
  }
  const value = scalarOf(entry.value, isText(key.spec) || isLongInteger(key.spec));
  reader.set(key, { value, where: entry.value.where, found: describe(entry.value) });
}

/** A text takes `prompt: 1984` or `palette: 1e3` as it was typed. */
function scalarOf(yaml: YamlValue, isText: boolean): unknown {
  const isTyped = isText && yaml.source !== undefined && yaml.value !== null;
  return isTyped ? yaml.source : yaml.value;
}

/**
 * Parses dotted settings, such as "generator.tau=0.7".
 *
 * The value of a text is taken as it is; others are read as YAML.
 *
 * @param flag Name of the flag in errors, such as "--set".
 * @throws {ConfigError} If a setting has no "=", or its key or value is wrong.
 */
export function parseSettings(settings: readonly string[], flag: string = "--set"): ConfigSource {
  const reader = new SourceReader();
  for (const setting of settings) {
    const at = setting.indexOf("=");
    if (at < 1) {
      throw new ConfigError(flag, "", `expected key=value, got "${setting}"`);
    }
    const key = reader.find(setting.slice(0, at).trim(), flag);
    const typed = setting.slice(at + 1);
    const found = JSON.stringify(typed);
    reader.set(key, { value: settingOf(key.spec, typed, flag), where: flag, found });
  }
  return reader.source();
}

/** Reads the value of a setting as YAML, or as it is for a text. */
function settingOf(key: KeySpec, typed: string, flag: string): unknown {
  if (isLongInteger(key)) return typed;
  if (!isText(key)) return parseYaml(typed, flag).value;
  return key.null !== undefined && /^(~|null)$/.test(typed) ? null : typed;
}

/**
 * Makes a source of values that a program or a flag gives.
 *
 * @param values By dotted key, such as "generator.image_H"; undefined is left out.
 * @param where Name of the source in errors, or a name for each key.
 * @throws {ConfigError} If a key or value is wrong.
 */
export function sourceOf(
  values: Readonly<Record<string, unknown>>,
  where: string | ((path: string) => string),
): ConfigSource {
  const reader = new SourceReader();
  for (const [path, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const at = typeof where === "string" ? where : where(path);
    const found = typeof value === "bigint"
      ? String(value)
      : JSON.stringify(value) ?? String(value);
    reader.set(reader.find(path, at), { value, where: at, found });
  }
  return reader.source();
}

/** A value that is not checked yet. */
interface FoundValue extends ConfigValue {
  /** The value as errors show it. */
  readonly found: string;
}

/** Collects the checked values of one source. */
class SourceReader {
  readonly #keys = new Map(configKeys().map((key) => [key.path, key]));
  readonly #keysByOldPath = new Map(
    configKeys().flatMap((key) => oldPaths(key).map((path) => [path, key] as const)),
  );
  readonly #values = new Map<string, ConfigValue>();
  readonly #notes = new Set<string>();

  isSection(path: string): boolean {
    return this.#keys.keys().some((key) => key.startsWith(`${path}.`));
  }

  has({ path }: ConfigKey): boolean {
    return this.#values.has(path);
  }

  /** Finds a key by its name or a former name, which is noted. */
  find(path: string, where: string): ConfigKey {
    const key = this.#keys.get(path);
    if (key) return key;
    const renamed = this.#keysByOldPath.get(path);
    if (renamed) {
      this.#notes.add(`"${path}" is now called "${renamed.path}"`);
      return renamed;
    }
    if (this.isSection(path)) {
      throw new ConfigError(where, path, "expected a key, got the name of a section");
    }
    throw new ConfigError(where, path, `expected a known key${this.#suggestion(path)}`);
  }

  set(key: ConfigKey, { value, where, found }: FoundValue): void {
    const read = readValue(key.spec, value);
    if (read === undefined) {
      const expected = `expected ${describeExpected(key.spec)}`;
      const problem = `${expected}, got ${found}${suggestWord(key.spec, value)}`;
      throw new ConfigError(where, key.path, problem);
    }
    const note = noEffectNote(key, read);
    if (note !== undefined) this.#notes.add(note);
    this.#values.set(key.path, { value: read, where });
  }

  source(): ConfigSource {
    return { values: this.#values, notes: [...this.#notes] };
  }

  /** Looks for the whole path, then for the last name in any section. */
  #suggestion(path: string): string {
    const last = path.split(".").at(-1)!;
    const elsewhere = this.#keys.keys().find((key) => key.split(".").at(-1) === last);
    if (elsewhere) return `; did you mean "${elsewhere}"?`;
    const section = sectionOf(path);
    const siblings = this.#keys.keys()
      .filter((key) => section === "" || key.startsWith(`${section}.`)).toArray();
    const sections = siblings.map(sectionOf).filter(Boolean);
    return didYouMean(path, [...siblings, ...new Set(sections)]);
  }
}

/** Returns the section of a dotted key; empty at the top level. */
function sectionOf(path: string): string {
  return path.split(".").slice(0, -1).join(".");
}

/** Lists the dotted former names of a key. */
function oldPaths({ path, spec }: ConfigKey): string[] {
  const section = sectionOf(path);
  return (spec.oldNames ?? []).map((name) => section === "" ? name : `${section}.${name}`);
}

/** Suggests the word that was probably meant; of a list, that of its first wrong item. */
function suggestWord(key: KeySpec, value: unknown): string {
  const wrong = [value].flat().find((item) => readOne(key, item) === undefined);
  const words = isSwitch(key) ? ["true", "false"] : wordsOf(key);
  return typeof wrong === "string" ? didYouMean(wrong, words) : "";
}

function describe(yaml: YamlValue): string {
  if (yaml.entries) {
    const keys = yaml.entries.map(({ key }) => `"${key}"`).join(", ");
    return `a mapping with ${keys}; put a text with a colon in quotes`;
  }
  return JSON.stringify(yaml.value) ?? String(yaml.value);
}
