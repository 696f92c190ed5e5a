import { basename, dirname, join } from "node:path";
import { parseRunConfig } from "../../config/parse_run_config.ts";
import { resolveSources } from "../../config/resolve_run_config.ts";
import { refuseLink } from "../cli/commands/refuse_links.ts";
import { readConfigText, readFile } from "../files/read_file.ts";
import { makeFolder, writeFileInFolder } from "../files/write_file.ts";
import type { IndexedPicture } from "../finish/indexed_picture.ts";
import type { ImageSize } from "../image/image.ts";
import { writeIndexedPicture } from "../outputs/indexed_picture_files.ts";
import { listCheckpoints } from "../outputs/checkpoint_file.ts";
import { listRunFrames, type RunFrame } from "../outputs/run_frames.ts";
import { createRunFolder } from "../outputs/run_folder.ts";
import { readPicture } from "../sprite/read_picture.ts";
import type { GalleryRun } from "./protocol/gallery_api.ts";
import { listRuns, runFolder } from "./run_folders.ts";

/** The finished picture of a run, and of a painted one. */
const PICTURE = "final_argmax.png";
/** What a folder of the gallery holds. */
const MARKS = ["config.yaml", PICTURE];
/** Where deleted runs go, under the output folder. */
const TRASH = "trash";
/** Folder of painted pictures. */
const PAINTED = "painted";
const MAX_BYTES = 32 * 2 ** 20;

/** A picture of a run, and what a GIF shows. */
export interface RunPicture {
  /** Its prompt; the name of its folder if it has none. */
  readonly name: string;
  readonly picture: IndexedPicture;
  /** The kept pictures, or the finished one alone. */
  readonly frames: readonly RunFrame[];
}

/** A run as it was read, and what tells that it has changed since. */
interface KnownRun {
  /** Time of its picture. */
  readonly version: number;
  /** Step of its last checkpoint. */
  readonly step: number | undefined;
  readonly run: GalleryRun;
}

/** The runs of an output folder: lists them, marks them, and moves them to the trash and back. */
export class Gallery {
  readonly #output: string;
  readonly #known = new Map<string, KnownRun>();
  /** Ends with the last change of the marks: two tabs do not lose each other's. */
  #lastChange: Promise<unknown> = Promise.resolve();

  /** @param output Absolute path of the output folder. */
  constructor(output: string) {
    this.#output = output;
  }

