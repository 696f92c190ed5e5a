import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { checkFeeds, type Feed, type HostTensor, KeptTensor } from "../runtime/feeds.ts";
import type { Graph, Value } from "../graph/graph.ts";
import { measureGraph } from "../graph/graph_memory.ts";
import { joinOnHost, partOnHost, RowCopies } from "./batch_concat.ts";
import { KeptPart, KeptRows } from "./saved_rows.ts";
import {
  createSession,
  downloadTensor,
  type Runtime,
  type Session,
  type SessionOptions,
} from "../runtime/session.ts";
import type { BatchAnswer, BatchCall, BatchMember, BatchNetwork } from "./session_batch.ts";

/** What a graph takes and gives. */
type Ends = Pick<Graph, "name" | "inputs" | "outputs">;

/** A graph, and the same for several pictures at once. */
export interface WidenedGraph {
  /** The graph for one picture. */
  readonly one: Graph;
  /**
   * Builds it for several: what it takes and gives is what `one` takes and gives, so many times along
   * the first side. What goes between two graphs by `kept` may have any shape and name.
   */
  widen(copies: number): Graph;
  /** Whether to pad a wider network that is there already rather than to load it for fewer. */
  readonly pads?: boolean;
}

/** Weights, in bytes, above which a second network for fewer pictures would be too much. */
const PAD_LIMIT = 2 ** 28;

/** Tells whether a wider network that is there is better padded than loaded again for fewer. */
export function padsNetwork(runtime: Runtime, weightBytes: number): boolean {
  // On a GPU rows that nobody asked for cost little; on the CPU as much as others.
  return runtime === "webgpu" || weightBytes > PAD_LIMIT;
}

/**
 * Loads a network, as `createSession`. Where `options` have a member of a batch and a pool, it is
 * loaded for all pictures of the batch, and a run of it answers what all members ask.
 *
 * @param gpu As of `createSession`.
 * @throws {SessionError} If the runtime refuses.
 */
export async function createBatchedSession(
  gpu: Gpu | null,
  { one, widen, pads }: WidenedGraph,
  options: SessionOptions,
): Promise<Session> {
  const { pool, member, ...rest } = options;
  if (!pool || !member) return await createSession(gpu, one, options);
  const { weightBytes } = measureGraph(one);
  const { session, copies } = await pool.borrowWide(one, {
    runtime: options.runtime,
    copies: member.batch.size,
    pads: pads ?? padsNetwork(options.runtime, weightBytes),
    load: (copies) => createSession(gpu, widen(copies), rest),
  });
  const network = member.batch.networkOf(
    session,
    () => new WideNetwork(gpu, one, { session, copies, weightBytes }),
  );
  return new BatchedSession(one, { member, network, runtime: options.runtime });
}

/** A session of a member: it asks the network that all members share. */
class BatchedSession implements Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly runtime: Runtime;
  readonly #ends: Ends;
  readonly #member: BatchMember;
  readonly #network: BatchNetwork;

  constructor(
    ends: Ends,
    parts: {
      readonly member: BatchMember;
      readonly network: BatchNetwork;
      readonly runtime: Runtime;
    },
  ) {
    this.inputNames = ends.inputs.map(({ name }) => name);
    this.outputNames = ends.outputs.map(({ name }) => name);
    this.runtime = parts.runtime;
    // The weights are with the network.
    const { name, inputs, outputs } = ends;
    this.#ends = { name, inputs, outputs };
    this.#member = parts.member;
    this.#network = parts.network;
  }

  async run(
    feeds: Readonly<Record<string, Feed>>,
    kept?: Map<string, KeptTensor | undefined>,
  ): Promise<Record<string, GpuTensor>> {
    const outputs = await this.#ask(feeds, { kept, onHost: false });
    return outputs as Record<string, GpuTensor>;
  }

  async runHost(
    feeds: Readonly<Record<string, HostTensor | KeptTensor>>,
    kept?: Map<string, KeptTensor | undefined>,
  ): Promise<Record<string, HostTensor>> {
    const outputs = await this.#ask(feeds, { kept, onHost: true });
    return outputs as Record<string, HostTensor>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The network is the pool's.
  }

  async #ask(
    feeds: Readonly<Record<string, Feed>>,
    { kept = new Map<string, KeptTensor | undefined>(), onHost }: {
      readonly kept: Map<string, KeptTensor | undefined> | undefined;
      readonly onHost: boolean;
    },
  ) {
    checkFeeds(this.#ends, feeds);
    const parts = Object.values(feeds).filter((feed) => feed instanceof KeptPart);
    const { outputs, rows, slot } = await this.#member.batch.ask(this.#member, this.#network, {
      feeds: await this.#bringNear(feeds),
      kept: [...kept.keys()],
      onHost,
      rows: parts[0]?.rows,
      slot: parts[0]?.slot,
    });
    if (rows) {
      for (const value of this.#ends.outputs) {
        if (kept.has(value.name)) kept.set(value.name, new KeptPart(rows, slot, value));
      }
      rows.release();
    }
    return { ...outputs };
  }

  /** Reads what is on the GPU where the runtime is not. */
  async #bringNear(feeds: Readonly<Record<string, Feed>>): Promise<Record<string, Feed>> {
    const near: Record<string, Feed> = { ...feeds };
    if (this.runtime === "webgpu") return near;
    for (const [name, feed] of Object.entries(feeds)) {
      if (feed instanceof GpuTensor) near[name] = await downloadTensor(feed);
    }
    return near;
  }
}

