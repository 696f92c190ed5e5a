import assert from "node:assert/strict";
import { ConfigError } from "../../config/config_source.ts";
import { parseRunConfig, parseSettings, sourceOf } from "../../config/parse_run_config.ts";

/** Text of a file, the error after "Cannot read config ", and its key. */
const WRONG: readonly (readonly [string, string, string])[] = [
  [
    "generator:\n  tau: 0\n",
    `"my.yaml:2:8 generator.tau": expected a number in (0, 10], got 0`,
    "generator.tau",
  ],
  [
    "generator:\n  tua: 1\n",
    `"my.yaml:2:3 generator.tua": expected a known key; did you mean "generator.tau"?`,
    "generator.tua",
  ],
  ["tau: 1\n", `"my.yaml:1:1 tau": expected a known key; did you mean "generator.tau"?`, "tau"],
  [
    "genrator:\n  tau: 1\n",
    `"my.yaml:1:1 genrator": expected a known key; did you mean "generator"?`,
    "genrator",
  ],
  ["sd: 4\n", `"my.yaml:1:5 sd": expected a section, got 4`, "sd"],
  [
    "sd:\n  w_mode: constnat\n",
    `"my.yaml:2:11 sd.w_mode": expected one of "cumprod", "constant", got "constnat"; did you mean "constant"?`,
    "sd.w_mode",
  ],
  [
    "training:\n  steps: 1.5\n",
    `"my.yaml:2:10 training.steps": expected an integer in [0, 1000000], got 1.5`,
    "training.steps",
  ],
  [
    `training:\n  steps: "ten"\n`,
    `"my.yaml:2:10 training.steps": expected an integer in [0, 1000000], got "ten"`,
    "training.steps",
  ],
  [
    "training:\n  laplacian_kernel: 4\n",
    `"my.yaml:2:21 training.laplacian_kernel": expected an odd integer in [3, 31], got 4`,
    "training.laplacian_kernel",
  ],
  [
    "prompt: a knight: red\n",
    `"my.yaml:1:9": nested mappings are not allowed in compact mappings; put a text with a colon in quotes, and start all keys of a section in the same column, got "prompt: a knight: red"`,
    "",
  ],
  [
    `seed: 1\r\nprompt: "open ${"x".repeat(90)}`,
    `"my.yaml:2:105": missing closing "quote, got "prompt: "open ${"x".repeat(66)}…"`,
    "",
  ],
  [
    "controlnet:\n  models_id: [canny, cany_mid]\n",
    `"my.yaml:2:14 controlnet.models_id": expected a list, each one of "canny", "canny_small", "canny_mid", "canny_full", "depth", "depth_small", "depth_mid", "depth_full", or owner/name, a folder or a URL, got ["canny","cany_mid"]; did you mean "canny_mid"?`,
    "controlnet.models_id",
  ],
  [
    "generator:\n  gumbel: ture\n",
    `"my.yaml:2:11 generator.gumbel": expected true or false, got "ture"; did you mean "true"?`,
    "generator.gumbel",
  ],
  ["- 1\n", `"my.yaml:1:1": expected keys and values, got [1]`, ""],
  ["seed: 1\nseed: 2\n", `"my.yaml:2:1": map keys must be unique, got "seed: 2"`, ""],
];

Deno.test("parseRunConfig() names file, line, column, key, what it expected and what it got", () => {
  for (const [text, problem, path] of WRONG) {
    assert.throws(() => parseRunConfig(text, "my.yaml"), (error) => {
      assert(error instanceof ConfigError && error instanceof TypeError);
      assert.equal(error.message, `Cannot read config ${problem}`);
      assert.equal(error.path, path);
      return true;
    });
  }
});

Deno.test("parseRunConfig() takes the numbers of SD-piXL's file", () => {
  const { values } = parseRunConfig(
    "training:\n  steps: 10_001\n  adam_epsilon: 1.0e-08\nsd:\n  guidance_scale: 40.\n",
    "c.yaml",
  );
  assert.equal(values.get("training.steps")?.value, 10001);
  assert.equal(values.get("training.adam_epsilon")?.value, 1e-8);
  assert.equal(values.get("sd.guidance_scale")?.value, 40);
});

