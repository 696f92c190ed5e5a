import { isField, yamlName } from "./config_keys.ts";
import { resolveRunConfig } from "./resolve_run_config.ts";
import { RUN_CONFIG_SCHEMA } from "./run_config_schema.ts";

/**
 * Returns the JSON schema of a config file, for editors that check and complete YAML.
 *
 * Its text is `config.schema.json`.
 */
export function runConfigJsonSchema(): Readonly<Record<string, unknown>> {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Config of a Smalti run",
    ...sectionSchema(RUN_CONFIG_SCHEMA, resolveRunConfig()),
  };
}

/** @param defaults Values of the section where nobody sets any. */
function sectionSchema(section: object, defaults: object): Record<string, unknown> {
  const properties: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(section)) {
    const usual = (defaults as Readonly<Record<string, unknown>>)[name];
    properties[yamlName(name)] = isField(value)
      ? { description: value.description, default: usual, ...value.json }
      : sectionSchema(value, usual as object);
  }
  return { type: "object", additionalProperties: false, properties };
}
