import { KeptTensor } from "../runtime/feeds.ts";
import type { Value } from "../graph/graph.ts";

/** What a run for several pictures has kept; released when nobody claims a part of it any more. */
export class KeptRows {
  /** The tensors by the names that the graph for all pictures has. */
  readonly tensors: Readonly<Record<string, KeptTensor>>;
  #claims = 0;

  /** Takes over tensors, of which parts must be claimed. */
  constructor(tensors: Readonly<Record<string, KeptTensor>>) {
    this.tensors = tensors;
  }

  /** Adds a claim. */
  claim(): void {
    this.#claims++;
  }

  /** Takes back a claim; the last one frees the tensors. */
  release(): void {
    if (--this.#claims > 0) return;
    for (const tensor of Object.values(this.tensors)) tensor[Symbol.dispose]();
  }
}

/** The part of one picture in what a run has kept. */
export class KeptPart extends KeptTensor {
  /** What was kept. */
  readonly rows: KeptRows;
  /** Place of the picture in the run. */
  readonly slot: number;

  /**
   * Claims a part.
   *
   * @param value What it would be, were it of a run for this picture alone.
   */
  constructor(rows: KeptRows, slot: number, value: Value) {
    let isClaimed = true;
    super({
      dims: value.shape,
      type: value.type,
      [Symbol.dispose]: () => {
        if (isClaimed) rows.release();
        isClaimed = false;
      },
    });
    rows.claim();
    this.rows = rows;
    this.slot = slot;
  }
}
