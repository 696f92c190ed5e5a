import assert from "node:assert/strict";
import { parseSettings } from "../../../../config/parse_run_config.ts";
import { describeError } from "../../../../lib/cli/commands/describe_error.ts";
import { sourcesOfFlags } from "../../../../lib/cli/flags/config_from_flags.ts";
import { parseCommandLine } from "../../../../lib/cli/flags/parse_command_line.ts";
import { movesOf } from "../../../../lib/constraint/symmetry.ts";
import { findTeacher } from "../../../../lib/distill/find_teacher.ts";
import { OutputError } from "../../../../lib/files/output_error.ts";
import { HubError } from "../../../../lib/hub/hub_error.ts";
import { namedBackground } from "../../../../lib/initialization/background.ts";
import { findPalette } from "../../../../lib/palette/formats/find_palette.ts";
import { Palette } from "../../../../lib/palette/palette.ts";
import { accessErrorText } from "../../../../lib/text/access_error.ts";
import { ModelFolderError } from "../../../../lib/weights/model_folder.ts";

/** Returns the error of a function. */
async function errorOf(run: () => unknown): Promise<unknown> {
  try {
    await run();
  } catch (error) {
    return error;
  }
  throw new Error("expected an error");
}

const PALETTE = new Palette("black", Uint8Array.of(0, 0, 0));
const TEACHER = { modelId: "nonsense", vaeId: null, loraPath: null, loraScale: 1 };
const noFile = () => Promise.resolve(undefined);

Deno.test("describeError() gives 2 for wrong flags, keys, values and names", async () => {
  const cases: [() => unknown, RegExp][] = [
    [() => parseCommandLine(["generate", "--nosuch"]), /^Cannot read the command line: /],
    [() => parseSettings(["nosuch=1"]), /^Cannot read flag "--set nosuch": expected a known key/],
    [() => sourcesOfFlags({ preset: "nosuch" }), /^Cannot read flag "--preset": expected one of/],
    [() => findPalette("nosuch", noFile), /^Cannot find palette "nosuch": expected a built-in/],
    [() => movesOf("rotate4", { height: 8, width: 9 }), /^Cannot turn a picture by 90 degrees: /],
    [() => namedBackground("50", PALETTE), /^Cannot use the background "50": expected auto, /],
    [() => findTeacher(TEACHER), /^Cannot find the model "nonsense": expected mini, sdxl, /],
  ];
  for (const [run, message] of cases) {
    const text = describeError(await errorOf(run), false);
    assert.match(text.message, message);
    assert.equal(text.code, 2, text.message);
  }
});

Deno.test("describeError() gives 1 for files, models and all else", async () => {
  const cases: [() => unknown, RegExp][] = [
    [() => findPalette("no/such.hex", noFile), /^Cannot find palette "no\/such.hex": there is no/],
    [() => findTeacher({ ...TEACHER, modelId: "./nosuch" }), /^Cannot use "\.\/nosuch" as a teac/],
    [() => Promise.reject(new TypeError("odd")), /^odd; run again with --debug to see where$/],
  ];
  for (const [run, message] of cases) {
    const text = describeError(await errorOf(run), false);
    assert.match(text.message, message);
    assert.equal(text.code, 1, text.message);
  }
});

Deno.test("describeError() names flags of the task instead of Deno's permissions", () => {
  const denied = new Deno.errors.NotCapable("Requires access");
  const cases: [Error, string][] = [
    [
      OutputError.from("read", "/a b", denied),
      'Cannot read "/a b": no permission; name the file or folder by its flag on the command line',
    ],
    [
      OutputError.from("create folder", "/proc/x", denied),
      'Cannot create folder "/proc/x": no permission; choose another folder with --output',
    ],
    [
      new ModelFolderError("/m", accessErrorText(denied, '--allow-read="/m"')),
      'Cannot read "/m": no permission; name the file or folder by its flag on the command line',
    ],
    [
      new HubError(`Cannot reach x.org: ${accessErrorText(denied, "--allow-net=x.org")}`),
      "Cannot reach x.org: no permission; type the model and --download on the command line",
    ],
    [
      new HubError(
        'Cannot download the model "a/b": permission is needed for the cache, run again with ' +
          '--allow-read="/c" --allow-write="/c"',
      ),
      'Cannot download the model "a/b": no permission; type the model and --download on the ' +
      "command line",
    ],
    [
      new Error("Cannot load x: permission is needed, run again with --allow-ffi"),
      "Cannot load x: no permission; type --runtime native on the command line",
    ],
  ];
  for (const [error, message] of cases) assert.equal(describeError(error, false).message, message);
});

Deno.test("describeError() shows a bounded part of what a file put into a message", () => {
  const huge = "x".repeat(1_000_000);
  for (const error of [new HubError(`Cannot use "${huge}": fetch it anew`), huge]) {
    const { message } = describeError(error, false);
    assert(message.length <= 1100, String(message.length));
  }
  assert.match(
    describeError(new HubError(`Cannot use "${huge}": fetch it anew`), false).message,
    /: fetch it anew$/,
  );
});
