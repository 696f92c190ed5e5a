import type { BufferArena } from "./buffer_arena.ts";
import {
  type RecordedBinding,
  type RecordedClear,
  type RecordedCommand,
  type RecordedCopy,
  type RecordedDispatch,
  usesOf,
} from "./recorded_commands.ts";

/** A dispatch that is ready to be encoded. */
interface ReadyDispatch {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly workgroups: readonly [number, number, number];
}

type ReadyCommand = ReadyDispatch | RecordedCopy | RecordedClear;

/** What the commands of a {@linkcode CommandReplay} work on. */
export interface ReplayParts {
  /** The device; it is borrowed. */
  readonly device: GPUDevice;
  /** Buffers for inner values. */
  readonly arena: BufferArena;
  /** Buffers of the inputs and outputs, which stay as they were recorded. */
  readonly fixed: ReadonlySet<GPUBuffer>;
}

/**
 * Recorded commands that can be sent again.
 *
 * Inputs, outputs and weights are the recorded buffers. Inner values have other ones, since
 * onnxruntime gives the recorded ones to other networks. Uniforms have one buffer for all.
 */
export class CommandReplay implements Disposable {
  readonly #commands: readonly ReadyCommand[];
  readonly #owned: DisposableStack;

  private constructor(commands: readonly ReadyCommand[], owned: DisposableStack) {
    this.#commands = commands;
    this.#owned = owned;
  }

  /**
   * Prepares commands.
   *
   * @returns The replay; undefined if the commands need values from earlier runs.
   */
  static create(
    recorded: readonly RecordedCommand[],
    { device, arena, fixed }: ReplayParts,
  ): CommandReplay | undefined {
    const inner = innerBuffers(recorded, fixed);
    if (!inner) return undefined;
    using cleanup = new DisposableStack();
    const { buffers } = cleanup.use(arena.take(inner.map(({ size }) => size)));
    const places = new Map(inner.map((buffer, i) => [buffer, buffers[i]!]));
    const placeOf = (buffer: GPUBuffer) => places.get(buffer) ?? buffer;
    const uniforms = new Uniforms(device, recorded);
    cleanup.defer(() => uniforms.buffer.destroy());
    const commands = gatherClears(recorded).map((command): ReadyCommand => {
      if ("cleared" in command) return { ...command, cleared: placeOf(command.cleared) };
      if (!("from" in command)) return prepare(device, command, uniforms, placeOf);
      const [[from, fromOffset], [to, toOffset]] = [command.from, command.to];
      const { size } = command;
      return { from: [placeOf(from), fromOffset], to: [placeOf(to), toOffset], size };
    });
    return new CommandReplay(commands, cleanup.move());
  }

  /** Encodes all commands. */
  encode(encoder: GPUCommandEncoder): void {
    let pass: GPUComputePassEncoder | undefined;
    let last: GPUComputePipeline | undefined;
    for (const command of this.#commands) {
      if ("pipeline" in command) {
        const { pipeline, group, workgroups: [x, y, z] } = command;
        if (!pass) {
          pass = encoder.beginComputePass();
          last = undefined;
        }
        if (pipeline !== last) pass.setPipeline(pipeline);
        last = pipeline;
        pass.setBindGroup(0, group);
        pass.dispatchWorkgroups(x, y, z);
        continue;
      }
      pass?.end();
      pass = undefined;
      if ("from" in command) {
        const { from, to, size } = command;
        encoder.copyBufferToBuffer(from[0], from[1], to[0], to[1], size);
      } else {
        const { cleared, offset, size = cleared.size - offset } = command;
        encoder.clearBuffer(cleared, offset, size);
      }
    }
    pass?.end();
  }

  /** Frees its buffers. Commands that were sent before still complete. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}

/**
 * Lists the buffers of inner values: those that are written and are not fixed.
 *
 * @returns undefined if one is read before it is written.
 */
function innerBuffers(
  commands: readonly RecordedCommand[],
  fixed: ReadonlySet<GPUBuffer>,
): GPUBuffer[] | undefined {
  const uses = commands.flatMap(usesOf).filter(({ buffer }) => !fixed.has(buffer));
  const first = new Map<GPUBuffer, boolean>();
  const inner = new Set<GPUBuffer>();
  for (const { buffer, isWritten } of uses) {
    if (!first.has(buffer)) first.set(buffer, isWritten);
    if (isWritten) inner.add(buffer);
  }
  return [...inner].every((buffer) => first.get(buffer)) ? [...inner] : undefined;
}

/**
 * Moves clearings forward to earlier ones, where no command between uses their buffer: each break
 * between shaders takes time.
 */
function gatherClears(commands: readonly RecordedCommand[]): RecordedCommand[] {
  const lastUses = new Map<GPUBuffer, number>();
  const clears: { readonly index: number; readonly lastUse: number }[] = [];
  for (const [index, command] of commands.entries()) {
    if ("cleared" in command) {
      clears.push({ index, lastUse: lastUses.get(command.cleared) ?? -1 });
    }
    for (const { buffer } of usesOf(command)) lastUses.set(buffer, index);
  }
  const moved = new Set<number>();
  return commands.flatMap((command, index) => {
    if (!("cleared" in command)) return [command];
    if (moved.has(index)) return [];
    const movable = clears.filter((one) =>
      one.index >= index && one.lastUse < index && !moved.has(one.index)
    );
    for (const one of movable) moved.add(one.index);
    return movable.map((one) => commands[one.index]!);
  });
}

/** One buffer with the uniforms of all dispatches. */
class Uniforms {
  readonly buffer: GPUBuffer;
  readonly #offsets = new Map<RecordedBinding, number>();

  constructor(device: GPUDevice, commands: readonly RecordedCommand[]) {
    const { minUniformBufferOffsetAlignment: alignment } = device.limits;
    let end = 0;
    for (const command of commands) {
      if (!("pipeline" in command)) continue;
      for (const binding of command.bindings) {
        if (!binding.content) continue;
        this.#offsets.set(binding, end);
        end += Math.ceil(binding.content.length / alignment) * alignment;
      }
    }
    const bytes = new Uint8Array(Math.max(alignment, end));
    for (const [{ content }, offset] of this.#offsets) bytes.set(content!, offset);
    this.buffer = device.createBuffer({
      label: "uniforms of a recorded network",
      size: bytes.length,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
    device.queue.writeBuffer(this.buffer, 0, bytes);
  }

  resourceOf(binding: RecordedBinding): GPUBufferBinding {
    const offset = this.#offsets.get(binding)!;
    return { buffer: this.buffer, offset, size: binding.content!.length };
  }
}

function prepare(
  device: GPUDevice,
  { pipeline, layout, bindings, workgroups }: RecordedDispatch,
  uniforms: Uniforms,
  placeOf: (buffer: GPUBuffer) => GPUBuffer,
): ReadyDispatch {
  const entries = bindings.map((one): GPUBindGroupEntry => {
    const { binding, buffer, offset, size = buffer.size - offset } = one;
    if (one.content) return { binding, resource: uniforms.resourceOf(one) };
    return { binding, resource: { buffer: placeOf(buffer), offset, size } };
  });
  return { pipeline, group: device.createBindGroup({ layout, entries }), workgroups };
}
