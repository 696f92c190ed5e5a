/**
 * The command line: `generate`, `layers`, `video`, `palettes`, `verify` and `random-teacher`.
 *
 * `deno task generate …` runs it with the permissions that it needs.
 *
 * @module
 */
import { describeError } from "./lib/cli/commands/describe_error.ts";
import type { PictureFunctions } from "./lib/cli/commands/generate.ts";
import type { CommandHandlers } from "./lib/cli/flags/command_flags.ts";
import { runProgram } from "./lib/cli/flags/program.ts";
import { terminalOf } from "./lib/report/terminal.ts";

/** The functions that make pictures; each is loaded at its first call. */
const LIBRARY: PictureFunctions = {
  async createRun(config, inputs) {
    const { createRun } = await import("./lib/distill/create_run.ts");
    return await createRun(config, inputs);
  },
  async chooseBatch(gpu, config, inputs) {
    const { chooseBatch } = await import("./lib/distill/choose_batch.ts");
    return await chooseBatch(gpu, config, inputs);
  },
};

/** The reference tensors of the project. */
const GOLDENS = new URL("./tests/fixtures/goldens/", import.meta.url);

/**
 * Runs a command.
 *
 * @param args Arguments as typed, the command first.
 * @returns The exit code: 0, 1 for a failure, 2 for wrong arguments, 130 after Ctrl-C.
 */
export async function main(args: readonly string[]): Promise<number> {
  const out = terminalOf(Deno.stdout);
  const status = terminalOf(Deno.stderr);
  let code = 0;
  // Each command loads its own part of the library.
  const handlers: CommandHandlers = {
    async generate(flags) {
      const { generateCommand } = await import("./lib/cli/commands/generate.ts");
      code = await generateCommand(flags, { out, status }, LIBRARY);
    },
    async layers(source, flags) {
      const { layersCommand } = await import("./lib/cli/commands/layers.ts");
      await layersCommand(source, flags, { out });
    },
    async video(folder, flags) {
      const { videoCommand } = await import("./lib/cli/commands/video.ts");
      code = await videoCommand(folder, flags, { out, status });
    },
    async palettes(sources, flags) {
      const { palettesCommand } = await import("./lib/cli/commands/palettes.ts");
      await palettesCommand(sources, flags, { out, status });
    },
    async verify(folder, flags) {
      const { verifyCommand } = await import("./lib/cli/commands/verify.ts");
      const { verifyFolder } = await import("./lib/verify/verify_folder.ts");
      code = await verifyCommand(
        folder,
        flags,
        { out },
        (folder, options) => verifyFolder(folder ?? GOLDENS, options),
      );
    },
    async randomTeacher(kind, folder, flags) {
      const { randomTeacherCommand } = await import("./lib/cli/commands/random_teacher.ts");
      await randomTeacherCommand(kind, folder, flags, { out });
    },
  };
  try {
    await runProgram(args, handlers, { print: (text) => out.write(text), columns: out.columns() });
    return code;
  } catch (error) {
    const text = describeError(error, args.includes("--debug"));
    if (args.includes("--json")) {
      out.write(`${JSON.stringify({ event: "error", message: text.message })}\n`);
    } else {
      status.write(`error: ${text.message}\n`);
    }
    return text.code;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