  /** Lists all runs that have a picture or a checkpoint, the newest first. */
  async list(): Promise<GalleryRun[]> {
    const stars = await this.#readStars();
    const runs: GalleryRun[] = [];
    for (const name of await listRuns(this.#output, MARKS)) {
      const run = await this.#describe(name).catch(() => undefined);
      if (run !== undefined) runs.push({ ...run, isStarred: stars.has(name) });
    }
    return runs.sort((a, b) => b.changedAt - a.changedAt);
  }

  /**
   * Reads the finished picture of a run, or the last one that it kept.
   *
   * @throws {RangeError} If there is no such run, or it has no picture.
   */
  async read(run: string): Promise<RunPicture> {
    const folder = await runFolder(this.#output, run, MARKS);
    const { path, frames } = await findPicture(folder, run);
    const picture = await readPicture(await readFile(path, { maxBytes: MAX_BYTES }), path);
    const { prompt } = await readLabels(folder);
    return { name: prompt || basename(folder), picture, frames };
  }

  /** Marks a run, or removes its mark. */
  async star(run: string, isStarred: boolean): Promise<void> {
    await runFolder(this.#output, run, MARKS);
    const change = async () => {
      const stars = await this.#readStars();
      if (isStarred) stars.add(run);
      else stars.delete(run);
      await writeFileInFolder(this.#starsFile, `${JSON.stringify([...stars].sort(), null, 2)}\n`);
    };
    this.#lastChange = this.#lastChange.then(change, change);
    await this.#lastChange;
  }

  /** Moves a run to the trash folder, `<output>/trash/<run>`. */
  async trash(run: string): Promise<void> {
    await this.#move(this.#output, join(this.#output, TRASH), run);
  }

  /** Moves a run back from the trash folder. */
  async restore(run: string): Promise<void> {
    await this.#move(join(this.#output, TRASH), this.#output, run);
  }

  /**
   * Writes a picture as a new folder of the gallery.
   *
   * @param name What it shows; it becomes a part of the folder's name.
   * @returns The path of the folder, relative to the output folder.
   */
  async save(name: string, picture: IndexedPicture): Promise<string> {
    await refuseLink(join(this.#output, PAINTED));
    const model = name.replaceAll(/[^\p{L}\p{N}]+/gu, "_").slice(0, 40) || "picture";
    const { height, width, palette } = picture;
    const folder = await createRunFolder(this.#output, {
      config: PAINTED,
      date: new Date(),
      model,
      size: { height, width },
      palette: `${palette.size}-colors`,
    });
    await writeIndexedPicture(folder, "final_argmax", picture);
    return `${PAINTED}/${basename(folder)}`;
  }

  async #move(from: string, to: string, run: string): Promise<void> {
    await refuseLink(join(this.#output, TRASH));
    const source = await runFolder(from, run, MARKS);
    const names = run.split("/");
    for (let i = 0; i < names.length; i++) await refuseLink(join(to, ...names.slice(0, i)));
    const target = join(to, ...names);
    if (await Deno.lstat(target).then(() => true, () => false)) {
      throw new RangeError(`Cannot move "${run}": there is already such a folder in "${to}"`);
    }
    await makeFolder(dirname(target));
    await Deno.rename(source, target);
  }

  get #starsFile(): string {
    return join(this.#output, "studio", "stars.json");
  }

  async #readStars(): Promise<Set<string>> {
    await refuseLink(dirname(this.#starsFile));
    try {
      const stars: unknown = JSON.parse(await Deno.readTextFile(this.#starsFile));
      return new Set(Array.isArray(stars) ? stars.map(String) : []);
    } catch {
      // A missing or damaged file marks nothing.
      return new Set();
    }
  }

  async #describe(name: string): Promise<GalleryRun> {
    const folder = await runFolder(this.#output, name, MARKS);
    const step = (await listCheckpoints(folder)).at(-1)?.step;
    const found = await findPicture(folder, name).catch(() => undefined);
    const path = found?.path ?? join(folder, "config.yaml");
    const version = (await Deno.stat(path)).mtime?.getTime() ?? 0;
    const known = this.#known.get(folder);
    if (known?.version === version && known.step === step) return known.run;
    const { height, width, ...labels } = await readLabels(folder);
    const steps = await readSteps(folder);
    // Without a picture and a checkpoint, there is nothing to see and nothing to continue.
    if (found === undefined && step === undefined) throw new RangeError(`"${name}" has no picture`);
    const size = found === undefined
      ? { height, width }
      : await readPicture(await readFile(path, { maxBytes: MAX_BYTES }), path);
    const run: GalleryRun = {
      run: name,
      ...labels,
      height: size.height,
      width: size.width,
      changedAt: version,
      isStarred: false,
      frames: found?.frames.length ?? 0,
      unfinished: step !== undefined && step < steps ? { step, steps } : undefined,
    };
    this.#known.set(folder, { version, step, run });
    return run;
  }
}

async function findPicture(
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

/** What a run was asked for. */
interface RunLabels extends ImageSize {
  readonly prompt: string;
  readonly seed: string;
  readonly palette: string;
}

/** Reads what a run was asked for; nothing if its config is missing or damaged. */
async function readLabels(folder: string): Promise<RunLabels> {
  try {
    const path = join(folder, "config.yaml");
    const { config } = resolveSources([parseRunConfig(await readConfigText(path), path)]);
    const { palette, imageH, imageW } = config.generator;
    return {
      prompt: config.prompt,
      seed: String(config.seed),
      // An uploaded file is named by its hash; its own name is behind it.
      palette: basename(palette).replace(/^palette-[0-9a-f]{16}-?/, ""),
      height: imageH,
      width: imageW,
    };
  } catch {
    return { prompt: "", seed: "", palette: "", height: 1, width: 1 };
  }
}

/** Reads the number of steps of a run from its metrics; 0 if they do not tell. */
async function readSteps(folder: string): Promise<number> {
  try {
    const text = await Deno.readTextFile(join(folder, "metrics.jsonl"));
    return Number(JSON.parse(text.slice(0, text.indexOf("\n"))).steps ?? 0);
  } catch {
    return 0;
  }
}
