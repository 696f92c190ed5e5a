/**
 * The command line: `generate`, `layers`, `video`, `palettes`, `pixelize`, `export`, `sheet`,
 * `craft`, `verify`, `inspect`, `random-teacher`, `worker`, `queue` and `studio`.
 *
 * `deno task generate …` runs it with the permissions that it needs.
 *
 * @module
 */
import { describeError } from "./lib/cli/commands/describe_error.ts";
import type { PictureFunctions } from "./lib/cli/commands/generate.ts";
import {
  hasSwitch,
  parseCommandLine,
  type ParsedCommand,
} from "./lib/cli/flags/parse_command_line.ts";
import { formatName, PALETTE_FILE_FORMATS } from "./lib/outputs/export_palettes.ts";
import { terminalOf } from "./lib/cli/commands/terminal_of.ts";
import type { Terminal } from "./lib/report/terminal.ts";
import { PALETTE_EXTENSIONS } from "./lib/palette/formats/palette_formats.ts";
import {
  DEFAULT_VIDEO_FORMAT,
  VIDEO_EXTENSIONS,
  VIDEO_FORMATS,
} from "./lib/video/formats/video_formats.ts";

const VIDEO_FORMAT_LIST = `${VIDEO_FORMATS.map(({ name }) => name).join(", ")}, ` +
  `or several with commas (default: ${DEFAULT_VIDEO_FORMAT.name})`;

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
  try {
    const parsed = parseCommandLine(args, {
      print: (text) => out.write(text),
      columns: out.columns(),
      lists: {
        "palette files": PALETTE_EXTENSIONS.join(", "),
        "palette formats": PALETTE_FILE_FORMATS.map(formatName).join(", "),
        "video formats": VIDEO_FORMAT_LIST,
        "video extensions": VIDEO_EXTENSIONS.join(", "),
      },
    });
    return parsed === undefined ? 0 : await runCommand(parsed, { out, status });
  } catch (error) {
    const text = describeError(error, hasSwitch(args, "--debug"));
    if (hasSwitch(args, "--json")) {
      out.write(`${JSON.stringify({ event: "error", message: text.message })}\n`);
    } else {
      status.write(`error: ${text.message}\n`);
    }
    return text.code;
  }
}

/** Runs a command; each loads its own part of the library. */
async function runCommand(
  parsed: ParsedCommand,
  terminals: { readonly out: Terminal; readonly status: Terminal },
): Promise<number> {
  switch (parsed.command) {
    case "generate": {
      const { generateCommand } = await import("./lib/cli/commands/generate.ts");
      return await generateCommand(parsed.flags, terminals, LIBRARY);
    }
    case "layers": {
      const { layersCommand } = await import("./lib/cli/commands/layers.ts");
      await layersCommand(parsed.args[0], parsed.flags, terminals);
      return 0;
    }
    case "video": {
      const { videoCommand } = await import("./lib/cli/commands/video.ts");
      return await videoCommand(parsed.args[0]!, parsed.flags, terminals);
    }
    case "palettes": {
      const { palettesCommand } = await import("./lib/cli/commands/palettes.ts");
      await palettesCommand(parsed.args, parsed.flags, terminals);
      return 0;
    }
    case "pixelize": {
      const { pixelizeCommand } = await import("./lib/cli/commands/pixelize.ts");
      return await pixelizeCommand(parsed.args, parsed.flags, terminals);
    }
    case "export": {
      const { exportCommand } = await import("./lib/cli/commands/export.ts");
      await exportCommand(parsed.args, parsed.flags, terminals);
      return 0;
    }
    case "sheet": {
      const { sheetCommand } = await import("./lib/cli/commands/sheet.ts");
      await sheetCommand(parsed.args, parsed.flags, terminals);
      return 0;
    }
    case "craft": {
      const { craftCommand } = await import("./lib/cli/commands/craft.ts");
      const [kind, source] = parsed.args as [string, string];
      await craftCommand(kind, source, parsed.flags, terminals);
      return 0;
    }
    case "verify": {
      const { verifyCommand } = await import("./lib/cli/commands/verify.ts");
      const { verifyFolder } = await import("./lib/verify/verify_folder.ts");
      return await verifyCommand(
        parsed.args[0],
        parsed.flags,
        terminals,
        (folder, options) => verifyFolder(folder ?? GOLDENS, options),
      );
    }
    case "inspect": {
      const { inspectCommand } = await import("./lib/cli/commands/inspect.ts");
      return await inspectCommand(parsed.args[0]!, parsed.flags, terminals);
    }
    case "worker": {
      const { workerCommand } = await import("./lib/cli/commands/worker.ts");
      const openGpu = async () => {
        const { Gpu } = await import("./kernels/gpu/gpu.ts");
        return await Gpu.request();
      };
      const { createRun } = LIBRARY;
      return await workerCommand(parsed.flags, terminals, { createRun, openGpu });
    }
    case "queue": {
      const { queueCommand } = await import("./lib/cli/commands/queue.ts");
      return await queueCommand(parsed.args, parsed.flags, terminals);
    }
    case "studio": {
      const { studioCommand } = await import("./lib/studio/studio_command.ts");
      return await studioCommand(parsed.flags, terminals);
    }
    case "random-teacher": {
      const { randomTeacherCommand } = await import("./lib/cli/commands/random_teacher.ts");
      const [kind, folder] = parsed.args as [string, string];
      await randomTeacherCommand(kind, folder, parsed.flags, terminals);
      return 0;
    }
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