/** A loaded network for several pictures. */
class WideNetwork implements BatchNetwork {
  readonly copies: number;
  readonly weightBytes: number;
  readonly #gpu: Gpu | null;
  readonly #ends: Ends;
  readonly #session: Session;

  constructor(
    gpu: Gpu | null,
    { name, inputs, outputs }: Ends,
    parts: { readonly session: Session; readonly copies: number; readonly weightBytes: number },
  ) {
    this.copies = parts.copies;
    this.weightBytes = parts.weightBytes;
    this.#gpu = gpu;
    this.#ends = { name, inputs, outputs };
    this.#session = parts.session;
  }

  async run(calls: ReadonlyMap<number, BatchCall>): Promise<ReadonlyMap<number, BatchAnswer>> {
    const { rows, kept: keptNames } = [...calls.values()][0]!;
    const given = this.#ends.outputs.filter(({ name }) => !keptNames.includes(name));
    const kept = new Map<string, KeptTensor | undefined>();
    if (keptNames.length > 0) {
      // Between the halves of a network, names may depend on the number of pictures.
      const names = new Set(given.map(({ name }) => name));
      for (const name of this.#session.outputNames) if (!names.has(name)) kept.set(name, undefined);
    }
    using joined = new DisposableStack();
    const feeds = this.#join(calls, joined);
    const outputs = await this.#run({ ...feeds, ...rows?.tensors }, kept);
    for (const tensor of Object.values(outputs)) {
      if (tensor instanceof GpuTensor) joined.use(tensor);
    }
    const madeRows = kept.size > 0
      ? new KeptRows(Object.fromEntries(kept) as Record<string, KeptTensor>)
      : undefined;
    return await this.#part(calls, { outputs, given, rows: madeRows });
  }

  #join(calls: ReadonlyMap<number, BatchCall>, owned: DisposableStack): Record<string, Feed> {
    const copies = this.#gpu ? new RowCopies(this.#gpu) : undefined;
    const feeds: Record<string, Feed> = {};
    for (const value of this.#ends.inputs) {
      const own = new Map(calls.entries().map(([slot, call]) => [slot, call.feeds[value.name]!]));
      const options = { value, copies: this.copies };
      if (own.values().some((feed) => feed instanceof KeptTensor)) continue;
      if (copies && own.values().some((feed) => feed instanceof GpuTensor)) {
        const tensors = own as Map<number, GpuTensor | HostTensor>;
        feeds[value.name] = owned.use(copies.join(tensors, options));
      } else {
        feeds[value.name] = joinOnHost(own as Map<number, HostTensor>, options);
      }
    }
    copies?.submit();
    return feeds;
  }

  async #run(
    feeds: Readonly<Record<string, Feed>>,
    kept: Map<string, KeptTensor | undefined>,
  ): Promise<Record<string, GpuTensor | HostTensor>> {
    if (this.#session.runtime === "webgpu") return await this.#session.run(feeds, kept);
    const near = feeds as Readonly<Record<string, HostTensor | KeptTensor>>;
    return await this.#session.runHost(near, kept);
  }

  async #part(
    calls: ReadonlyMap<number, BatchCall>,
    { outputs, given, rows }: {
      readonly outputs: Readonly<Record<string, GpuTensor | HostTensor>>;
      readonly given: readonly Value[];
      readonly rows: KeptRows | undefined;
    },
  ): Promise<Map<number, BatchAnswer>> {
    // One look at the GPU serves all who want results in host memory.
    const onHost: Record<string, HostTensor> = {};
    if (calls.values().some((call) => call.onHost)) {
      for (const { name } of given) {
        const output = outputs[name]!;
        onHost[name] = output instanceof GpuTensor ? await downloadTensor(output) : output;
      }
    }
    const copies = this.#gpu ? new RowCopies(this.#gpu) : undefined;
    const answers = new Map<number, BatchAnswer>();
    for (const [slot, call] of calls) {
      const own = given.map((value): [string, GpuTensor | HostTensor] => {
        const { name } = value;
        if (call.onHost) return [name, partOnHost(onHost[name]!, slot, value)];
        const output = outputs[name]!;
        if (output instanceof GpuTensor) return [name, copies!.part(output, slot, value)];
        const { data, shape } = partOnHost(output, slot, value);
        return [name, GpuTensor.from(this.#gpu!, data as Float32Array | Int32Array, shape, name)];
      });
      rows?.claim();
      answers.set(slot, { outputs: Object.fromEntries(own), rows, slot });
    }
    copies?.submit();
    return answers;
  }
}
