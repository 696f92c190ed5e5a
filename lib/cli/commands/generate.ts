import { basename } from "node:path";
import type { RunConfig } from "../../../config/run_config.ts";
import type { Image } from "../../image/image.ts";
import { MAX_INVENTORY_BYTES, parseInventory } from "../../craft/inventory.ts";
import { checkRules, type RuleImages } from "../../initialization/config_rules.ts";
import { namedBackground } from "../../initialization/background.ts";
import { MAX_IMAGE_BYTES, readImage } from "./read_image.ts";
import { derivedPaletteName } from "../../initialization/initialize.ts";
import { probeFolder, removeTemporaryFiles } from "../../files/probe_folder.ts";
import { readFile } from "../../files/read_file.ts";
import { createPaletteReader } from "../../hub/lospec.ts";
import { createRunFolder, runsFolder } from "../../outputs/run_folder.ts";
import { checkVideoColors, DEFAULT_VIDEO_FORMAT } from "../../video/formats/video_formats.ts";
import { findPalette } from "../../palette/formats/find_palette.ts";
import { combinations, isMultiple, refuseResume } from "../flags/combinations.ts";
import type { FlagsOf } from "../flags/flag_table.ts";
import { parseCount } from "../flags/parse_values.ts";
import { readVideoRequest, type VideoRequest } from "../flags/video_flags.ts";
import { imageNotes } from "./image_notes.ts";
import { Interrupt } from "./interrupt.ts";
import type { TimedCheckpoints } from "./step_files.ts";
import { makePicture, type MakePictureOptions, type PictureOrder } from "./make_picture.ts";
import type { MakeSeveralOptions } from "./make_several.ts";
import { refuseForQueue, serverAddressOf } from "./queue_flags.ts";
import type { Reporter } from "../../report/reporter.ts";
import { createReporter } from "../../report/create_reporter.ts";
import { readRequest, type Request } from "../flags/run_request.ts";
import type { Terminal } from "../../report/terminal.ts";
import { UsageError } from "../flags/flag.ts";
import type { Run } from "../../distill/run.ts";
import { checkInventory } from "../../distill/run_inputs.ts";
import { decodeCheckpoint } from "../../run/decode_checkpoint.ts";
import { defined } from "../../text/defined.ts";
import { refuseLinks } from "./refuse_links.ts";
import { videoNotes } from "./video_notes.ts";

/** Exit code of a program that Ctrl-C stopped: 128 + SIGINT. */
const INTERRUPTED = 130;

/** The functions of the library that make pictures; a test passes fakes. */
export type PictureFunctions = Pick<MakeSeveralOptions, "createRun" | "chooseBatch">;

/** Pictures that flags ask for, with their inputs read. */
interface PreparedPictures {
  /** What the flags and the config files ask for. */
  readonly request: Request;
  /** One entry for each picture. */
  readonly orders: readonly PictureOrder[];
  /** Whether they go in one folder with an index. */
  readonly isMultiple: boolean;
  /** Files that flags ask for. */
  readonly extras: MakePictureOptions["extras"];
  /** Given, the pictures are frames of one subject. */
  readonly framesPerSecond: number | undefined;
}

/**
 * Makes a picture, or several, and writes their folders.
 *
 * @param terminals `out` shows results, `status` shows progress.
 * @returns The exit code.
 */
export async function generateCommand(
  flags: FlagsOf<"generate">,
  terminals: { readonly out: Terminal; readonly status: Terminal },
  functions: PictureFunctions,
): Promise<number> {
  const reporter = createReporter(flags.json ?? false, terminals.out, terminals.status);
  if (flags.queue !== undefined) return await queueCommand(flags, reporter);
  const prepared = await preparePictures(flags);
  // A stopped run reports that itself.
  using interrupt = new Interrupt(() => {});
  const { signal } = interrupt;
  await makePictures(prepared, { ...functions, reporter, signal });
  return signal.aborted ? INTERRUPTED : 0;
}

