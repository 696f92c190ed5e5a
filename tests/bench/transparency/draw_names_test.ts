import assert from "node:assert/strict";
import { drawNames } from "./draw_names.ts";

Deno.test("drawNames() draws the names of names48.json again", async () => {
  const kept = await Deno.readTextFile(new URL("names48.json", import.meta.url));
  assert.deepEqual(await drawNames(), JSON.parse(kept));
});
