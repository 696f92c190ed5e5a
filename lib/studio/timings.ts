import { join } from "node:path";
import { readFileIfThere } from "../files/read_file.ts";
import { writeFileInFolder } from "../files/write_file.ts";
import type { PresetInfo } from "./protocol/studio_api.ts";

/**
 * Teacher calls for a picture of mini from a prompt: the comments of `config/presets` tell them.
 * "paper" makes one call a step.
 */
export const TEACHER_CALLS: Readonly<Record<string, number>> = {
  draft: 16,
  standard: 51,
  max: 177,
  paper: 10_001,
};

/** Measured work: teacher calls and the seconds that they took. */
interface Measured {
  readonly calls: number;
  readonly seconds: number;
}

/** Newer work counts more: older is weighed by this factor at each addition. */
const MEMORY = 0.7;

/** Learns from finished runs how long a teacher call takes on this machine. */
export class Timings {
  readonly #path: string;
  readonly #measured = new Map<string, Measured>();

  /** @param output Path of the output folder. */
  constructor(output: string) {
    this.#path = join(output, "studio", "timings.json");
  }

  /** Reads what earlier studios measured; a damaged file counts as none. */
  async read(): Promise<void> {
    const bytes = await readFileIfThere(this.#path).catch(() => undefined);
    if (bytes === undefined) return;
    try {
      const found: Record<string, Partial<Measured>> = JSON.parse(new TextDecoder().decode(bytes));
      for (const [teacher, { calls, seconds }] of Object.entries(found)) {
        if (calls! > 0 && seconds! > 0) {
          this.#measured.set(teacher, { calls: calls!, seconds: seconds! });
        }
      }
    } catch {
      return;
    }
  }

  /** Adds a finished run. */
  async add(teacher: string, { calls, seconds }: Measured): Promise<void> {
    if (!(calls > 0 && seconds > 0)) return;
    const before = this.#measured.get(teacher) ?? { calls: 0, seconds: 0 };
    this.#measured.set(teacher, {
      calls: before.calls * MEMORY + calls,
      seconds: before.seconds * MEMORY + seconds,
    });
    const text = JSON.stringify(Object.fromEntries(this.#measured));
    await writeFileInFolder(this.#path, `${text}\n`);
  }

  /** Lists presets with their expected time. */
  presets(teacher: string, presets: Readonly<Record<string, string>>): PresetInfo[] {
    const measured = this.#measured.get(teacher);
    return Object.entries(presets).map(([name, note]) => {
      const teacherCalls = TEACHER_CALLS[name];
      const seconds = measured && teacherCalls !== undefined
        ? teacherCalls * measured.seconds / measured.calls
        : undefined;
      return { name, note, teacherCalls, seconds };
    });
  }
}
