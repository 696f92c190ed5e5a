import { basename } from "node:path";
import type { RunConfig } from "../../../config/run_config.ts";
import { decodeImage } from "../../image/decode_image.ts";
import { readFile } from "../../files/read_file.ts";
import { readPaletteFile } from "../../outputs/palette_preview.ts";
import { createRunFolder } from "../../outputs/run_folder.ts";
import { checkVideoColors, DEFAULT_VIDEO_FORMAT } from "../../video/video_formats.ts";
import { findPalette } from "../../palette/find_palette.ts";
import { asksForSeveral, combinations, refuseResume } from "../flags/combinations.ts";
import type { GenerateFlags } from "../flags/command_flags.ts";
import { readVideoRequest } from "../flags/config_from_flags.ts";
import type { Engine } from "./engine.ts";
import { Interrupt } from "./interrupt.ts";
import { makePicture, type PictureMakers, type PictureOrder } from "./make_picture.ts";
import { makeSeveral } from "./make_several.ts";
import { NumberedReporter } from "../../report/numbered_reporter.ts";
import { createReporter } from "../../report/create_reporter.ts";
import { readRequest, type Request } from "../flags/run_request.ts";
import type { VideoRequest } from "./step_files.ts";
import type { Terminal } from "../../report/terminal.ts";
import { UsageError } from "../flags/usage_error.ts";
import { videoNotes } from "./video_notes.ts";

/** Exit code of a program that Ctrl-C stopped: 128 + SIGINT. */
const INTERRUPTED = 130;

/**
 * Makes a picture, or several, and writes their folders.
 *
 * @param terminals Where results and progress are shown.
 * @param engine What makes the pictures; a test gives its own.
 * @returns The exit code.
 */
export async function generateCommand(
  flags: GenerateFlags,
  terminals: { readonly out: Terminal; readonly status: Terminal },
  engine?: Engine,
): Promise<number> {
  const shown = createReporter(flags.json ?? false, terminals.out, terminals.status);
  const isSeveral = asksForSeveral(flags);
  if (isSeveral) refuseResume(flags);
  const request = await readRequest(flags);
  const configs = isSeveral ? combinations(flags, request.config) : [request.config];
  for (const config of configs) checkPrompt(config);
  const video = readVideoRequest(flags);
  // SD-piXL writes them with --verbose.
  const { verbose = false, tensorboard = verbose } = flags;
  const reporter = isSeveral ? new NumberedReporter(shown) : shown;
  const orders = await readOrders(configs, { flags, request, video });
  // A run that is stopped says so itself.
  using interrupt = new Interrupt(() => {});
  const { signal } = interrupt;
  await using owned = new AsyncDisposableStack();
  const makers: PictureMakers = {
    engine: engine ??
      (isSeveral
        ? owned.use(await (await import("./shared_engine.ts")).SharedEngine.create())
        : (await import("./distill_engine.ts")).DISTILL_ENGINE),
    ...{ reporter, signal, extras: { verbose, tensorboard, video } },
  };
  if (reporter instanceof NumberedReporter) {
    await makeSeveral(orders, { ...makers, reporter }, request.name);
  } else {
    await makePicture(orders[0]!, makers);
  }
  return signal.aborted ? INTERRUPTED : 0;
}

function checkPrompt(config: RunConfig): void {
  if (config.prompt.trim() !== "" || config.image !== null) return;
  throw new UsageError(
    'Cannot generate: expected a prompt or an image; add --prompt "a castle" or --input_image',
  );
}

/** Reads all files that pictures begin with, so that what is missing is known before the first. */
async function readOrders(
  configs: readonly RunConfig[],
  { flags, request, video }: {
    readonly flags: GenerateFlags;
    readonly request: Request;
    readonly video: VideoRequest | undefined;
  },
): Promise<PictureOrder[]> {
  const { image: path } = request.config;
  const names = [...new Set(configs.map(({ generator }) => generator.palette))];
  const found = await Promise.all(names.map((name) => findPalette(name, readPaletteFile)));
  const palettes = new Map(names.map((name, i) => [name, found[i]!]));
  const image = path === null ? undefined : await decodeImage(await readFile(path), { name: path });
  const { checkpoint } = request;
  const bytes = checkpoint === undefined ? undefined : await readFile(checkpoint);
  // A size that nobody asked for need not be kept.
  const asked = flags.videoSize === undefined ? undefined : video;
  return configs.map((config) => {
    const palette = palettes.get(config.generator.palette)!;
    // What cannot be filmed is said before a teacher is loaded.
    const makesPalette = ["kmeans", "nearest"].includes(config.generator.initializationMethod);
    for (const format of makesPalette ? [] : video?.formats ?? []) {
      checkVideoColors(`video_hard.${format.name}`, format, palette);
    }
    return {
      config,
      notes: [...request.notes, ...notesOfVideo(config, asked)],
      isScored: asksForSeveral(flags),
      inputs: {
        palette,
        ...image && { image },
        ...bytes && { checkpoint: bytes, checkpointName: checkpoint! },
        verbose: flags.verbose ?? false,
        hub: { download: flags.download ?? false, forceDownload: flags.forceDownload ?? false },
      },
      createFolder: async (run, date) =>
        request.folder ?? await createRunFolder(config.output, {
          config: request.name,
          date,
          model: basename(config.diffusion.modelId),
          size: { height: config.generator.imageH, width: config.generator.imageW },
          palette: run.paletteName,
        }),
    };
  });
}

/** Says where the picture does not fill videos of the size that is asked for. */
function notesOfVideo({ generator }: RunConfig, asked: VideoRequest | undefined): string[] {
  if (asked?.videoSize === undefined) return [];
  const { videoSize, formats = [DEFAULT_VIDEO_FORMAT] } = asked;
  return videoNotes({ height: generator.imageH, width: generator.imageW }, { videoSize, formats });
}
