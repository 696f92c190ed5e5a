import { Command, CommanderError, Option } from "npm:@commander-js/extra-typings@15.1.0";
import { normalizeArguments } from "./normalize_arguments.ts";

/** Flags that all commands have. */
export interface SharedFlags {
  /** Whether errors print their stack. */
  readonly debug?: true;
}

/** Flags of `generate`, as typed. */
export interface GenerateFlags extends SharedFlags {
  readonly prompt?: string;
  readonly negativePrompt?: string;
  readonly palette?: string;
  readonly size?: string;
  readonly inputImage?: string;
  readonly fit?: string;
  readonly seed?: string;
  readonly preset?: string;
  readonly steps?: string;
  readonly config?: string;
  readonly set: readonly string[];
  readonly model?: string;
  readonly kmeansNbColors?: string;
  readonly runtime?: string;
  readonly output?: string;
  readonly resume?: string;
  readonly verbose?: true;
  readonly json?: true;
}

/** Flags of `palettes`, as typed. */
export interface PalettesFlags extends SharedFlags {
  readonly output?: string;
}

/** Flags of `verify`, as typed. */
export interface VerifyFlags extends SharedFlags {
  readonly runtime?: string;
}

/** Flags of `random-teacher`, as typed. */
export interface RandomTeacherFlags extends SharedFlags {
  readonly seed?: string;
  readonly controlnet: readonly string[];
}

/** What runs the commands. */
export interface CommandHandlers {
  generate(flags: GenerateFlags): Promise<void>;
  palettes(sources: readonly string[], flags: PalettesFlags): Promise<void>;
  verify(folder: string | undefined, flags: VerifyFlags): Promise<void>;
  randomTeacher(kind: string, folder: string, flags: RandomTeacherFlags): Promise<void>;
}

/** The command line is wrong. */
export class UsageError extends TypeError {
  /** Name of the class, as it is printed. */
  override readonly name = "UsageError";
}

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
  const collect = (
    value: string,
    before: readonly string[],
  ): readonly string[] => [...before, value];
  const debug = () => new Option("--debug", "print the stack of an error");
  const runtime = () =>
    new Option("--runtime <name>", "what runs the networks: auto, webgpu, wasm or native");

  program.command("generate")
    .description("Makes a picture.")
    .option("--prompt <text>", "what the picture shows; also -pt")
    .option("--negative-prompt <text>", "what it must not show; also -npt")
    .option("--palette <name|file>", "built-in palette or .hex file (see: deno task palettes)")
    .option("--size <H,W>", "height and width in pixels, each from 8 to 256")
    .option("--input-image <file>", "image to begin with and whose edges are kept")
    .option("--fit <how>", "of an image of another aspect ratio: crop, fit or pad (default: crop)")
    .option("--seed <number>", "the same seed makes the same picture on the same machine")
    .option("--preset <name>", "standard (fast) or paper (SD-piXL's settings, slow)")
    .option("--steps <number>", "optimizer steps")
    .option("--config <file.yaml>", "config file; keys are SD-piXL's")
    .addOption(
      new Option("--set <key=value>", "any key of the config, such as sd.guidance_scale=15")
        .argParser(collect).default<readonly string[]>([], "none"),
    )
    .option("--model <name|folder|url>", "the teacher: mini, or one in diffusers layout")
    .option("--kmeans-nb-colors <number>", "makes the palette of the input image by k-means")
    .addOption(runtime())
    .option("--output <folder>", "where the run makes its folder (default: workdir)")
    .option("--resume <folder|checkpoint>", "continues a run that was stopped")
    .option("--verbose", "also write what the run begins with and softmax pictures of the way")
    .option("--json", "print one JSON object a line, for programs")
    .addOption(debug())
    .addHelpText("after", GENERATE_EXAMPLES)
    .action((flags) => handlers.generate(flags as GenerateFlags));

  program.command("palettes")
    .description("Shows palettes in the terminal and on a PNG sheet.")
    .argument("[source...]", "built-in names, .hex files or folders; none: all built-in palettes")
    .option("--output <folder>", "where palettes.png goes (default: workdir)")
    .addOption(debug())
    .addHelpText("after", PALETTES_EXAMPLES)
    .action((sources, flags) => handlers.palettes(sources, flags as PalettesFlags));

  program.command("verify")
    .description("Compares networks and kernels on this machine with reference tensors.")
    .argument("[folder]", "folder of safetensors files beside a teacher; none: the project's own")
    .addOption(runtime())
    .addOption(debug())
    .addHelpText("after", VERIFY_NOTES)
    .action((folder, flags) => handlers.verify(folder, flags as VerifyFlags));

  program.command("random-teacher")
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

  return program;
}

const GENERATE_EXAMPLES = `
Flags may be written with underscores, as in SD-piXL: --input_image, --negative_prompt.

Examples:
  deno task generate --prompt "a castle on a blue background" --palette sweetie-16 --size 32,32
  deno task generate --prompt "a cat" --palette pico-8 --size 48,32 --seed 7
  deno task generate --prompt "a dragon" --input_image dragon.png --palette my_colors.hex
  deno task generate --config my.yaml --set training.steps=300 --set sd.guidance_scale=15
  deno task generate --resume workdir/standard/2026-11-24-09-05-00-mini-im32x32-sweetie-16

Ctrl-C stops early: the picture so far and a checkpoint are written. A second one stops at once.`;

const PALETTES_EXAMPLES = `
Examples:
  deno task palettes
  deno task palettes sweetie-16 pico-8
  deno task palettes my_palettes --output sheets`;

const VERIFY_NOTES = `
Prints one line a tensor: name, greatest absolute error, relative error, and ok, FAIL or skipped.
Ends with 1 if one fails.`;

const RANDOM_TEACHER_EXAMPLES = `
It measures time and memory; what it draws is noise. SDXL takes 6.9 GB on the disk.

Examples:
  deno task random-teacher mini workdir/random-mini
  deno task random-teacher sdxl /data/random-sdxl --controlnet canny_mid --controlnet depth_mid
  deno task generate --model /data/random-sdxl --prompt "a cat" --steps 3`;
