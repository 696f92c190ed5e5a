import { basename, dirname, join } from "node:path";
import { refuseLink } from "../cli/commands/refuse_links.ts";
import { readFile } from "../files/read_file.ts";
import { makeFolder, writeFileInFolder } from "../files/write_file.ts";
import type { IndexedPicture } from "../finish/indexed_picture.ts";
import type { Image } from "../image/image.ts";
import { writeIndexedPicture } from "../outputs/indexed_picture_files.ts";
import { listCheckpoints } from "../outputs/checkpoint_file.ts";
import type { RunFrame } from "../outputs/run_frames.ts";
import { rankedSheet, type RankedTile } from "../outputs/picture_index.ts";
import { SIDECAR_NAME } from "../outputs/picture_sidecar.ts";
import { createRunFolder } from "../outputs/run_folder.ts";
import { imageOf } from "../sprite/formats/png_sprite.ts";
import { readPicture } from "../sprite/read_picture.ts";
import type { GalleryRun } from "./protocol/gallery_api.ts";
import { byRank, rankRuns, type UnrankedRun } from "./rank_runs.ts";
import { findPicture, PICTURE, readLabels, readScore, readSteps, timeOf } from "./run_facts.ts";
import { checkRunPath, listRuns, runFolder } from "./run_folders.ts";

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
  /** Times of its picture and of what is told about it. */
  readonly version: string;
  /** Step of its last checkpoint. */
  readonly step: number | undefined;
  readonly run: UnrankedRun;
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
    const runs: UnrankedRun[] = [];
    for (const name of await listRuns(this.#output, MARKS)) {
      const run = await this.#describe(name).catch(() => undefined);
      if (run !== undefined) runs.push({ ...run, isStarred: stars.has(name) });
    }
    return rankRuns(runs.sort((a, b) => b.changedAt - a.changedAt));
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

  /**
   * Draws runs on a contact sheet, the best score first.
   *
   * @throws {RangeError} If their scores do not compare, or one has no picture.
   */
  async contactSheet(names: readonly string[]): Promise<Image> {
    const runs = await this.list();
    const found = names.map((name) => runs.find(({ run }) => run === name));
    const [first, ...others] = found;
    if (first === undefined || others.some((run) => run?.rankedWith !== first.rankedWith)) {
      throw new RangeError("Cannot rank the pictures: expected one prompt, size and teacher");
    }
    const tiles: RankedTile[] = [];
    for (const run of runs.filter((one) => found.includes(one)).sort(byRank)) {
      const { picture } = await this.read(run.run);
      tiles.push({ ...run, image: imageOf(picture) });
    }
    return rankedSheet(tiles);
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

  /**
   * Moves a run to the trash folder, `<output>/trash/<run>`.
   *
   * @returns Its path in the trash folder: another one if that is taken.
   */
  async trash(run: string): Promise<string> {
    return await this.#move(run, { from: this.#output, to: join(this.#output, TRASH), as: run });
  }

  /**
   * Moves a run back from the trash folder.
   *
   * @param trashed Its path in the trash folder.
   * @param run Its path before.
   * @returns Its path in the output folder: another one if that is taken.
   */
  async restore(trashed: string, run: string): Promise<string> {
    return await this.#move(trashed, {
      from: join(this.#output, TRASH),
      to: this.#output,
      as: run,
    });
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

  async #move(
    run: string,
    { from, to, as }: { readonly from: string; readonly to: string; readonly as: string },
  ): Promise<string> {
    await refuseLink(join(this.#output, TRASH));
    const source = await runFolder(from, run, MARKS);
    checkRunPath(as);
    const names = as.split("/");
    for (let i = 0; i < names.length; i++) await refuseLink(join(to, ...names.slice(0, i)));
    for (let copy = 1;; copy++) {
      const free = copy === 1 ? as : `${as}-${copy}`;
      const target = join(to, ...free.split("/"));
      if (await Deno.lstat(target).then(() => true, () => false)) continue;
      await makeFolder(dirname(target));
      await Deno.rename(source, target);
      return free;
    }
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

  async #describe(name: string): Promise<UnrankedRun> {
    const folder = await runFolder(this.#output, name, MARKS);
    const step = (await listCheckpoints(folder)).at(-1)?.step;
    const found = await findPicture(folder, name).catch(() => undefined);
    const path = found?.path ?? join(folder, "config.yaml");
    const changedAt = await timeOf(path);
    const version = `${changedAt} ${await timeOf(join(folder, SIDECAR_NAME))}`;
    const known = this.#known.get(folder);
    if (known?.version === version && known.step === step) return known.run;
    const { height, width, ...labels } = await readLabels(folder);
    const steps = await readSteps(folder);
    // Without a picture and a checkpoint, there is nothing to see and nothing to continue.
    if (found === undefined && step === undefined) throw new RangeError(`"${name}" has no picture`);
    const size = found === undefined
      ? { height, width }
      : await readPicture(await readFile(path, { maxBytes: MAX_BYTES }), path);
    const run: UnrankedRun = {
      run: name,
      ...labels,
      height: size.height,
      width: size.width,
      changedAt,
      isStarred: false,
      score: await readScore(folder),
      frames: found?.frames.length ?? 0,
      unfinished: step !== undefined && step < steps ? { step, steps } : undefined,
    };
    this.#known.set(folder, { version, step, run });
    return run;
  }
}
