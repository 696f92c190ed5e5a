import { Command, CommanderError, Option } from "npm:@commander-js/extra-typings@15.1.0";
import { PALETTE_FILE } from "../../palette/palette_formats.ts";
import {
  DEFAULT_VIDEO_FORMAT,
  VIDEO_EXTENSIONS,
  VIDEO_FORMATS,
} from "../../video/video_formats.ts";
import type {
  CommandHandlers,
  GenerateFlags,
  LayersFlags,
  PalettesFlags,
  RandomTeacherFlags,
  VerifyFlags,
  VideoFlags,
} from "./command_flags.ts";
import {
  GENERATE_EXAMPLES,
  LAYERS_EXAMPLES,
  PALETTES_EXAMPLES,
  RANDOM_TEACHER_EXAMPLES,
  VERIFY_NOTES,
  VIDEO_EXAMPLES,
} from "./help_text.ts";
import { normalizeArguments } from "./normalize_arguments.ts";
import { SD_PIXL_FLAGS, type SdPixlValues } from "./sd_pixl_flags.ts";
import { UsageError } from "./usage_error.ts";

/** How the program prints. */
export interface ProgramOptions {
  /** Prints text of `--help`, which ends with a line end. */
  print(text: string): void;
  /** Columns of the terminal. */
  readonly columns: number;
}

/**
 * Parses arguments and runs the command that they name.
 *
 * @param args Arguments as typed, in any of the spellings that SD-piXL's users know.
 * @throws {UsageError} If a command, flag or argument is unknown or missing, with the nearest name.
 */
