import assert from "node:assert/strict";
import { configKeys } from "../../config/config_keys.ts";
import defaultText from "../../config/default.yaml" with { type: "text" };
import schemaText from "../../config/config.schema.json" with { type: "text" };
import { defaultYaml } from "../../config/default_yaml.ts";
import { runConfigJsonSchema } from "../../config/json_schema.ts";
import { parseRunConfig, parseSettings } from "../../config/parse_run_config.ts";
import {
  type PartialConfig,
  resolveRunConfig,
  resolveSources,
} from "../../config/resolve_run_config.ts";
import { writeRunConfig } from "../../config/write_run_config.ts";

Deno.test("default.yaml sets every key, and no other", () => {
  const { values } = parseRunConfig(defaultText, "default.yaml");
  assert.deepEqual([...values.keys()].sort(), configKeys().map(({ path }) => path).sort());
});

Deno.test("default.yaml is current, and its values are the defaults", () => {
  assert.equal(defaultText, defaultYaml(), "run `deno task config`");
  const { config, notes } = resolveSources([parseRunConfig(defaultText, "default.yaml")]);
  assert.deepEqual({ config, notes }, { config: resolveRunConfig(), notes: [] });
});

Deno.test("default.yaml has no line over 100 columns, and a comment for each key", () => {
  const lines = defaultText.split("\n");
  assert.deepEqual(lines.filter((line) => line.length > 100), []);
  const uncommented = lines.filter((line, i) =>
    /^ *\w+: \S/.test(line) && !line.includes(" # ") && !/^ *#/.test(lines[i - 1]!)
  );
  assert.deepEqual(uncommented, []);
});

