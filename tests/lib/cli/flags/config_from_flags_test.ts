import assert from "node:assert/strict";
import { parseRunConfig } from "../../../../config/parse_run_config.ts";
import { resolveSources } from "../../../../config/resolve_run_config.ts";
import { writeRunConfig } from "../../../../config/write_run_config.ts";
import { sourcesOfFlags } from "../../../../lib/cli/flags/config_from_flags.ts";

Deno.test("sourcesOfFlags() takes prompts letter by letter", () => {
  for (const prompt of ["a knight: red", `"it's"`, "🐉", "# x", "~", "1e3", "- a\n- b"]) {
    const { config } = resolveSources(sourcesOfFlags({ prompt: [prompt] }));
    assert.equal(config.prompt, prompt);
  }
});

Deno.test("sourcesOfFlags() reads the size as height, width", () => {
  const sizes = [["32,48", 32, 48], ["16x24", 16, 24], ["64", 64, 64], [
    " 8 , 256 ",
    8,
    256,
  ]] as const;
  for (const [size, height, width] of sizes) {
    const { generator } = resolveSources(sourcesOfFlags({ size })).config;
    assert.deepEqual([generator.imageH, generator.imageW], [height, width]);
  }
});

Deno.test("sourcesOfFlags() names the flag of a wrong value", () => {
  const cases = [
    [{ size: "32;48" }, `"--size": expected height,width such as 32,48, got "32;48"`],
    [{ size: "7,8" }, `"--size": expected an integer in [8, 256], got 7`],
    [{ seed: "one" }, `"--seed": expected an integer in [0, 18446744073709551615], got "one"`],
    [
      { runtime: "wsam" },
      `"--runtime": expected one of "auto", "webgpu", "wasm", "native", got "wsam"; ` +
      `did you mean "wasm"?`,
    ],
  ] as const;
  for (const [flags, problem] of cases) {
    assert.throws(() => sourcesOfFlags(flags), {
      message: `Cannot read flag ${problem}`,
    });
  }
});

Deno.test("sourcesOfFlags() lets --set win over other flags", () => {
  const flags = { seed: "1", set: ["seed=2", "sd.guidance_scale=15"] };
  const { config } = resolveSources(sourcesOfFlags(flags));
  assert.deepEqual([config.seed, config.sd.guidanceScale], [2, 15]);
});

Deno.test("--seed takes 64 bits, exactly, and random", () => {
  const seedOf = (seed: string) => resolveSources(sourcesOfFlags({ seed })).config.seed;
  assert.equal(seedOf("7"), 7);
  assert.equal(seedOf("9007199254740991"), 2 ** 53 - 1);
  for (const seed of [2n ** 53n + 1n, 2n ** 64n - 1n]) {
    assert.equal(seedOf(String(seed)), seed);
    const { config } = resolveSources(sourcesOfFlags({ set: [`seed=${seed}`] }));
    assert.equal(config.seed, seed);
    const written = parseRunConfig(writeRunConfig(config), "config.yaml");
    assert.equal(resolveSources([written]).config.seed, seed);
  }
  for (const wrong of ["18446744073709551616", "-1", "1.5", "", "Random"]) {
    assert.throws(() => seedOf(wrong), /expected an integer in \[0, 18446744073709551615\]/, wrong);
  }
  const drawn = seedOf("random");
  assert(typeof drawn === "number" && Number.isInteger(drawn) && drawn >= 0 && drawn < 2 ** 32);
  assert.notEqual(drawn, seedOf("random"));
});
