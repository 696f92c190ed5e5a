import assert from "node:assert/strict";
import { COMMANDS } from "../../../../lib/cli/flags/command_table.ts";
import type { Flag } from "../../../../lib/cli/flags/flag.ts";
import { FLAGS, flagsOf } from "../../../../lib/cli/flags/flag_table.ts";
import {
  attachValues,
  hasSwitch,
  parseCommandLine,
} from "../../../../lib/cli/flags/parse_command_line.ts";

const CASES: readonly (readonly [readonly string[], readonly string[]])[] = [
  [["--input_image", "my_cat.png"], ["--input-image=my_cat.png"]],
  [["--input_image=my_cat.png"], ["--input-image=my_cat.png"]],
  [["-pt", "a cat", "-npt", "a dog"], ["--prompt=a cat", "--negative-prompt=a dog"]],
  [["-pt=a_b"], ["--prompt=a_b"]],
  [["--prompt", "--input_image"], ["--prompt=--input_image"]],
  [["--negative_prompt", "-pt"], ["--negative-prompt=-pt"]],
  [["--prompt", "--", "--json"], ["--prompt=--", "--json"]],
  [["--prompt", "a=b\n--json"], ["--prompt=a=b\n--json"]],
  [["--seed", "--json"], ["--seed=--json"]],
  [["-update", "a.b=1 c.d=x y e=[1, 2]"], ["--set=a.b=1", "--set=c.d=x y", "--set=e=[1, 2]"]],
  [["--set", "generator.image_H=16"], ["--set=generator.image_H=16"]],
  [["--", "--input_image"], ["--", "--input_image"]],
  [["-d", "7"], ["--seed=7"]],
  [["--quality", "draft"], ["--preset=draft"]],
  [["-mv", "--json"], ["--make-video", "--json"]],
  [["--prompt"], ["--prompt"]],
  [["-1"], ["-1"]],
];

Deno.test("attachValues() gives each flag one spelling and keeps values", () => {
  for (const [typed, expected] of CASES) {
    assert.deepEqual(attachValues(typed, flagsOf("generate")), expected);
  }
});

Deno.test("a value is never taken for a flag", () => {
  const parsed = parseCommandLine(["generate", "--prompt", "--json", "--fit", "--runtime=native"]);
  assert(parsed?.command === "generate");
  assert.deepEqual({ ...parsed.flags }, { prompt: ["--json"], fit: "--runtime=native" });
  assert(!hasSwitch(["generate", "--prompt", "--json", "--promt"], "--json"));
  assert(hasSwitch(["generate", "--json", "--promt"], "--json"));
});

Deno.test("a flag in the place of a value is named, if something is left over", () => {
  assert.throws(() => parseCommandLine(["generate", "--prompt", "-pt", "a cat"]), {
    name: "UsageError",
    message: 'Cannot read the command line: expected <text> after --prompt, got the flag "-pt"',
  });
});

Deno.test("an empty value is refused, except where it means something", () => {
  for (const flag of ["--output", "--config", "--resume", "--input-image", "--model"]) {
    for (const args of [[flag, ""], [`${flag}=`]]) {
      assert.throws(() => parseCommandLine(["generate", ...args]), {
        name: "UsageError",
        message: new RegExp(`expected <.*> after ${flag}, got an empty value$`),
      });
    }
  }
  for (const args of [["video", ""], ["palettes", "a", ""], ["random-teacher", "mini", ""]]) {
    assert.throws(() => parseCommandLine(args), {
      name: "UsageError",
      message: /expected a name or path, got an empty one$/,
    });
  }
  const parsed = parseCommandLine(["generate", "--prompt", "", "--negative-prompt="]);
  assert(parsed?.command === "generate");
  assert.deepEqual({ ...parsed.flags }, { prompt: [""], negativePrompt: "" });
});

Deno.test("each name of a flag is that of one flag of its command", () => {
  const all: readonly Flag[] = FLAGS;
  for (const { name } of COMMANDS) {
    const names = flagsOf(name).flatMap((flag) => [flag.name, ...flag.aliases ?? []]);
    assert.deepEqual(names.filter((one, i) => names.indexOf(one) < i), [], name);
  }
  for (const flag of all) {
    assert(flag.commands.length > 0, flag.name);
    if (flag.help === undefined) continue;
    const help = all.filter(({ name }) => name === flag.name).map(({ help }) => help);
    assert(!flag.help.endsWith("."), String(help));
  }
});