/**
 * Reads the config and the input files of the pictures that flags ask for, and checks that their
 * folder can be written. Nothing large is loaded.
 *
 * @throws {UsageError} If flags contradict each other, or there is neither prompt nor image.
 * @throws {ConfigError} If a value does not fit, naming the flag.
 * @throws {OutputError} If a file cannot be read, or the folder cannot be written.
 */
export async function preparePictures(flags: FlagsOf<"generate">): Promise<PreparedPictures> {
  const pictures = await readPictures(flags);
  const { request } = pictures;
  // Before anything is loaded.
  if (request.folder !== undefined) await removeTemporaryFiles(request.folder);
  await probeFolder(request.folder ?? runsFolder(request.config.output, request.name));
  return pictures;
}

async function readPictures(flags: FlagsOf<"generate">): Promise<PreparedPictures> {
  if (isMultiple(flags)) refuseResume(flags);
  const request = await readRequest(flags);
  if (request.folder !== undefined) await refuseLinks(request.folder);
  const configs = isMultiple(flags) ? combinations(flags, request.config) : [request.config];
  for (const config of configs) checkPrompt(config);
  const video = readVideoRequest(flags);
  // SD-piXL writes them with --verbose.
  const { verbose = false, tensorboard = verbose } = flags;
  const orders = await readOrders(configs, { flags, request, video });
  const extras = { verbose, tensorboard, video };
  const framesPerSecond = flags.frames === undefined ? undefined : frameRate(flags);
  return { request, orders, isMultiple: isMultiple(flags), extras, framesPerSecond };
}

/** Options of {@linkcode makePictures}. */
export interface MakePicturesOptions
  extends PictureFunctions, Omit<MakePictureOptions, "extras" | "createRun"> {
  /** Checkpoints besides those of the config. Default: one a minute. */
  readonly checkpoints?: TimedCheckpoints;
}

/** Makes the pictures that {@linkcode preparePictures} has read, and writes their folders. */
export async function makePictures(
  { request: { name }, orders, isMultiple, extras, framesPerSecond }: PreparedPictures,
  { checkpoints, ...options }: MakePicturesOptions,
): Promise<void> {
  const all = { ...options, extras: { ...extras, ...defined({ checkpoints }) } };
  if (isMultiple) {
    const { makeSeveral } = await import("./make_several.ts");
    await makeSeveral(orders, { ...all, name, ...defined({ framesPerSecond }) });
  } else {
    await makePicture(orders[0]!, all);
  }
}

/** Has the pictures made by the workers of a queue. */
async function queueCommand(flags: FlagsOf<"generate">, reporter: Reporter): Promise<number> {
  refuseForQueue(flags);
  const address = serverAddressOf(flags);
  const { orders, request } = await readPictures(flags);
  using interrupt = new Interrupt(() => {});
  const { signal } = interrupt;
  const { image: path } = request.config;
  const image = path === null ? undefined : await readFile(path, { maxBytes: MAX_IMAGE_BYTES });
  const { queuePictures } = await import("./queue_pictures.ts");
  await queuePictures(orders, { address, flags, image, reporter, signal });
  return signal.aborted ? INTERRUPTED : 0;
}

/** Frames a second of an animation if nothing is said: poses, not movement. */
const FRAME_RATE = 4;
const MAX_FRAME_RATE = 50;

function frameRate({ fps }: FlagsOf<"generate">): number {
  return fps === undefined ? FRAME_RATE : parseCount(fps, "--fps", MAX_FRAME_RATE);
}

function checkPrompt(config: RunConfig): void {
  if (config.prompt.trim() !== "" || config.image !== null) return;
  throw new UsageError(
    'Cannot generate: expected a prompt or an image; add --prompt "a castle" or --input-image',
  );
}

/**
 * Reads the input files of all pictures, so that missing ones are reported before the first run.
 */
