import { writeFileInFolder } from "../../../lib/files/write_file.ts";
import { defined } from "../../../lib/text/defined.ts";
import type { Cost } from "./make_picture.ts";

/** A finished picture. */
export interface JournalEntry extends Cost {
  /** Key of the job. */
  readonly key: string;
  /** Hash of its inputs: config, input image and teacher. */
  readonly fingerprint: string;
}

/** File of the finished pictures, one JSON object a line. They are not made again. */
export class Journal {
  readonly #path: string;
  readonly #entries: Map<string, JournalEntry>;

  private constructor(path: string, entries: Map<string, JournalEntry>) {
    this.#path = path;
    this.#entries = entries;
  }

  /** Opens the journal of a folder, or creates one. A truncated line is dropped. */
  static async open(folder: string): Promise<Journal> {
    const path = `${folder}/made.jsonl`;
    const entries = new Map<string, JournalEntry>();
    for (const line of (await readText(path)).split("\n")) {
      const entry = parseEntry(line);
      if (entry) entries.set(entry.key, entry);
    }
    const text = entries.values().map((entry) => `${JSON.stringify(entry)}\n`).toArray().join("");
    await writeFileInFolder(path, text);
    return new Journal(path, entries);
  }

  /** Returns the entry of a job, if its fingerprint is the same. */
  find(key: string, fingerprint: string): JournalEntry | undefined {
    const entry = this.#entries.get(key);
    return entry?.fingerprint === fingerprint ? entry : undefined;
  }

  /** Adds a picture after it is written. */
  async add(entry: JournalEntry): Promise<void> {
    this.#entries.set(entry.key, entry);
    await Deno.writeTextFile(this.#path, `${JSON.stringify(entry)}\n`, { append: true });
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

function parseEntry(line: string): JournalEntry | undefined {
  try {
    // Earlier journals say "evaluations" and "atOnce".
    const { evaluations, atOnce, ...rest } = JSON.parse(line) ?? {};
    const entry: Partial<JournalEntry> = {
      ...defined({ teacherCalls: evaluations, batchSize: atOnce }),
      ...rest,
    };
    return typeof entry?.key === "string" ? entry as JournalEntry : undefined;
  } catch {
    return undefined;
  }
}