Deno.test("default.yaml says what each key without a value means", () => {
  const text = defaultText.replaceAll(/\n *# */g, " ").replaceAll(/ +/g, " ");
  const keys = configKeys().filter(({ spec }) => spec.null !== undefined);
  assert(keys.length > 10);
  for (const { path, spec } of keys) assert(text.includes(`~: ${spec.null}`), path);
});

Deno.test("config.schema.json is current", () => {
  assert.deepEqual(JSON.parse(schemaText), runConfigJsonSchema(), "run `deno task config`");
});

Deno.test("resolveSources() lets later layers win", () => {
  const file = parseRunConfig("seed: 7\ngenerator:\n  tau: 0.5\n  image_H: 20\n", "my.yaml");
  const { config } = resolveSources([file, parseSettings(["generator.tau=0.7"])]);
  assert.equal(config.seed, 7);
  assert.equal(config.generator.tau, 0.7);
  assert.equal(config.generator.imageH, 20);
  assert.equal(config.preset, "standard");
});

Deno.test("resolveSources() takes the preset that the last layer names", () => {
  const file = parseRunConfig("preset: paper\nsd:\n  guidance_scale: 30\n", "my.yaml");
  const { config } = resolveSources([file]);
  assert.equal(config.sd.samplingMethodT, "bounded_max");
  assert.equal(config.sd.guidanceScale, 30);
  assert.equal(
    resolveSources([file, parseSettings(["preset=standard"])]).config.preset,
    "standard",
  );
});

Deno.test("the presets draft and max are standard with other numbers of images", () => {
  const standard = resolveRunConfig({});
  for (const [preset, numReferences] of [["draft", 2], ["max", 12]] as const) {
    const { strengths, editSteps } = resolveRunConfig({ preset }).diffusion;
    assert.deepEqual(resolveRunConfig({ preset }), {
      ...standard,
      preset,
      diffusion: { ...standard.diffusion, numReferences, strengths, editSteps },
    });
  }
});

// Source: config/config.yaml of SD-piXL.
Deno.test("the preset paper has SD-piXL's settings", () => {
  const { training, sd, diffusion, generator } = resolveRunConfig({ preset: "paper" });
  assert.deepEqual([training.steps, training.learningRate, training.lrWarmupSteps], [
    10001,
    0.025,
    250,
  ]);
  assert.deepEqual([training.fftScale, training.adamWeightDecay], [20, 0.01]);
  assert.deepEqual([sd.guidanceScale, sd.tMin, sd.tMax, sd.tBoundMax], [40, 0.02, 0.98, 0.8]);
  assert.deepEqual([diffusion.numInferenceSteps, diffusion.numReferences], [50, 10]);
  assert.deepEqual([generator.imageH, generator.imageW], [64, 64]);
});

Deno.test("resolveSources() refuses values that contradict each other", () => {
  const cases = [
    ["sd.t_min=0.99", `sd.t_min": expected at most "sd.t_max" (0.98), got 0.99`],
    [
      "training.augmentation.random_tau_min=2",
      `training.augmentation.random_tau_min": expected at most "training.augmentation.random_tau_max" (1.5), got 2`,
    ],
    [
      "controlnet.controlnet_conditioning_scale=[0.1, 0.2]",
      `controlnet.controlnet_conditioning_scale": expected as many values as "controlnet.models_id" has (1), got 2`,
    ],
  ] as const;
  for (const [setting, problem] of cases) {
    assert.throws(() => resolveSources([parseSettings([setting])]), {
      message: `Cannot read flag "--set ${problem}`,
    });
  }
});

Deno.test("resolveSources() lets a later source replace timesteps and numbers of steps", () => {
  const saved = ["num_inference_steps=4", "timesteps=[999, 841, 659, 435]", "guidance_end=0.75"];
  const read = (...sources: readonly string[][]) => {
    const parsed = sources.map((texts) => parseSettings(texts.map((text) => `diffusion.${text}`)));
    const { timesteps, numInferenceSteps } = resolveSources(parsed).config.diffusion;
    return [timesteps, numInferenceSteps];
  };
  assert.deepEqual(read(saved), [[999, 841, 659, 435], 4]);
  assert.deepEqual(read(saved, ["sampler=euler"]), read(saved));
  assert.deepEqual(read(saved, ["num_inference_steps=8"]), [null, 8]);
  assert.deepEqual(read(saved, ["timestep_spacing=trailing"]), [null, 4]);
  assert.deepEqual(read(saved, ["sampler=dpmpp_2m_karras"]), [null, 4]);
  assert.deepEqual(read(saved, ["timesteps=[999, 500]"]), [[999, 500], null]);
  assert.deepEqual(read(saved, ["num_inference_steps=8"], ["timesteps=[9]"]), [[9], null]);
  // The preset's steps are an earlier source, too.
  const paper = resolveRunConfig({ preset: "paper", diffusion: { timesteps: [999, 500] } });
  assert.equal(paper.diffusion.numInferenceSteps, null);
});

Deno.test("resolveSources() takes timesteps, and refuses those that cannot be used", () => {
  const read = (...settings: string[]) =>
    resolveSources([parseSettings(settings.map((text) => `diffusion.${text}`))]).config.diffusion;
  assert.equal(read().timesteps, null);
  assert.equal(read("timesteps=~").timesteps, null);
  assert.deepEqual(read("timesteps=[999, 0]").timesteps, [999, 0]);
  assert.deepEqual(read("timesteps=500", "num_inference_steps=1").timesteps, [500]);
  const problems: readonly (readonly [string, string[]])[] = [
    ["expected falling numbers, got 5, 5", ["timesteps=[5, 5]"]],
    ["expected one number or more, got none", ["timesteps=[]"]],
    [
      'expected as many numbers as "diffusion.num_inference_steps" says (6), got 2',
      ["timesteps=[5, 4]", "num_inference_steps=6"],
    ],
    [
      "expected ~, since the sampler dpmpp_2m_karras has its own noise levels, got 5, 4",
      ["timesteps=[5, 4]", "sampler=dpmpp_2m_karras"],
    ],
    ['expected a list, each an integer in [0, 999], or null, got "[1000, 1]"', [
      "timesteps=[1000, 1]",
    ]],
    ['expected a list, each an integer in [0, 999], or null, got "[5, ~]"', ["timesteps=[5, ~]"]],
  ];
  for (const [problem, settings] of problems) {
    assert.throws(() => read(...settings), {
      message: `Cannot read flag "--set diffusion.timesteps": ${problem}`,
    });
  }
});

Deno.test("resolveSources() refuses rules of the learning rate that cannot be read, if followed", () => {
  const rules = "training:\n  lr_step_rules: 1:5,x\n";
  assert.doesNotThrow(() => resolveSources([parseRunConfig(rules, "my.yaml")]));
  const followed = parseSettings(["training.lr_scheduler=piecewise_constant"]);
  assert.throws(() => resolveSources([parseRunConfig(rules, "my.yaml"), followed]), {
    message: 'Cannot read config "my.yaml:2:18 training.lr_step_rules": expected ' +
      '"factor:step,...,factor" with rising steps for lr_scheduler "piecewise_constant", ' +
      'got "1:5,x"',
  });
  const sound = parseSettings(["training.lr_step_rules=1:5,0.5:9,0.1"]);
  assert.doesNotThrow(() => resolveSources([followed, sound]));
});

Deno.test("resolveSources() refuses a background that is no color", () => {
  const read = (text: string) =>
    resolveSources([parseRunConfig(`generator:\n  background: "${text}"\n`, "my.yaml")]);
  for (const text of ["auto", "0", "255", "#fff", "1a1c2c", "#1a1c2c", "SlateGray", "white"]) {
    assert.equal(read(text).config.generator.background, text);
  }
  assert.throws(() => read("whit"), {
    message:
      'Cannot read config "my.yaml:2:15 generator.background": expected auto, a color such ' +
      'as #1a1c2c or white, or an index of the palette, got "whit"; did you mean "white"?',
  });
  for (const text of ["", "-1", "1.5", "#12345", "transparent", "0x12", "rgb(1,2,3)"]) {
    assert.throws(() => read(text), /expected auto, a color such as/, text);
  }
});

Deno.test("resolveSources() refuses losses whose kernel exceeds the picture, if they are on", () => {
  const size = ["generator.image_H=8", "generator.image_W=9"];
  const cases = [
    ["laplacian", "training.laplacian_kernel", 17, 15],
    ["bilateral", "training.bilateral_max_distance", 8, 7],
  ] as const;
  for (const [loss, path, value, max] of cases) {
    const settings = [...size, `${path}=${value}`];
    assert.doesNotThrow(() => resolveSources([parseSettings(settings)]));
    const on = `training.${loss}_scale=1`;
    assert.throws(() => resolveSources([parseSettings([...settings, on])]), {
      message: `Cannot read flag "--set ${path}": expected at most ${max} for a picture ` +
        `of 8x9 pixels, got ${value}`,
    });
    assert.doesNotThrow(() => resolveSources([parseSettings([...size, `${path}=${max}`, on])]));
  }
});

Deno.test("resolveRunConfig() takes camelCase names and rejects unknown ones", () => {
  const config = resolveRunConfig({
    prompt: "a cat",
    generator: { imageH: 16 },
    sd: { tMin: 0.1 },
  });
  assert.deepEqual([config.prompt, config.generator.imageH, config.sd.tMin], ["a cat", 16, 0.1]);
  const wrong = { generator: { taus: 1 } } as Record<string, unknown>;
  assert.throws(() => resolveRunConfig(wrong), {
    message:
      `Cannot read config "generator.taus": expected a known key; did you mean "generator.tau"?`,
  });
});

Deno.test("writeRunConfig() is read back to the same config, whatever the prompt", () => {
  const prompts = [
    "",
    "a knight: red",
    `she said "it's"`,
    "🐉 a dragon 🧑‍🚀",
    "# not a comment",
    "two\nlines\n",
    "  spaces  ",
    "- list",
    "~",
    "null",
    "10_001",
    "1e3",
    "true",
    "{a: b}",
    "a\\nb\t%",
    "*star &and !bang",
  ];
  for (const prompt of prompts) {
    const config = resolveRunConfig({ prompt, negativePrompt: prompt, image: prompt || null });
    const again = resolveSources([parseRunConfig(writeRunConfig(config), "config.yaml")]);
    assert.deepEqual(again, { config, notes: [] });
  }
});

Deno.test("resolveRunConfig() refuses finishes that do not fit together, or not to the picture", () => {
  const cases: [PartialConfig, RegExp][] = [
    [{ finish: { outline: "blakc" } }, /finish.outline.*expected none, auto or a color.*black/],
    [{ finish: { outline: "auto" } }, /finish.outline.*expected a transparent picture/],
    [{ finish: { dither: "bayer2", antialias: false } }, /finish.dither.*--no-antialias/],
    [
      {
        finish: { dither: "bayer8" },
        constraint: { tile: "y" },
        generator: { imageH: 20, imageW: 9 },
      },
      /finish.dither.*a multiple of 8.*got 20 pixels/,
    ],
  ];
  for (const [part, message] of cases) assert.throws(() => resolveRunConfig(part), message);
  const fits = { generator: { imageH: 20, imageW: 16 }, constraint: { tile: "x" } } as const;
  resolveRunConfig({ ...fits, finish: { dither: "bayer8" } });
  resolveRunConfig({ ...fits, constraint: { tile: "xy" }, finish: { dither: "blue-noise" } });
});