export async function runProgram(
  args: readonly string[],
  handlers: CommandHandlers,
  options: ProgramOptions,
): Promise<void> {
  const program = buildProgram(handlers, options);
  try {
    await program.parseAsync(normalizeArguments(args), { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return;
    // Without a command, the help has been printed.
    if (error.code === "commander.help") throw new UsageError("Cannot run: expected a command");
    throw new UsageError(explain(error.message), { cause: error });
  }
}

/** "error: unknown option '--promt'\n(Did you mean --prompt?)" in our style. */
function explain(message: string): string {
  const plain = message.replace(/^error: /, "").replaceAll("'", '"').trim()
    .replace(/\s*\n\((Did you mean)/, "; did you mean").replace(/\)$/, "").replace(/\.$/, "");
  return `Cannot read the command line: ${plain}`;
}

function buildProgram(handlers: CommandHandlers, { print, columns }: ProgramOptions) {
  const program = new Command("deno task")
    .description("Smalti turns a prompt, a size and a palette into pixel art.")
    .exitOverride()
    .helpCommand(false)
    .configureHelp({ helpWidth: Math.min(100, columns), showGlobalOptions: false })
    .configureOutput({
      writeOut: print,
      writeErr: print,
      // The error is printed once, where the program ends.
      outputError: () => undefined,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
  addGenerate(program.command("generate"), handlers);
  addLayers(program.command("layers"), handlers);
  addVideo(program.command("video"), handlers);
  addPalettes(program.command("palettes"), handlers);
  addVerify(program.command("verify"), handlers);
  addRandomTeacher(program.command("random-teacher"), handlers);
  return program;
}

const VIDEO_FORMAT_LIST = `${VIDEO_FORMATS.map(({ name }) => name).join(", ")}, ` +
  `or several with commas (default: ${DEFAULT_VIDEO_FORMAT.name})`;

const debug = () => new Option("--debug", "print the stack of an error");
const runtime = () =>
  new Option("--runtime <name>", "what runs the networks: auto, webgpu, wasm or native");
const collect = (
  value: string,
  before: readonly string[],
): readonly string[] => [...before, value];

const collectSome = (
  value: string,
  before: readonly string[] | undefined,
): readonly string[] => [...before ?? [], value];

function addGenerate(command: Command, handlers: CommandHandlers): void {
  command
    .description("Makes a picture.")
    .addOption(
      new Option("--prompt <text>", "what the picture shows; also -pt; several: a picture of each")
        .argParser(collectSome),
    )
    .option("--negative-prompt <text>", "what it must not show; also -npt")
    .addOption(
      new Option(
        "--palette <name|file>",
        `built-in palette or ${PALETTE_FILE} (see: deno task palettes); several: a picture in each`,
      ).argParser(collectSome),
    )
    .option("--size <H,W>", "height and width in pixels, each from 8 to 256")
    .option("--input-image <file>", "image to begin with and whose edges are kept")
    .option("--fit <how>", "of an image of another aspect ratio: crop, fit or pad (default: crop)")
    .option("--seed <number>", "the same seed makes the same picture on the same machine")
    .option(
      "--variations <number>",
      "as many pictures of each prompt and palette, with seeds from --seed on, and a sheet of all",
    )
    .option(
      "--batch <number>",
      "pictures of this call that are made at once, at most (default: as many as fit)",
    )
    .option("--preset <name>", "draft, standard, max or paper (SD-piXL's, slow); also --quality")
    .option("--steps <number>", "optimizer steps")
    .option("--config <file.yaml>", "config file; keys are SD-piXL's")
    .addOption(
      new Option("--set <key=value>", "any key of the config, such as sd.guidance_scale=15")
        .argParser(collect).default<readonly string[]>([], "none"),
    )
    .option(
      "--model <name|folder|url>",
      "the teacher: mini, sdxl, ssd1b, owner/name of the Hugging Face Hub, or a folder of that layout",
    )
    .option("--download", "download what is missing of models of the Hub")
    .option("--force-download", "download them anew, at their newest commit")
    .option("--kmeans-nb-colors <number>", "makes the palette of the input image by k-means")
    .addOption(runtime())
    .option("--output <folder>", "where the run makes its folder (default: workdir)")
    .option("--resume <folder|checkpoint>", "continues a run that was stopped")
    .option("--make-video", "also film the way: video_hard.mp4 and, as a mixture, video_soft.mp4")
    .option("--video-frame-freq <steps>", "steps from one frame to the next (default: 1)")
    .option("--video-size <H,W>", "height and width of the video in pixels (default: 512,512)")
    .option("--fps <number>", "frames a second (default: 30)")
    .option("--video-format <list>", VIDEO_FORMAT_LIST)
    .option("--tensorboard", "also write the metrics for TensorBoard; --verbose does, too")
    .option(
      "--verbose",
      "also show the memory plan; write what the run begins with and what its steps see",
    )
    .option("--json", "print one JSON object a line, for programs")
    .addOption(debug())
    .addHelpText("after", GENERATE_EXAMPLES);
  for (const { name, value } of SD_PIXL_FLAGS) {
    command.addOption(new Option(value ? `${name} <${value}>` : name).hideHelp());
  }
  command.action((flags) => {
    const { prompt, palette, ...rest } = flags as unknown as TypedFlags;
    return handlers.generate({
      ...rest,
      ...oneOrMore("prompt", prompt),
      ...oneOrMore("palette", palette),
      sdPixl: sdPixlValues(flags),
    });
  });
}

/** Flags of `generate`, of which two may be typed several times. */
type TypedFlags = Omit<GenerateFlags, "prompt" | "palette"> & {
  readonly prompt?: readonly string[];
  readonly palette?: readonly string[];
};

/** A flag that was typed once is that value; typed several times, it is a list. */
function oneOrMore(
  name: "prompt" | "palette",
  values: readonly string[] | undefined,
): Pick<GenerateFlags, "prompt" | "prompts" | "palette" | "palettes"> {
  if (values === undefined) return {};
  if (values.length === 1) return { [name]: values[0]! };
  return { [`${name}s`]: values };
}

/** Picks the flags that only SD-piXL's users know. */
function sdPixlValues(flags: Readonly<Record<string, unknown>>): SdPixlValues {
  const typed = SD_PIXL_FLAGS.map(({ name }) =>
    [name, flags[new Option(name).attributeName()]] as const
  );
  return Object.fromEntries(typed.filter(([, value]) => value !== undefined)) as SdPixlValues;
}

function addLayers(command: Command, handlers: CommandHandlers): void {
  command
    .description("Writes a picture of each color of a run, and argmax and softmax pictures.")
    .argument("[source]", "a run's folder, or a checkpoint_<step>.safetensors")
    .option("--palette <name|file>", `other colors: a built-in palette or ${PALETTE_FILE}`)
    .option("--output <folder>", "where they go; also --save_dir (default: layers, in the folder)")
    .option("--factor <number>", "makes each pixel a square of so many (default: 1)")
    .addOption(new Option("--checkpoint <path>").hideHelp())
    .addOption(new Option("--height <number>").hideHelp())
    .addOption(new Option("--width <number>").hideHelp())
    .addOption(debug())
    .addHelpText("after", LAYERS_EXAMPLES)
    .action((source, flags) => {
      const { checkpoint, ...rest } = flags as LayersFlags & { readonly checkpoint?: string };
      const path = source ?? checkpoint;
      if (path === undefined) {
        throw new UsageError("Cannot write layers: expected a run's folder or a checkpoint");
      }
      return handlers.layers(path, rest);
    });
}

function addVideo(command: Command, handlers: CommandHandlers): void {
  command
    .description("Makes a video of the intermediate pictures of a run.")
    .argument("<folder>", "a run's folder")
    .option("--format <list>", VIDEO_FORMAT_LIST)
    .option(
      "--video-size <H,W>",
      "height and width in pixels, a whole multiple of the picture's (default: what fits 512,512)",
    )
    .option("--fps <number>", "frames a second (default: 30, fewer if the video were below 3 s)")
    .option(
      "--output <file|folder>",
      `where it goes: a file that ends in ${
        VIDEO_EXTENSIONS.join(", ")
      }, or a folder (default: the run's)`,
    )
    .addOption(debug())
    .addHelpText("after", VIDEO_EXAMPLES)
    .action((folder, flags) => handlers.video(folder, flags as VideoFlags));
}

function addPalettes(command: Command, handlers: CommandHandlers): void {
  command
    .description("Shows palettes in the terminal and on a PNG sheet.")
    .argument(
      "[source...]",
      `built-in names, ${PALETTE_FILE}s or folders; none: all built-in palettes`,
    )
    .option("--sort <by>", "order of the swatches: hue, lightness or none (default: none)")
    .option("--html", "also write palettes.html, a page that needs nothing else")
    .option("--output <folder>", "where palettes.png goes (default: workdir)")
    .addOption(
      new Option("--hex-path <path>").argParser(collect).default<readonly string[]>([]).hideHelp(),
    )
    .addOption(debug())
    .addHelpText("after", PALETTES_EXAMPLES)
    .action((sources, flags) => {
      const { hexPath, ...rest } = flags;
      return handlers.palettes([...sources, ...hexPath], rest as PalettesFlags);
    });
}

function addVerify(command: Command, handlers: CommandHandlers): void {
  command
    .description("Compares networks and kernels on this machine with reference tensors.")
    .argument("[folder]", "folder of safetensors files beside a teacher; none: the project's own")
    .addOption(runtime())
    .addOption(debug())
    .addHelpText("after", VERIFY_NOTES)
    .action((folder, flags) => handlers.verify(folder, flags as VerifyFlags));
}

function addRandomTeacher(command: Command, handlers: CommandHandlers): void {
  command
    .description("Writes a teacher with random weights, of the size and structure of a known one.")
    .argument("<kind>", "sdxl, ssd1b or mini")
    .argument("<folder>", "where its files go")
    .option("--seed <number>", "the same seed makes the same weights")
    .addOption(
      new Option(
        "--controlnet <id>",
        "also a ControlNet of SDXL, such as canny_mid; may be repeated",
      )
        .argParser(collect).default<readonly string[]>([], "none"),
    )
    .addOption(debug())
    .addHelpText("after", RANDOM_TEACHER_EXAMPLES)
    .action((kind, folder, flags) =>
      handlers.randomTeacher(kind, folder, flags as RandomTeacherFlags)
    );
}
