import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import type { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { CommandReplay } from "../../patches/command_replay.ts";
import { OrtDevice } from "../../patches/ort_device.ts";
import { isSameWork, type RecordedCommand } from "../../patches/recorded_commands.ts";
import type { Graph, Value } from "../graph/graph.ts";
import { downloadTensor } from "./device_tensor.ts";
import { checkFeeds, type Feed, type HostTensor, type SavedTensor } from "./feeds.ts";
import type { OrtInferenceSession, OrtRuntime } from "./ort_runtime.ts";
import { OrtSession } from "./ort_session.ts";
import { MAX_REPLAYED_BYTES } from "./replay_limit.ts";
import { RunBuffers } from "./run_buffers.ts";
import type { Runtime, Session, SessionResult } from "./session.ts";
import { explainFailure, SessionError } from "./session_error.ts";

/** What a replayed session is made of. */
export interface ReplayedSessionParts {
  /** The loaded onnxruntime. */
  readonly ort: OrtRuntime;
  /** The loaded network; the session releases it. */
  readonly session: OrtInferenceSession;
  /** Device of the tensors. */
  readonly gpu: Gpu;
}

/** Runs that are recorded before the plain way is taken for good. */
const MAX_RECORDINGS = 4;

/**
 * A network whose commands for the GPU are recorded and then replayed.
 *
 * In each run, onnxruntime chooses shaders, creates bind groups and writes uniforms: on the
 * processor that takes longer than a small network takes on the GPU. So the first runs are
 * recorded. When two of them are the same work, later runs send that work again, without
 * onnxruntime. Results are those of `OrtSession`, bit for bit, because the shaders, their sizes and
 * their uniforms are the same.
 *
 * The network runs the plain way for good if its runs cannot be recorded, for example because
 * values are read back in the middle of a run.
 */
export class ReplayedSession implements Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly runtime: Runtime = "webgpu";
  readonly #gpu: Gpu;
  readonly #graph: Pick<Graph, "name" | "inputs">;
  readonly #ort: OrtRuntime;
  readonly #session: OrtInferenceSession;
  readonly #plain: OrtSession;
  readonly #buffers: RunBuffers;
  #recordings = 0;
  #last: readonly RecordedCommand[] | undefined;
  #replay: CommandReplay | undefined;
  #refusal: string | undefined;
  #isDisposed = false;

  /** Takes over a loaded network. */
  constructor(graph: Graph, { ort, session, gpu }: ReplayedSessionParts) {
    this.inputNames = graph.inputs.map(({ name }) => name);
    this.outputNames = graph.outputs.map(({ name }) => name);
    this.#gpu = gpu;
    // The weights have been read: their files need not stay open for this session.
    this.#graph = { name: graph.name, inputs: graph.inputs };
    this.#ort = ort;
    this.#session = session;
    this.#plain = new OrtSession(graph, { ort, session, gpu, runtime: "webgpu" });
    this.#buffers = new RunBuffers(graph, { ort, gpu });
  }

  /**
   * Whether runs of a graph may be recorded: its inputs and outputs can be on the GPU, and its
   * activations need little memory.
   *
   * @param activationBytes Peak of the memory of all tensors but weights.
   */
  static fits({ inputs, outputs, saved = [] }: Graph, activationBytes: number): boolean {
    const isGpuType = ({ type }: Value) => type === "float32" || type === "int32";
    return activationBytes <= MAX_REPLAYED_BYTES &&
      inputs.every((value) => isGpuType(value) || value.type === "float16") &&
      outputs.every((value) => isGpuType(value) || saved.includes(value.name));
  }

  /** How the next run is made. */
  get mode(): "record" | "replay" | "plain" {
    if (this.#replay) return "replay";
    return this.#refusal === undefined ? "record" : "plain";
  }

  /** Why runs cannot be replayed; undefined if they can, or it is not known yet. */
  get refusal(): string | undefined {
    return this.#refusal;
  }

  async run(feeds: Readonly<Record<string, Feed>>): Promise<SessionResult<GpuTensor>> {
    if (this.mode === "plain") return await this.#plain.run(feeds);
    checkFeeds(this.#graph, feeds);
    this.#gpu.assertAlive(`run network "${this.#graph.name}"`);
    using owned = new DisposableStack();
    const result = this.#buffers.createResult(owned);
    try {
      const isDone = await this.#ort.runExclusive(async () => {
        if (this.#isDisposed) throw new TypeError("its session was disposed of");
        // Another call may have changed the mode in the meantime.
        if (this.mode === "plain") return false;
        if (this.#replay) this.#runReplay(this.#replay, feeds, result);
        else await this.#runRecorded(feeds, result);
        return true;
      });
      if (!isDone) return await this.#plain.run(feeds);
    } catch (cause) {
      if (cause instanceof SessionError) throw cause;
      const detail = explainFailure(cause, { runtime: this.runtime, weightBytes: 0 });
      throw new SessionError("run", this.#graph.name, detail, { cause });
    }
    owned.move();
    return result;
  }

  async runHost(
    feeds: Readonly<Record<string, HostTensor | SavedTensor>>,
  ): Promise<SessionResult<HostTensor>> {
    if (this.mode !== "replay") return await this.#plain.runHost(feeds);
    const { outputs, saved } = await this.run(feeds);
    using owned = new DisposableStack();
    for (const tensor of Object.values(outputs)) owned.use(tensor);
    const onHost: Record<string, HostTensor> = {};
    for (const [name, tensor] of Object.entries(outputs)) {
      onHost[name] = await downloadTensor(tensor);
    }
    return { outputs: onHost, saved };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    await this.#plain[Symbol.asyncDispose]();
    this.#replay?.[Symbol.dispose]();
    this.#replay = undefined;
    this.#refusal = "its session was disposed of";
    this.#last = undefined;
    this.#buffers[Symbol.dispose]();
  }

  #runReplay(
    replay: CommandReplay,
    feeds: Readonly<Record<string, Feed>>,
    result: SessionResult<GpuTensor>,
  ): void {
    const { device } = this.#gpu;
    const encoder = device.createCommandEncoder({ label: this.#graph.name });
    this.#buffers.load(encoder, feeds);
    replay.encode(encoder);
    this.#buffers.store(encoder, result);
    device.queue.submit([encoder.finish()]);
  }

  async #runRecorded(
    feeds: Readonly<Record<string, Feed>>,
    result: SessionResult<GpuTensor>,
  ): Promise<void> {
    const { device } = this.#gpu;
    const { recorder, arena } = OrtDevice.of(device);
    const buffers = this.#buffers;
    const send = (encode: (encoder: GPUCommandEncoder) => void) => {
      const encoder = device.createCommandEncoder({ label: this.#graph.name });
      encode(encoder);
      device.queue.submit([encoder.finish()]);
    };
    send((encoder) => buffers.load(encoder, feeds));
    recorder.start();
    try {
      await this.#session.run(buffers.inputs, buffers.outputs);
    } finally {
      const { commands, refusal } = recorder.stop();
      if (commands && this.#last && isSameWork(this.#last, commands)) {
        this.#replay = CommandReplay.create(commands, { device, arena, fixed: buffers.all });
        if (!this.#replay) this.#refuse("it needs values of earlier runs");
      } else if (++this.#recordings === MAX_RECORDINGS) {
        this.#refuse(refusal ?? "its runs differ");
      }
      this.#last = this.#replay ? undefined : commands;
    }
    send((encoder) => buffers.store(encoder, result));
    if (this.#refusal !== undefined) {
      this.#last = undefined;
      buffers.release();
    }
  }

  #refuse(reason: string): void {
    this.#refusal = reason;
  }
}
