import { runConfigJsonSchema } from "./json_schema.ts";

// `deno task schema` runs this file.
if (import.meta.main) {
  const file = new URL("./config.schema.json", import.meta.url);
  await Deno.writeTextFile(file, `${JSON.stringify(runConfigJsonSchema(), null, 2)}\n`);
}
