import { basename, join } from "node:path";
import { wrapText } from "../image/draw_text.ts";
import { encodePng } from "../image/encode_png.ts";
import type { Image } from "../image/image.ts";
import { contactSheet, labelWidth, type SheetOptions } from "./contact_sheet.ts";
import type { PictureKey } from "../run/run_picture.ts";
import { writeFile } from "../files/write_file.ts";
import { formatScore } from "../text/format_score.ts";
import { toJson } from "../text/to_json.ts";

/** One of several pictures whose files are written. */
export interface MadePicture extends PictureKey {
  /** Folder of its run. */
  readonly folder: string;
  /** The picture. */
  readonly image: Image;
  /** Score by the teacher, higher is better; undefined if the picture was not scored. */
  readonly score: number | undefined;
  /** Optimizer steps done. */
  readonly step: number;
  /** Whether all steps are done. */
  readonly isComplete: boolean;
}

/** Result of {@linkcode writePictureIndex}. */
export interface IndexFiles {
  /** Path of `index.json`. */
  readonly index: string;
  /** Path of `contact_sheet.png`; undefined if no picture is complete. */
  readonly sheet: string | undefined;
}

/** Explains the scores in `index.json`; `Run.score` computes them. */
const SCORE_NOTE =
  "the evidence for the prompt: log(error without it / error with it), the mean squared errors of " +
  "the noise that the teacher predicts in noisy copies of the picture, at high noise; without it " +
  "means with the negative prompt (arXiv 2310.07972). Higher is better; at 0 the prompt does not " +
  "help. A teacher that runs without a negative prompt: -log of the error with the prompt. Scores " +
  "with the same prompt, teacher and image size of the teacher compare; those with different " +
  "prompts only roughly.";

/** What the rank of a picture depends on. */
export type Ranked = Pick<MadePicture, "score" | "isComplete" | "number">;

/** Sorts pictures: the best score first, then complete ones without a score, then the others. */
export function rankPictures<T extends Ranked>(pictures: readonly T[]): T[] {
  const group = ({ isComplete, score }: Ranked) => !isComplete ? 2 : Number.isFinite(score) ? 0 : 1;
  return pictures.toSorted((a, b) =>
    group(a) - group(b) || (group(a) === 0 ? b.score! - a.score! : 0) || a.number - b.number
  );
}

/**
 * Writes `index.json` with all pictures in rank order, and `contact_sheet.png` with the complete
 * ones in the same order. Both are replaced whole.
 *
 * @param asked All requested pictures; those that are not in `pictures` are listed as missing.
 * @throws {OutputError} If one cannot be written.
 */
export async function writePictureIndex(
  folder: string,
  pictures: readonly MadePicture[],
  asked: readonly PictureKey[],
): Promise<IndexFiles> {
  const ranked = rankPictures(pictures);
  const complete = ranked.filter(({ isComplete }) => isComplete);
  const sheet = complete.length === 0 ? undefined : join(folder, "contact_sheet.png");
  if (sheet !== undefined) await writeFile(sheet, encodePng(rankedSheet(complete)));
  const index = join(folder, "index.json");
  const content = {
    score: SCORE_NOTE,
    pictures: ranked.map((picture, i) => describe(picture, i + 1)),
    missing: asked.filter(({ number }) => pictures.every((made) => made.number !== number)),
  };
  await writeFile(index, `${toJson(content, 2)}\n`);
  return { index, sheet };
}

/** Returns the entry of a picture in the index. NaN becomes null, since JSON has no NaN. */
function describe(picture: MadePicture, rank: number) {
  const { number, prompt, palette, seed, score, step, isComplete } = picture;
  // The folder of all pictures may be moved.
  const folder = basename(picture.folder);
  return {
    rank: isComplete ? rank : null,
    score: score ?? null,
    number,
    prompt,
    palette,
    seed,
    folder,
    picture: `${folder}/final_argmax.png`,
    step,
    complete: isComplete,
  };
}

const PROMPT_LINES = 3;
/** Each pixel stays a square. */
const SHEET: SheetOptions = { shrinks: false };

/** A picture of {@linkcode rankedSheet}. */
export interface RankedTile extends Pick<MadePicture, "score" | "prompt" | "palette" | "image"> {
  /** Its number in its call; default: it is not shown. */
  readonly number?: number;
  readonly seed: PictureKey["seed"] | string;
}

/**
 * Draws ranked pictures of one size in their order, each with its score, labeled by what differs
 * between them.
 */
export function rankedSheet(pictures: readonly RankedTile[]): Image {
  const images = pictures.map(({ image }) => image);
  const width = labelWidth(images, SHEET);
  const differs = (key: "prompt" | "palette") => new Set(pictures.map((p) => p[key])).size > 1;
  const [hasPrompts, hasPalettes] = [differs("prompt"), differs("palette")];
  const tiles = pictures.map((picture, i) => {
    const { score, number, seed, prompt, palette, image } = picture;
    const scored = Number.isFinite(score) ? formatScore(score!) : "no score";
    const labels = [
      `${i + 1}. ${scored}`,
      number === undefined ? `seed ${seed}` : `picture ${number}, seed ${seed}`,
      ...hasPalettes ? [palette] : [],
      ...hasPrompts ? wrapText(prompt, width, PROMPT_LINES) : [],
    ];
    return { image, labels };
  });
  return contactSheet(tiles, SHEET);
}