async function readOrders(
  configs: readonly RunConfig[],
  { flags, request, video }: {
    readonly flags: FlagsOf<"generate">;
    readonly request: Request;
    readonly video: VideoRequest | undefined;
  },
): Promise<PictureOrder[]> {
  const readPalette = createPaletteReader({ download: flags.download ?? false });
  const names = [...new Set(configs.map(({ generator }) => generator.palette))];
  const found = await Promise.all(names.map((name) => findPalette(name, readPalette)));
  const palettes = new Map(names.map((name, i) => [name, found[i]!]));
  const decodeNotes: string[] = [];
  const images = new Map<string, Image>();
  for (const { image: path } of configs) {
    if (path === null || images.has(path)) continue;
    images.set(path, await readImage(path, (note) => void decodeNotes.push(note)));
  }
  const ruleImages = await readRuleImages(configs[0]!, (note) => void decodeNotes.push(note));
  const inventory = await readInventory(request.config.generator.inventory);
  const { checkpoint: file } = request;
  const checkpoint = file === undefined ? undefined : decodeCheckpoint(await readFile(file), file);
  // Shared by all pictures, so that each model is downloaded again only once.
  const refreshed = new Set<string>();
  // The default size need not be kept.
  const asked = flags.videoSize === undefined ? undefined : video;
  return configs.map((config, i) => {
    const palette = palettes.get(config.generator.palette)!;
    const image = config.image === null ? undefined : images.get(config.image);
    // Before a teacher is loaded.
    namedBackground(config.generator.background, palette);
    checkRules(config, { palette, ...ruleImages, ...defined({ image }) });
    const counts = inventory === undefined
      ? undefined
      : parseInventory(inventory, config.generator.inventory!, palette);
    checkInventory(config, { ...ruleImages, ...defined({ inventory: counts }) }, palette);
    const derivesPalette = derivedPaletteName(config) !== undefined;
    for (const format of derivesPalette ? [] : video?.formats ?? []) {
      const { transparent } = config.generator;
      checkVideoColors(`video_hard.${format.name}`, format, palette, transparent);
    }
    return {
      number: i + 1,
      config,
      notes: [
        ...request.notes,
        ...decodeNotes,
        ...notesOfImage(config, image),
        ...notesOfVideo(config, asked),
      ],
      isScored: isMultiple(flags) || (flags.score ?? false),
      inputs: {
        palette,
        ...ruleImages,
        ...defined({ image, checkpoint, inventory: counts }),
        decodesGradient: flags.verbose ?? false,
        hub: {
          download: flags.download ?? false,
          forceDownload: flags.forceDownload ?? false,
          refreshed,
        },
      },
      createFolder: (run, date) => createFolder(request, run, date),
    };
  });
}

/** Reads the images that the rules of a config refer to; all pictures have the same. */
async function readRuleImages(
  { constraint }: RunConfig,
  onNote: (note: string) => void,
): Promise<RuleImages> {
  const read = async (path: string | null) =>
    path === null ? undefined : await readImage(path, onNote);
  return defined({
    mask: await read(constraint.mask),
    keep: await read(constraint.keep),
    importance: await read(constraint.importance),
  });
}

async function readInventory(path: string | null): Promise<string | undefined> {
  if (path === null) return undefined;
  return new TextDecoder().decode(await readFile(path, { maxBytes: MAX_INVENTORY_BYTES }));
}

/** Creates the folder of a run; a resumed run has one. */
async function createFolder({ folder, name }: Request, run: Run, date: Date): Promise<string> {
  const { output, diffusion } = run.config;
  return folder ?? await createRunFolder(output, {
    config: name,
    date,
    model: basename(diffusion.modelId),
    size: run.size,
    palette: run.palette.name,
  });
}

/** Returns notes for an image whose aspect ratio differs much from the picture's. */
function notesOfImage({ generator }: RunConfig, image: Image | undefined): string[] {
  if (image === undefined) return [];
  const size = { height: generator.imageH, width: generator.imageW };
  return imageNotes(image, size, generator.imageFit);
}

/** Returns notes for videos that the picture does not fill. */
function notesOfVideo({ generator }: RunConfig, asked: VideoRequest | undefined): string[] {
  if (asked?.videoSize === undefined) return [];
  const { videoSize, formats = [DEFAULT_VIDEO_FORMAT] } = asked;
  return videoNotes({ height: generator.imageH, width: generator.imageW }, { videoSize, formats });
}
