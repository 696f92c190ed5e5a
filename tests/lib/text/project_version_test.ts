import assert from "node:assert/strict";
import project from "../../../deno.json" with { type: "json" };
import { PROJECT_VERSION } from "../../../lib/text/project_version.ts";

Deno.test("PROJECT_VERSION is that of deno.json", () => {
  assert.equal(PROJECT_VERSION, project.version);
});
