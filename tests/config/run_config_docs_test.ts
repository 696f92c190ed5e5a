import assert from "node:assert/strict";
import { configKeys } from "../../config/config_keys.ts";
import { resolveRunConfig } from "../../config/resolve_run_config.ts";
import typesText from "../../config/run_config.ts" with { type: "text" };

/** A key as the types declare it. */
interface Declared {
  /** Its comment, in one line. */
  readonly comment: string;
  /** Its type. */
  readonly type: string;
}

/** Reads the interfaces of the types' text: by name, what they declare. */
function readInterfaces(text: string): Map<string, Map<string, Declared>> {
  const interfaces = [...text.matchAll(/^export interface (\w+) \{\n(.*?)^\}/gms)];
  return new Map(interfaces.map(([, name, body]) => {
    const keys = [...body!.matchAll(/\/\*\*((?:(?!\*\/).)*)\*\/\s*readonly (\w+):\s*([^;]+);/gs)]
      .map(([, comment, key, type]) =>
        [key!, { comment: comment!.replaceAll(/\s*\n\s*\*?\s*/g, " "), type: type! }] as const
      );
    return [name!, new Map(keys)];
  }));
}

Deno.test("the types tell the default of each key of the config", () => {
  const interfaces = readInterfaces(typesText);
  for (const { path, names } of configKeys()) {
    let declared: Declared = { comment: "", type: "RunConfig" };
    for (const name of names) declared = interfaces.get(declared.type)!.get(name)!;
    const usual = names.reduce<unknown>(
      (section, name) => (section as Readonly<Record<string, unknown>>)[name],
      resolveRunConfig(),
    );
    const [, told] = /Default: ([^"\[]*?|".*?"|\[.*?\])[.,]?(?= |$)/.exec(declared.comment) ?? [];
    assert.equal(told, JSON.stringify(usual), `"${path}": ${declared.comment}`);
  }
});
