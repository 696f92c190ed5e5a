import assert from "node:assert/strict";
import { ModelConfig } from "../../../lib/models/model_config.ts";
import { ModelConfigError } from "../../../lib/models/model_config_error.ts";
import type { ModelFolder } from "../../../lib/weights/model_folder.ts";

function config(options: Readonly<Record<string, unknown>>): ModelConfig {
  return new ModelConfig("config.json", options);
}

function assertRefused(action: () => unknown, message: RegExp): void {
  assert.throws(action, (error) => {
    assert.ok(error instanceof ModelConfigError);
    assert.match(error.message, message);
    return true;
  });
}

Deno.test("ModelConfig bounds integers by what their name can mean", () => {
  const accepted = { num_hidden_layers: 32, max_position_embeddings: 512, vocab_size: 151_936 };
  const refused = {
    num_hidden_layers: 1e6,
    layers_per_block: 2 ** 31,
    max_position_embeddings: 1e9,
    model_max_length: 1e9,
    num_train_timesteps: 1e12,
    hidden_size: 2 ** 40,
    vocab_size: 0,
  };
  for (const [key, value] of Object.entries(accepted)) {
    assert.equal(config({ [key]: value }).integer(key), value);
  }
  for (const [key, value] of Object.entries(refused)) {
    assertRefused(() => config({ [key]: value }).integer(key), /an integer from 1 to \d+/);
    assertRefused(
      () => config({ [key]: [value] }).integers(key),
      /a list of 1 to 64 integers from 1 to \d+/,
    );
    assertRefused(
      () => config({ [key]: value }).integerPerBlock(key, 3),
      /an integer from 1 to \d+, or 3 of them/,
    );
  }
});

Deno.test("ModelConfig bounds the length of lists", () => {
  const list = new Array<number>(1_000_000).fill(64);
  assertRefused(() => config({ channels: list }).integers("channels"), /a list of 1 to 64/);
});

Deno.test("ModelConfig.open() refuses nesting that JSON.parse takes minutes for", async () => {
  const read = (text: string) => {
    const folder: ModelFolder = {
      location: "memory",
      has: () => Promise.resolve(true),
      text: () => Promise.resolve(text),
      source: () => Promise.reject(new Error("not needed")),
    };
    return ModelConfig.open(folder, "");
  };
  const start = performance.now();
  await assert.rejects(read("[".repeat(20_000_000)), ModelConfigError);
  assert.equal(performance.now() - start < 2000, true);
  await assert.rejects(read(`{"layers": 2, "layers": 3}`), /duplicate name "layers"/);
  assert.equal((await read(`{"layers": 2}`)).integer("layers"), 2);
});
