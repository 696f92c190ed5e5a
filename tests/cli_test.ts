import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { COMMANDS } from "../lib/cli/flags/command_table.ts";
import { flagsOf } from "../lib/cli/flags/flag_table.ts";
import { PALETTE_EXTENSIONS } from "../lib/palette/formats/palette_formats.ts";
import { VIDEO_FORMATS } from "../lib/video/formats/video_formats.ts";
import { inTemporaryFolder } from "./support/temporary_folder.ts";

const CLI = fileURLToPath(new URL("../cli.ts", import.meta.url));
const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** Runs the program without any permission but those given. */
async function run(args: readonly string[], permissions: readonly string[] = []) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "--no-check", ...permissions, CLI, ...args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

Deno.test("cli suggests the nearest name for a typo, in one line", async () => {
  const cases: [string[], string][] = [
    [
      ["generate", "--promt", "a cat"],
      'error: Cannot read the command line: unknown option "--promt"; did you mean --prompt?; see --help\n',
    ],
    [
      ["generat"],
      'error: Cannot read the command line: unknown command "generat"; did you mean generate?; see --help\n',
    ],
    [
      ["generate", "--prompt"],
      'error: Cannot read the command line: option "--prompt <text>" argument missing; see --help\n',
    ],
  ];
  for (const [args, expected] of cases) {
    assert.deepEqual(await run(args), { code: 2, stdout: "", stderr: expected });
  }
});

Deno.test("cli prints help with examples, without any permission", async (t) => {
  const { code, stdout, stderr } = await run(["random-teacher", "--help"]);
  assert.deepEqual([code, stderr], [0, ""]);
  await t.assertSnapshot(stdout);
});

Deno.test("the help of each command lists its flags, and the formats", async () => {
  const words = (text: string) => text.replaceAll(/\s+/g, " ");
  for (const { name, help, notes } of COMMANDS) {
    const shown = words((await run([name, "--help"])).stdout);
    for (const text of [help, notes]) assert(shown.includes(words(text)), name);
    for (const { name: flag, value, help = "" } of flagsOf(name)) {
      const isShown = shown.includes(value === undefined ? `${flag} ` : `${flag} <${value}> `);
      assert.equal(isShown, help !== "", flag);
      for (const part of help.split(/\{[^}]*\}/)) assert(shown.includes(words(part)), flag);
    }
  }
  const shown = words((await run(["generate", "--help"])).stdout);
  for (const list of [PALETTE_EXTENSIONS, VIDEO_FORMATS.map(({ name }) => name)]) {
    assert(shown.includes(list.join(", ")), list.join(", "));
  }
});

Deno.test("the lines of each help fit 100 columns", async () => {
  for (const { name } of COMMANDS) {
    const { stdout } = await run([name, "--help"]);
    assert.deepEqual(stdout.split("\n").filter((line) => line.length > 100), [], name);
  }
});

Deno.test("cli palettes shows swatches and writes the sheet", async () => {
  await inTemporaryFolder(async (folder) => {
    const permissions = [`--allow-read=${ROOT}`, `--allow-write=${folder}`];
    const { code, stdout, stderr } = await run(
      ["palettes", "game-boy", "--output", folder],
      permissions,
    );
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^game-boy {2}4 colors\n.*\n {2}the four greens of/);
    const sheet = await Deno.readFile(`${folder}/palettes.png`);
    // Source: PNG specification, section 5.2.
    assert.deepEqual([...sheet.subarray(0, 8)], [137, 80, 78, 71, 13, 10, 26, 10]);
  });
});

Deno.test("cli names what is wrong with a palette, with the stack only on --debug", async () => {
  const permissions = [`--allow-read=${ROOT}`];
  const plain = await run(["palettes", "sweetie16x"], permissions);
  assert.equal(plain.code, 2);
  assert.match(plain.stderr, /^error: Cannot find palette "sweetie16x".*"?sweetie-16"?.*\n$/);
  const debug = await run(["palettes", "sweetie16x", "--debug"], permissions);
  assert.match(debug.stderr, /\n {4}at /);
});

Deno.test("cli exits with 2 for unknown names, and with 1 for missing files", async () => {
  const cases: [string[], number, RegExp][] = [
    [["random-teacher", "nosuch", "x"], 2, /Cannot make the teacher "nosuch": expected one of/],
    [["random-teacher", "mini", "x", "--controlnet", "y"], 2, /Cannot make the ControlNet "y": /],
    [
      ["random-teacher", "sd15", "x", "--controlnet", "canny_mid"],
      2,
      /Cannot make the ControlNet "canny_mid": expected one of canny, depth;/,
    ],
    [["palettes", "--sort", "size"], 2, /expected one of none, hue, lightness for --sort/],
    [["palettes", "no/such.hex"], 1, /Cannot find palette "no\/such.hex": there is no such file/],
    [["inspect", "no/such.safetensors"], 1, /Cannot read ".*": there is no such file/],
    [["video", "no/such"], 1, /Cannot read "no\/such": there is no such file or folder/],
  ];
  for (const [args, expected, message] of cases) {
    const { code, stderr } = await run(args, ["--allow-read"]);
    assert.match(stderr, message);
    assert.equal(code, expected, stderr);
  }
});
