/** A picture after a step. */
interface KeptStep {
  readonly step: number;
  /** Palette indices in base64. */
  readonly indices: string;
}

/** Letters that the steps of one picture may take. */
const MAX_TEXT = 2 ** 23;
/** Pictures whose steps are kept. */
const MAX_PICTURES = 24;

/** The pictures after the steps of runs: of long runs fewer, evenly. */
export class StepHistory {
  readonly #pictures = new Map<string, KeptStep[]>();

  /** Adds a picture. A step that was there before is replaced, with those after it. */
  add(key: string, step: KeptStep): void {
    const before = (this.#pictures.get(key) ?? []).filter((one) => one.step < step.step);
    const steps = [...before, step];
    const isFull = steps.length * step.indices.length > MAX_TEXT;
    // The first and the last one stay.
    const kept = isFull ? steps.filter((_, i) => i % 2 === 0 || i === steps.length - 1) : steps;
    this.#pictures.delete(key);
    this.#pictures.set(key, kept);
    for (const oldest of [...this.#pictures.keys()].slice(0, -MAX_PICTURES)) {
      this.#pictures.delete(oldest);
    }
  }

  /** Returns the last kept picture up to a step; undefined if there is none. */
  find(key: string, step: number): KeptStep | undefined {
    const steps = this.#pictures.get(key);
    return steps?.findLast((one) => one.step <= step) ?? steps?.[0];
  }
}
