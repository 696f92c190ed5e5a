import assert from "node:assert/strict";
import { resolveSources } from "../../../../config/resolve_run_config.ts";
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
    [{ size: "7,8" }, `"--size generator.image_H": expected an integer in [8, 256], got 7`],
    [{ seed: "one" }, `"--seed seed": expected an integer in [0, 4294967295], got "one"`],
    [
      { runtime: "wsam" },
      `"--runtime runtime": expected one of "auto", "webgpu", "wasm", "native", got "wsam"; ` +
      `did you mean "wasm"?`,
    ],
  ] as const;
  for (const [flags, problem] of cases) {
    assert.throws(() => sourcesOfFlags(flags), {
      message: `Cannot read config ${problem}`,
    });
  }
});

Deno.test("sourcesOfFlags() lets --set win over other flags", () => {
  const flags = { seed: "1", set: ["seed=2", "sd.guidance_scale=15"] };
  const { config } = resolveSources(sourcesOfFlags(flags));
  assert.deepEqual([config.seed, config.sd.guidanceScale], [2, 15]);
});
