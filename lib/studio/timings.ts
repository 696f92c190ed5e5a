import { join } from "node:path";
import { readFileIfThere } from "../files/read_file.ts";
import { writeFileInFolder } from "../files/write_file.ts";
import type { PresetInfo } from "./protocol/studio_api.ts";

/** What a preset costs with mini and its CLIP, for a prompt. */
interface PresetCost {
  /** Teacher calls that sample and choose: the comments of `config/presets` tell them. */
  readonly calls: number;
  /** Steps of score distillation. */
  readonly steps: number;
}

/** Costs of the presets. */
export const PRESET_COSTS: Readonly<Record<string, PresetCost>> = {
  draft: { calls: 14, steps: 0 },
  standard: { calls: 36, steps: 0 },
  max: { calls: 72, steps: 0 },
  // Ten samples of 50 calls, and one call each to choose one.
  paper: { calls: 510, steps: 10_001 },
};

/** Kinds of work, by what is counted: teacher calls, and steps of score distillation. */
export type WorkKind = "calls" | "steps";

/** Measured work. */
export interface Work {
  /** Preset of the run. */
  readonly preset: string;
  readonly kind: WorkKind;
  readonly count: number;
  readonly seconds: number;
}

/** Counts and seconds by "<teacher> <preset> <kind>". */
type Measured = Readonly<Record<"count" | "seconds", number>>;

/** Newer work counts more: older is weighed by this factor at each addition. */
const MEMORY = 0.7;

/** Learns from runs how long their work takes on this machine. */
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
      for (const [key, { count, seconds }] of Object.entries(found)) {
        if (count! > 0 && seconds! > 0) {
          this.#measured.set(key, { count: count!, seconds: seconds! });
        }
      }
    } catch {
      return;
    }
  }

  /** Adds work of a run. */
  async add(teacher: string, { preset, kind, count, seconds }: Work): Promise<void> {
    if (!(count > 0 && seconds > 0)) return;
    const key = `${teacher} ${preset} ${kind}`;
    const before = this.#measured.get(key) ?? { count: 0, seconds: 0 };
    this.#measured.set(key, {
      count: before.count * MEMORY + count,
      seconds: before.seconds * MEMORY + seconds,
    });
    const text = JSON.stringify(Object.fromEntries(this.#measured));
    await writeFileInFolder(this.#path, `${text}\n`);
  }

  /**
   * Lists presets with their expected time. Teacher calls of a preset that was never measured are
   * expected to take as long as those of other presets. A step of score distillation has a call, so
   * before the first steps that is the least.
   */
  presets(teacher: string, presets: Readonly<Record<string, string>>): PresetInfo[] {
    return Object.entries(presets).map(([name, note]) => {
      const cost = PRESET_COSTS[name];
      const call = this.#secondsOf(teacher, name, "calls");
      const step = this.#secondsOf(teacher, name, "steps");
      const seconds = cost === undefined || call === undefined
        ? undefined
        : cost.calls * call + cost.steps * (step ?? call);
      return {
        name,
        note,
        teacherCalls: cost && cost.calls + cost.steps,
        seconds,
        isMin: seconds !== undefined && cost!.steps > 0 && step === undefined,
      };
    });
  }

  /** Returns the seconds of a call or step; undefined before any was measured. */
  #secondsOf(teacher: string, preset: string, kind: WorkKind): number | undefined {
    const own = this.#measured.get(`${teacher} ${preset} ${kind}`);
    const others = [...this.#measured].filter(([key]) =>
      key.startsWith(`${teacher} `) && key.endsWith(` ${kind}`)
    );
    const used = own === undefined ? others.map(([, one]) => one) : [own];
    if (used.length === 0) return undefined;
    const sum = (key: keyof Measured) => used.reduce((sum, one) => sum + one[key], 0);
    return sum("seconds") / sum("count");
  }
}