Deno.test("parseRunConfig() takes YAML 1.1's words for true and false, as SD-piXL does", () => {
  for (const [typed, expected] of [["yes", true], ["No", false], ["ON", true], ["off", false]]) {
    const { values } = parseRunConfig(`generator:\n  gumbel: ${typed}\n`, "c.yaml");
    assert.equal(values.get("generator.gumbel")?.value, expected);
  }
});

Deno.test("parseRunConfig() takes a text as it was typed", () => {
  const prompts = [["0x10", "0x10"], ["1984", "1984"], ["yes", "yes"], ['"a: b"', "a: b"], [
    "~",
    "",
  ]];
  for (const [typed, expected] of prompts) {
    const { values } = parseRunConfig(`prompt: ${typed}\n`, "c.yaml");
    assert.equal(values.get("prompt")?.value, expected);
  }
});

Deno.test("parseRunConfig() accepts an empty file and a byte order mark", () => {
  assert.equal(parseRunConfig("# nothing\n", "c.yaml").values.size, 0);
  assert.equal(parseRunConfig("\uFEFFseed: 3\n", "c.yaml").values.get("seed")?.value, 3);
});

Deno.test("parseRunConfig() accepts keys without meaning here, with a note", () => {
  const { notes } = parseRunConfig(
    "diffusion:\n  enable_xformers: true\n  ldm_speed_up: false\n",
    "c.yaml",
  );
  assert.deepEqual(notes, [`"diffusion.enable_xformers" has no effect: there is no PyTorch here`]);
});

/** Former name and present name of each renamed key. */
const RENAMED = [
  ["generator.tone_mapping", "generator.gradient_map", "false", false],
  ["generator.stray_margin", "generator.orphan_margin", "0.25", 0.25],
] as const;

Deno.test("a former name of a key sets it, and a note tells the present one", () => {
  for (const [old, path, typed, value] of RENAMED) {
    const [section, name] = old.split(".");
    const sources = [
      parseRunConfig(`${section}:\n  ${name}: ${typed}\n`, "my.yaml"),
      parseSettings([`${old}=${typed}`]),
      sourceOf({ [old]: value }, "flag"),
    ];
    for (const { values, notes } of sources) {
      assert.deepEqual([...values].map(([key, found]) => [key, found.value]), [[path, value]]);
      assert.deepEqual(notes, [`"${old}" is now called "${path}"`]);
    }
    assert.deepEqual(parseSettings([`${path}=${typed}`]).notes, []);
  }
});

Deno.test("parseRunConfig() refuses a key under both of its names", () => {
  const text = "generator:\n  orphan_margin: 1\n  stray_margin: 1\n";
  assert.throws(() => parseRunConfig(text, "my.yaml"), {
    message: 'Cannot read config "my.yaml:3:3 generator.stray_margin": ' +
      'expected one of "generator.orphan_margin" and its former name, got both',
  });
});

Deno.test("parseRunConfig() needs no permission", { permissions: "none" }, () => {
  assert.equal(parseRunConfig("seed: 1\n", "c.yaml").values.size, 1);
});

Deno.test("parseSettings() reads values by the kind of their key", () => {
  const { values } = parseSettings([
    "generator.tau=0.7",
    'prompt=a "b": c = 1',
    "image=~",
    "controlnet.models_id=[canny, depth]",
  ]);
  assert.deepEqual([...values.values()].map(({ value }) => value), [
    0.7,
    'a "b": c = 1',
    null,
    ["canny", "depth"],
  ]);
});

Deno.test("parseSettings() rejects what is no key=value", () => {
  const cases = [
    ["tau", `"--set": expected key=value, got "tau"`],
    ["tau=1", `"--set tau": expected a known key; did you mean "generator.tau"?`],
    ["training=1", `"--set training": expected a key, got the name of a section`],
    ["seed=-1", `"--set seed": expected an integer in [0, 18446744073709551615], got "-1"`],
  ] as const;
  for (const [setting, problem] of cases) {
    assert.throws(() => parseSettings([setting]), { message: `Cannot read flag ${problem}` });
  }
});

Deno.test("sourceOf() leaves out undefined values and names the flag in errors", () => {
  assert.equal(sourceOf({ seed: undefined }, "--seed").values.size, 0);
  assert.throws(() => sourceOf({ "generator.image_H": 7 }, () => "--size"), {
    message: 'Cannot read flag "--size": expected an integer in [8, 256], got 7',
  });
});
