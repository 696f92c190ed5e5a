import type { Field } from "./field.ts";
import { RUN_CONFIG_SCHEMA } from "./run_config_schema.ts";

/** A key of the config, at any depth. */
export interface ConfigKey {
  /** Dotted, as in YAML: "generator.image_H". */
  readonly path: string;
  /** Names of the sections and the field in TypeScript: ["generator", "imageH"]. */
  readonly names: readonly string[];
  /** What it may hold. */
  readonly field: Field;
}

/** SD-piXL writes these two with a capital. */
const CAPITALS: Readonly<Record<string, string>> = { imageH: "image_H", imageW: "image_W" };

/** Returns the name of a key in YAML: "guidanceScale" -> "guidance_scale". */
export function yamlName(name: string): string {
  return CAPITALS[name] ?? name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Lists all keys in the order of the schema. */
export function configKeys(): readonly ConfigKey[] {
  return keysBelow(RUN_CONFIG_SCHEMA, []);
}

function keysBelow(section: object, above: readonly string[]): ConfigKey[] {
  return Object.entries(section).flatMap(([name, value]) => {
    const names = [...above, name];
    if (!isField(value)) return keysBelow(value, names);
    return [{ path: names.map(yamlName).join("."), names, field: value }];
  });
}

/** Tells a field from a section. */
export function isField(value: object): value is Field {
  return typeof (value as Partial<Field>).read === "function";
}
