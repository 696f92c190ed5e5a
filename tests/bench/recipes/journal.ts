import { writeFileInFolder } from "../../../lib/files/write_file.ts";
import { defined } from "../../../lib/text/defined.ts";
import type { Cost } from "./make_picture.ts";
import type { Scores } from "./score_picture.ts";

/** An entry of a journal. */
export interface Entry {
  /** Key of the job. */
  readonly key: string;
  /** Hash of all inputs. */
  readonly fingerprint: string;
}

/** A finished picture. The fingerprint is that of its config, input image and teacher. */
export interface JournalEntry extends Entry, Cost {}

/** The scores of a picture. The fingerprint is that of the picture and of the judge. */
export interface ScoreEntry extends Entry {
  /** The scores. */
  readonly scores: Scores;
}

/**
 * File of finished work, one JSON object a line, so that nothing is done twice. Programs that share
 * the work each append to their own file, and read those of the others when they start.
 */
export class Journal<T extends Entry> {
  readonly #path: string;
  readonly #entries: Map<string, T>;

  private constructor(path: string, entries: Map<string, T>) {
    this.#path = path;
    this.#entries = entries;
  }

  /**
   * Opens the journal of a folder, or creates one. A truncated line is dropped.
   *
   * @param name What it is a journal of: the start of its file names.
   * @param part This program's part of the work, such as "1of4". Default: all.
   */
  static async open<T extends Entry>(
    folder: string,
    name: string,
    part?: string,
  ): Promise<Journal<T>> {
    const own = part === undefined ? `${name}.jsonl` : `${name}.${part}.jsonl`;
    const entries = new Map<string, T>();
    for (const file of await filesOf(folder, name)) {
      if (file === own) continue;
      for (const entry of await readEntries<T>(`${folder}/${file}`)) entries.set(entry.key, entry);
    }
    const ownEntries = await readEntries<T>(`${folder}/${own}`);
    for (const entry of ownEntries) entries.set(entry.key, entry);
    const text = ownEntries.map((entry) => `${JSON.stringify(entry)}\n`).join("");
    await writeFileInFolder(`${folder}/${own}`, text);
    return new Journal(`${folder}/${own}`, entries);
  }

  /** Returns the entry of a job, if its fingerprint is the same. */
  find(key: string, fingerprint: string): T | undefined {
    const entry = this.#entries.get(key);
    return entry?.fingerprint === fingerprint ? entry : undefined;
  }

  /** Tells whether there is an entry of a job, whatever its fingerprint. */
  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** Returns all entries. */
  entries(): T[] {
    return [...this.#entries.values()];
  }

  /** Adds an entry after its work is done. */
  async add(entry: T): Promise<void> {
    this.#entries.set(entry.key, entry);
    await Deno.writeTextFile(this.#path, `${JSON.stringify(entry)}\n`, { append: true });
  }
}

async function filesOf(folder: string, name: string): Promise<string[]> {
  try {
    const files = await Array.fromAsync(Deno.readDir(folder), (entry) => entry.name);
    return files.filter((file) => file.startsWith(`${name}.`) && file.endsWith(".jsonl")).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Reads the last entry of each key. */
async function readEntries<T extends Entry>(path: string): Promise<T[]> {
  const entries = new Map<string, T>();
  for (const line of (await readText(path)).split("\n")) {
    const entry = parseEntry<T>(line);
    if (entry) entries.set(entry.key, entry);
  }
  return [...entries.values()];
}

async function readText(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

function parseEntry<T extends Entry>(line: string): T | undefined {
  try {
    // Earlier journals say "evaluations" and "atOnce".
    const { evaluations, atOnce, ...rest } = JSON.parse(line) ?? {};
    if (typeof rest.key !== "string") return undefined;
    return { ...defined({ teacherCalls: evaluations, batchSize: atOnce }), ...rest } as T;
  } catch {
    return undefined;
  }
}
