import { isKey, yamlName } from "./config_keys.ts";
import { isList, isSwitch, parseRange, wordsOf } from "./keys/check_value.ts";
import type { KeySpec } from "./keys/key_spec.ts";
import { CONFIG_KEYS } from "./run_config.ts";

type Json = Readonly<Record<string, unknown>>;

/**
 * Returns the JSON Schema of a config file, for editors that check and complete YAML.
 *
 * Its text is `config.schema.json`.
 */
export function runConfigJsonSchema(): Json {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Config of a Smalti run",
    ...sectionSchema(CONFIG_KEYS),
  };
}

function sectionSchema(section: object): Json {
  const properties: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(section)) {
    if (!isKey(value)) properties[yamlName(name)] = sectionSchema(value);
    else Object.assign(properties, keySchemas(yamlName(name), value));
  }
  return { type: "object", additionalProperties: false, properties };
}

/** Returns the schema of a key, and those of its former names. */
function keySchemas(name: string, key: KeySpec): Json {
  const { doc: description, oldNames = [] } = key;
  const schema = { description, default: key.default, ...valueSchema(key) };
  const old = { ...schema, description: `Former name of ${name}`, deprecated: true };
  return Object.fromEntries([[name, schema], ...oldNames.map((oldName) => [oldName, old])]);
}

function valueSchema(key: KeySpec): Json {
  const one = itemSchema(key);
  const kinds = isList(key) ? [{ type: "array", items: one }, one] : [one];
  if (key.null !== undefined) kinds.push({ type: "null" });
  return kinds.length === 1 ? one : { anyOf: kinds };
}

function itemSchema(key: KeySpec): Json {
  if (key.choices !== undefined) {
    const words = { enum: wordsOf(key) };
    return key.isPath ? { anyOf: [words, { type: "string", pattern: "[\\\\/]" }] } : words;
  }
  if (key.range === undefined) {
    return { type: isSwitch(key) ? "boolean" : "string" };
  }
  const { min, max, isMinOpen, isMaxOpen } = parseRange(key.range);
  return {
    type: key.integer ? "integer" : "number",
    [isMinOpen ? "exclusiveMinimum" : "minimum"]: min,
    [isMaxOpen ? "exclusiveMaximum" : "maximum"]: max,
    ...(key.integer === "odd" ? { not: { multipleOf: 2 } } : {}),
  };
}
