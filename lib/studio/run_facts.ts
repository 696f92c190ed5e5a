import { basename, join } from "node:path";
import { parseRunConfig } from "../../config/parse_run_config.ts";
import { resolveSources } from "../../config/resolve_run_config.ts";
import { readConfigText } from "../files/read_file.ts";
import type { ImageSize } from "../image/image.ts";
import { SIDECAR_NAME } from "../outputs/picture_sidecar.ts";
import { listRunFrames, type RunFrame } from "../outputs/run_frames.ts";

/** The finished picture of a run, and of a painted one. */
export const PICTURE = "final_argmax.png";

/**
 * Finds the finished picture of a run, or the last one that it kept.
 *
 * @throws {RangeError} If there is none.
 */
export async function findPicture(
  folder: string,
  run: string,
): Promise<{ readonly path: string; readonly frames: readonly RunFrame[] }> {
  const path = join(folder, PICTURE);
  const isDone = await Deno.lstat(path).then(({ isFile }) => isFile, () => false);
  const { hard } = await listRunFrames(folder);
  const last = isDone ? { path, step: undefined } : hard.at(-1);
  if (last === undefined) throw new RangeError(`Cannot read "${run}": it has no picture yet`);
  return { path: last.path, frames: hard.length > 0 ? hard : [last] };
}

/** Returns when a file was changed, in milliseconds since 1970; 0 if it is not there. */
export async function timeOf(path: string): Promise<number> {
  return await Deno.stat(path).then(({ mtime }) => mtime?.getTime() ?? 0, () => 0);
}

/** Reads the score of a finished picture; undefined if it has none. */
export async function readScore(folder: string): Promise<number | undefined> {
  try {
    const { score } = JSON.parse(await Deno.readTextFile(join(folder, SIDECAR_NAME)));
    return typeof score === "number" ? score : undefined;
  } catch {
    return undefined;
  }
}

/** What a run was asked for. */
export interface RunLabels extends ImageSize {
  readonly prompt: string;
  readonly seed: string;
  readonly palette: string;
  readonly teacher: string;
}

/** Reads what a run was asked for; nothing if its config is missing or damaged. */
export async function readLabels(folder: string): Promise<RunLabels> {
  try {
    const path = join(folder, "config.yaml");
    const { config } = resolveSources([parseRunConfig(await readConfigText(path), path)]);
    const { palette, imageH, imageW } = config.generator;
    return {
      prompt: config.prompt,
      seed: String(config.seed),
      // An uploaded file is named by its hash; its own name is behind it.
      palette: basename(palette).replace(/^palette-[0-9a-f]{16}-?/, ""),
      teacher: basename(config.diffusion.modelId),
      height: imageH,
      width: imageW,
    };
  } catch {
    return { prompt: "", seed: "", palette: "", teacher: "", height: 1, width: 1 };
  }
}

/** Reads the number of steps of a run from its metrics; 0 if they do not tell. */
export async function readSteps(folder: string): Promise<number> {
  try {
    const text = await Deno.readTextFile(join(folder, "metrics.jsonl"));
    return Number(JSON.parse(text.slice(0, text.indexOf("\n"))).steps ?? 0);
  } catch {
    return 0;
  }
}
