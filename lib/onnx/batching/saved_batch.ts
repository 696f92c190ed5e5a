import type { Value } from "../graph/graph.ts";
import { SavedTensor } from "../runtime/feeds.ts";

/** Tensors that a batched run saved; they are freed when their last slice is released. */
export class SavedBatch {
  /** The tensors, by their names in the graph for the batch. */
  readonly tensors: Readonly<Record<string, SavedTensor>>;
  #references = 0;

  /** Takes over tensors, without a reference to them. */
  constructor(tensors: Readonly<Record<string, SavedTensor>>) {
    this.tensors = tensors;
  }

  /** Adds a reference. */
  retain(): void {
    this.#references++;
  }

  /** Removes a reference; the last one frees the tensors. */
  release(): void {
    if (--this.#references > 0) return;
    for (const tensor of Object.values(this.tensors)) tensor[Symbol.dispose]();
  }
}

/** The part of a saved batch that belongs to one slot. */
export class SavedSlice extends SavedTensor {
  /** The whole batch. */
  readonly batch: SavedBatch;
  /** Index of the slot in the run that saved it. */
  readonly slot: number;

  /**
   * Refers to a part of a batch until it is disposed of.
   *
   * @param value Type and shape of the same tensor in a run for one picture.
   */
  constructor(batch: SavedBatch, slot: number, value: Value) {
    let isRetained = true;
    super({
      dims: value.shape,
      type: value.type,
      [Symbol.dispose]: () => {
        if (isRetained) batch.release();
        isRetained = false;
      },
    });
    batch.retain();
    this.batch = batch;
    this.slot = slot;
  }
}
