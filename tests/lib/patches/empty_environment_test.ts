import assert from "node:assert/strict";
import process from "node:process";
import { parseDocument } from "npm:yaml@2.9.1";
import { emptyEnvironment } from "../../../lib/patches/empty_environment.ts";

const property = () => Object.getOwnPropertyDescriptor(process, "env");

Deno.test("emptyEnvironment() is undone by its last user", () => {
  const before = property();
  const [first, second] = [emptyEnvironment(), emptyEnvironment()];
  assert.deepEqual(Object.keys(process.env), []);
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  assert.deepEqual(Object.keys(process.env), []);
  second[Symbol.dispose]();
  assert.deepEqual(property(), before);
});

Deno.test({
  name: "the YAML parser reads the environment; if not, emptyEnvironment() can go",
  permissions: { env: false },
  fn: () => {
    assert.throws(() => parseDocument("seed: 7"), Deno.errors.NotCapable);
    using _environment = emptyEnvironment();
    assert.equal(parseDocument("seed: 7").get("seed"), 7);
  },
});
