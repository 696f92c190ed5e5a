import { type Bench, canRun, type Dispatch, encode, type Kernel, readBuffer } from "./bench.ts";

/** Runs before the first measurement, so that the GPU has its full clock. */
const WARM_UPS = 400;

/** The runs of a problem. */
interface Plan {
  readonly ran: readonly { readonly i: number; readonly dispatch: Dispatch }[];
  readonly querySet: GPUQuerySet;
  readonly marks: GPUBuffer;
}

/**
 * Times all kernels on all problems, in rounds, in one stream of commands: a GPU that waits between
 * two kernels lowers its clock, on an H200 from 1,980 to 450 MHz within seconds.
 *
 * @returns Shortest times in milliseconds, by problem and kernel; undefined where one cannot run.
 */
export async function timeTogether(
  device: GPUDevice,
  kernels: readonly Kernel[],
  benches: readonly Bench[],
  rounds: number,
): Promise<(number | undefined)[][]> {
  const plans: Plan[] = [];
  for (const bench of benches) plans.push(await planOf(device, kernels, bench, rounds));
  const [first] = plans;
  for (let i = 0; first && i < WARM_UPS; i += 20) {
    submit(device, (encoder) => {
      for (let j = 0; j < 20; j++) encode(encoder, first.ran[0]!.dispatch);
    });
  }
  for (const { ran, querySet, marks } of plans) {
    for (let round = 0; round < rounds; round++) {
      submit(device, (encoder) => {
        for (const [j, { dispatch }] of ran.entries()) {
          const beginningOfPassWriteIndex = 2 * (round * ran.length + j);
          const endOfPassWriteIndex = beginningOfPassWriteIndex + 1;
          const writes = { querySet, beginningOfPassWriteIndex, endOfPassWriteIndex };
          encode(encoder, dispatch, writes);
        }
      });
    }
    submit(
      device,
      (encoder) => encoder.resolveQuerySet(querySet, 0, 2 * rounds * ran.length, marks, 0),
    );
  }
  const tables: (number | undefined)[][] = [];
  for (const { ran, marks } of plans) {
    const nanoseconds = new BigUint64Array(await readBuffer(device, marks));
    const times: (number | undefined)[] = kernels.map(() => undefined);
    for (const [run, begin] of [...nanoseconds.entries()].filter(([at]) => at % 2 === 0)) {
      const { i } = ran[run / 2 % ran.length]!;
      const ms = Number(nanoseconds[run + 1]! - begin) / 1e6;
      times[i] = Math.min(times[i] ?? Infinity, ms);
    }
    tables.push(times);
  }
  return tables;
}

async function planOf(
  device: GPUDevice,
  kernels: readonly Kernel[],
  bench: Bench,
  rounds: number,
): Promise<Plan> {
  const ran: { i: number; dispatch: Dispatch }[] = [];
  for (const [i, kernel] of kernels.entries()) {
    if (!canRun(kernel, bench.problem)) continue;
    ran.push({ i, dispatch: await bench.dispatch(kernel) });
  }
  const count = 2 * rounds * ran.length;
  const usage = GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC;
  return {
    ran,
    querySet: device.createQuerySet({ type: "timestamp", count }),
    marks: device.createBuffer({ size: 8 * count, usage }),
  };
}

function submit(device: GPUDevice, record: (encoder: GPUCommandEncoder) => void): void {
  const encoder = device.createCommandEncoder();
  record(encoder);
  device.queue.submit([encoder.finish()]);
}
