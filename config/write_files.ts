import { defaultYaml } from "./default_yaml.ts";
import { runConfigJsonSchema } from "./json_schema.ts";

// `deno task config` runs this file.
if (import.meta.main) {
  const write = (name: string, text: string) =>
    Deno.writeTextFile(new URL(name, import.meta.url), text);
  await write("./config.schema.json", `${JSON.stringify(runConfigJsonSchema(), null, 2)}\n`);
  await write("./default.yaml", defaultYaml());
}
