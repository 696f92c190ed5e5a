import assert from "node:assert/strict";
import { configKeys, namesIn } from "../../config/config_keys.ts";
import { describeExpected, parseRange, readValue } from "../../config/keys/check_value.ts";

Deno.test("each key allows its own default, and says what it means", () => {
  for (const { path, spec } of configKeys()) {
    assert.deepEqual(readValue(spec, spec.default), spec.default, path);
    assert.match(spec.doc, /^\S.*[^.\s]$/, path);
  }
});

Deno.test("each range is an interval that holds a number", () => {
  const ranges = configKeys().flatMap(({ spec }) => spec.range ?? []);
  assert(ranges.length > 0);
  for (const range of ranges) {
    const { min, max } = parseRange(range);
    assert(Number.isFinite(min) && Number.isFinite(max) && min < max, range);
  }
});

Deno.test("readValue() keeps open bounds out, and closed ones in", () => {
  const key = { doc: "Share", default: 1, range: "(0, 10]" };
  assert.deepEqual([0, 1e-9, 10, 10.1].map((value) => readValue(key, value)), [
    undefined,
    1e-9,
    10,
    undefined,
  ]);
  assert.equal(describeExpected(key), "a number in (0, 10]");
});

Deno.test("each key that is said to name a file, folder, URL or model has isPath", () => {
  const named = configKeys().filter(({ spec }) => /\b(path|file|folder|URL)s?\b/i.test(spec.doc));
  const paths = named.map(({ path }) => path);
  // The folder of runs is written, not read.
  const read = paths.filter((path) => path !== "output");
  assert(read.length > 5 && read.length < paths.length);
  const keys = configKeys().filter(({ spec }) => spec.isPath);
  assert.deepEqual(keys.map(({ path }) => path), read);
});

Deno.test("each key that is said to name a model of the Hub, or a file of one, has the trait", () => {
  for (const { path, spec: { doc, isHubModel, isCheckpoint } } of configKeys()) {
    assert.equal(isHubModel ?? false, /owner\/name/.test(doc), path);
    const isFile = /\.safetensors/.test(doc) && path !== "diffusion.lora_path";
    assert.equal(isCheckpoint ?? false, isFile, path);
  }
});

Deno.test("namesIn() lists what a value names", () => {
  const cases = [
    ["image", "cat.png", ["cat.png"]],
    ["image", null, []],
    ["image", "", []],
    ["prompt", "a/b", []],
    ["diffusion.lora_path", "a.safetensors, b/c", ["a.safetensors", "b/c"]],
    ["controlnet.models_id", ["canny", "own/depth"], ["own/depth"]],
    ["controlnet.models_id", "./depth", ["./depth"]],
  ] as const;
  const specs = new Map(configKeys().map(({ path, spec }) => [path, spec]));
  for (const [path, value, names] of cases) {
    assert.deepEqual(namesIn(specs.get(path)!, value), names);
  }
});
