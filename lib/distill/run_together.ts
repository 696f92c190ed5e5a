import type { Gpu } from "../../kernels/gpu/gpu.ts";
import { BatchScheduler, type BatchSlot } from "../onnx/batching/batch_scheduler.ts";
import type { SessionPool } from "../onnx/batching/session_pool.ts";
import { defined } from "../text/defined.ts";
import type { RunInputs } from "./run_inputs.ts";

/** Inputs that the runs of a batch share, for `createRun`. */
export type SharedInputs = Required<Pick<RunInputs, "gpu" | "pool">> & Pick<RunInputs, "slot">;

/** Options of {@linkcode runTogether}. */
export interface RunTogetherOptions {
  /** The device of all runs; borrowed. */
  readonly gpu: Gpu;
  /** Keeps the networks; borrowed. */
  readonly pool: SessionPool;
  /** Max batch size, integer, 1 or more. */
  readonly batch: number;
}

/**
 * Makes several pictures in batches: one teacher call serves all pictures of a batch.
 *
 * On a GPU with a small teacher, a batch takes hardly longer than one picture. On the CPU, a batch
 * takes 7 to 19 % less time than its pictures one by one. Runs share a teacher call if they have
 * the same teacher, size, precision, ControlNets, kind of guidance and number of chunks of the
 * prompt; prompts, palettes, images and seeds may differ. Other runs work in a batch too, but it
 * takes longer than one by one. The pictures are those of single runs, up to rounding in the
 * networks.
 *
 * The runs of a batch advance in step: each waits for the others until `make` has ended. So `make`
 * must not wait for another picture. When a picture ends early or fails, the others stop waiting
 * for it.
 *
 * @param items Inputs of the pictures, such as prompts or seeds.
 * @param make Makes one picture: creates a run with the given inputs, and disposes of it.
 * @returns Results of `make`, in the order of `items`.
 * @throws The error of `make` for the first item that failed. The others of its batch are finished
 * before; no further batch is started.
 */
export async function runTogether<Item, Result>(
  items: readonly Item[],
  make: (item: Item, inputs: SharedInputs) => Promise<Result>,
  { gpu, pool, batch }: RunTogetherOptions,
): Promise<Result[]> {
  return await inBatches(
    items,
    (item, slot) => make(item, { gpu, pool, ...defined({ slot }) }),
    batch,
  );
}

/**
 * Processes items in batches, as {@linkcode runTogether}.
 *
 * @param make Gets the batch slot of the item; undefined if `batch` is 1.
 * @param batch Max batch size, integer, 1 or more.
 */
async function inBatches<Item, Result>(
  items: readonly Item[],
  make: (item: Item, slot: BatchSlot | undefined) => Promise<Result>,
  batch: number,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const size of batchSizes(items.length, batch)) {
    const scheduler = new BatchScheduler(size);
    const started = items.slice(results.length, results.length + size)
      // Without batches no slot is needed.
      .map((item) => ({ item, slot: batch > 1 ? scheduler.acquire() : undefined }));
    const ended = await Promise.allSettled(started.map(async ({ item, slot }) => {
      using _ = slot;
      return await make(item, slot);
    }));
    for (const result of ended) {
      if (result.status === "rejected") throw result.reason;
      results.push(result.value);
    }
  }
  return results;
}

/**
 * Divides items into batches of nearly the same size, larger ones first.
 *
 * @param count Number of items, 0 or more.
 * @param max Max batch size, integer, 1 or more.
 * @throws {RangeError} If the max batch size is not a positive integer.
 */
export function batchSizes(count: number, max: number): number[] {
  if (!Number.isInteger(max) || max < 1) {
    throw new RangeError(
      `Cannot divide pictures into batches: expected a batch size of 1 or more, got ${max}`,
    );
  }
  const batches = Math.ceil(count / max);
  return Array.from({ length: batches }, (_, i) => Math.ceil((count - i) / batches));
}
