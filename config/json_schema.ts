import { isField, yamlName } from "./config_keys.ts";
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
    ...sectionSchema(RUN_CONFIG_SCHEMA),
  };
}

function sectionSchema(section: object): Record<string, unknown> {
  const properties: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(section)) {
    properties[yamlName(name)] = isField(value)
      ? { description: value.description, ...value.json }
      : sectionSchema(value);
  }
  return { type: "object", additionalProperties: false, properties };
}
