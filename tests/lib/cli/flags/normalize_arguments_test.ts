import assert from "node:assert/strict";
import { normalizeArguments } from "../../../../lib/cli/flags/normalize_arguments.ts";

const CASES: readonly (readonly [readonly string[], readonly string[]])[] = [
  [["--input_image", "my_cat.png"], ["--input-image", "my_cat.png"]],
  [["--input_image=my_cat.png"], ["--input-image=my_cat.png"]],
  [["-pt", "a cat", "-npt", "a dog"], ["--prompt", "a cat", "--negative-prompt", "a dog"]],
  [["-pt=a_b"], ["--prompt=a_b"]],
  [["--prompt", "--input_image"], ["--prompt", "--input_image"]],
  [["--negative_prompt", "-pt"], ["--negative-prompt", "-pt"]],
  [["-update", "a.b=1 c.d=x y e=[1, 2]"], [
    "--set",
    "a.b=1",
    "--set",
    "c.d=x y",
    "--set",
    "e=[1, 2]",
  ]],
  [["--set", "generator.image_H=16"], ["--set", "generator.image_H=16"]],
  [["--", "--input_image"], ["--", "--input_image"]],
  [["-d", "7"], ["--seed", "7"]],
  [["--quality", "draft"], ["--preset", "draft"]],
  [["-1"], ["-1"]],
];

Deno.test("normalizeArguments() gives each flag one spelling and keeps values", () => {
  for (const [typed, expected] of CASES) assert.deepEqual(normalizeArguments(typed), expected);
});
