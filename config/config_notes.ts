import { configKeys } from "./config_keys.ts";
import type { Field } from "./field.ts";
import type { RunConfig } from "./run_config.ts";

/** Lists the keys of a config whose values change nothing here, a sentence each, with the reason. */
export function configNotes(config: RunConfig): string[] {
  return configKeys().flatMap(({ path, names, field }) => {
    const value = names.reduce<unknown>(
      (section, name) => (section as Readonly<Record<string, unknown>>)[name],
      config,
    );
    const note = noteOf(path, field, value);
    return note === undefined ? [] : [note];
  });
}

/** Says why a value changes nothing; undefined if it has its meaning. */
export function noteOf(path: string, field: Field, value: unknown): string | undefined {
  const why = field.note?.(value);
  return why === undefined ? undefined : `"${path}" has no effect: ${why}`;
}
