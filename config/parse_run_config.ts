import { ConfigError } from "./config_error.ts";
import { type ConfigKey, configKeys } from "./config_keys.ts";
import type { ConfigLayer, ConfigValue } from "./config_layer.ts";
import { noteOf } from "./config_notes.ts";
import { didYouMean } from "../lib/text/did_you_mean.ts";
import type { Field } from "./field.ts";
import { parseYaml, type YamlEntry, type YamlValue } from "./yaml_text.ts";

/**
 * Parses the YAML text of a config file.
 *
 * @param name Name of the text in errors, such as its path.
 * @throws {ConfigError} If it is no YAML, or a key is unknown, or a value does not fit.
 */
export function parseRunConfig(text: string, name: string): ConfigLayer {
  const root = parseYaml(text, name);
  if (!root.entries && root.value !== null) {
    throw new ConfigError(root.where, "", `expected keys and values, got ${describe(root)}`);
  }
  const reader = new LayerReader();
  for (const entry of root.entries ?? []) readEntry(reader, entry, "");
  return reader.layer();
}

function readEntry(reader: LayerReader, entry: YamlEntry, above: string): void {
  const path = above + entry.key;
  if (reader.isSection(path)) {
    const { entries, value, where } = entry.value;
    if (!entries && value !== null) {
      throw new ConfigError(where, path, `expected a section, got ${describe(entry.value)}`);
    }
    for (const inner of entries ?? []) readEntry(reader, inner, `${path}.`);
    return;
  }
  const { field } = reader.key(path, entry.where);
  reader.set(path, scalarOf(entry.value, field.isText), entry.value.where, describe(entry.value));
}

/** A text field takes `prompt: 1984` or `palette: 1e3` as it was typed. */
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
export function parseSettings(settings: readonly string[], flag: string = "--set"): ConfigLayer {
  const reader = new LayerReader();
  for (const setting of settings) {
    const at = setting.indexOf("=");
    if (at < 1) {
      throw new ConfigError(flag, "", `expected key=value, got "${setting}"`);
    }
    const path = setting.slice(0, at).trim();
    const { field } = reader.key(path, flag);
    const typed = setting.slice(at + 1);
    const yaml = field.isText ? undefined : parseYaml(typed, flag);
    const isNull = !yaml && field.json["anyOf"] !== undefined && /^(~|null)$/.test(typed);
    reader.set(path, isNull ? null : yaml ? yaml.value : typed, flag, JSON.stringify(typed));
  }
  return reader.layer();
}

/**
 * Makes a layer of values that a program or a flag gives.
 *
 * @param values By dotted key, such as "generator.image_H"; undefined is left out.
 * @param where Name of the source in errors, or a name for each key.
 * @throws {ConfigError} If a key or value is wrong.
 */
export function layerOf(
  values: Readonly<Record<string, unknown>>,
  where: string | ((path: string) => string),
): ConfigLayer {
  const reader = new LayerReader();
  for (const [path, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const place = typeof where === "string" ? where : where(path);
    reader.key(path, place);
    reader.set(path, value, place, JSON.stringify(value) ?? String(value));
  }
  return reader.layer();
}

class LayerReader {
  readonly #keys = new Map(configKeys().map((key) => [key.path, key]));
  readonly #values = new Map<string, ConfigValue>();
  readonly #notes = new Set<string>();

  isSection(path: string): boolean {
    return this.#keys.keys().some((key) => key.startsWith(`${path}.`));
  }

  key(path: string, where: string): ConfigKey {
    const key = this.#keys.get(path);
    if (key) return key;
    if (this.isSection(path)) {
      throw new ConfigError(where, path, "expected a key, got the name of a section");
    }
    throw new ConfigError(where, path, `expected a known key${this.#suggestion(path)}`);
  }

  set(path: string, value: unknown, where: string, found: string): void {
    const { field } = this.#keys.get(path)!;
    const read = field.read(value);
    if (read === undefined) {
      const problem = `expected ${field.expected}, got ${found}${suggestion(field, value)}`;
      throw new ConfigError(where, path, problem);
    }
    const note = noteOf(path, field, read);
    if (note !== undefined) this.#notes.add(note);
    this.#values.set(path, { value: read, where });
  }

  layer(): ConfigLayer {
    return { values: this.#values, notes: [...this.#notes] };
  }

  /** Looks for the whole path, then for the last name in any section. */
  #suggestion(path: string): string {
    const last = path.split(".").at(-1)!;
    const elsewhere = this.#keys.keys().find((key) => key.split(".").at(-1) === last);
    if (elsewhere) return `; did you mean "${elsewhere}"?`;
    const section = path.split(".").slice(0, -1).join(".");
    const siblings = this.#keys.keys()
      .filter((key) => section === "" || key.startsWith(`${section}.`)).toArray();
    const sections = siblings.map((key) => key.split(".").slice(0, -1).join(".")).filter(Boolean);
    return didYouMean(path, [...siblings, ...new Set(sections)]);
  }
}

/** Finds the word that was probably meant; of a list, that of its first wrong item. */
function suggestion(field: Field, value: unknown): string {
  const { item, words = [] } = field;
  if (item === undefined) return typeof value === "string" ? didYouMean(value, words) : "";
  const items: unknown[] = Array.isArray(value) ? value : [value];
  return suggestion(item, items.find((one) => item.read(one) === undefined));
}

function describe(yaml: YamlValue): string {
  if (yaml.entries) {
    const keys = yaml.entries.map(({ key }) => `"${key}"`).join(", ");
    return `a mapping with ${keys}; put a text with a colon in quotes`;
  }
  return JSON.stringify(yaml.value) ?? String(yaml.value);
}
