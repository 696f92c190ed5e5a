import assert from "node:assert/strict";
import process from "node:process";
import { ConfigError } from "../../config/config_source.ts";
import { parseYaml } from "../../config/yaml_text.ts";

Deno.test("parseYaml() leaves process.env as it was, even if it fails", () => {
  const before = Object.getOwnPropertyDescriptor(process, "env");
  parseYaml("seed: 7", "my.yaml");
  assert.deepEqual(Object.getOwnPropertyDescriptor(process, "env"), before);
  assert.throws(() => parseYaml("seed: [7", "my.yaml"), ConfigError);
  assert.deepEqual(Object.getOwnPropertyDescriptor(process, "env"), before);
});

Deno.test({
  name: "parseYaml() asks for no permission to read the environment",
  permissions: { env: false },
  fn: () => {
    assert.equal(parseYaml("seed: 7", "my.yaml").entries?.length, 1);
  },
});
