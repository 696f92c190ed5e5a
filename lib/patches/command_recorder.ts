import { overrideMembers } from "./override_members.ts";
import { type RecordedBinding, type RecordedCommand, usesOf } from "./recorded_commands.ts";

/** A recorded dispatch whose uniforms are not known before it is submitted. */
interface PendingDispatch {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly workgroups: readonly [number, number, number];
}

type PendingCommand = PendingDispatch | Exclude<RecordedCommand, { readonly pipeline: unknown }>;

/** The end of a recording. */
export type Recording =
  | { readonly commands: readonly RecordedCommand[]; readonly refusal?: never }
  | { readonly commands?: never; readonly refusal: string };

const DECLARATION = /@group\((\d+)\)\s*@binding\((\d+)\)\s*var(?:<([^>]*)>)?/g;

/**
 * Records the commands that onnxruntime sends to a device.
 *
 * It watches calls and passes them on, so what is recorded also happens. It always watches which
 * bindings a shader writes; all else only during a recording.
 */
export class CommandRecorder {
  /** Bindings that a shader writes; undefined for one with several groups. */
  readonly #writes = new WeakMap<GPUShaderModule | GPUComputePipeline, ReadonlySet<number>>();
  readonly #groups = new WeakMap<GPUBindGroup, GPUBindGroupDescriptor>();
  readonly #pending = new WeakMap<GPUCommandBuffer, readonly PendingCommand[]>();
  #current: {
    readonly commands: RecordedCommand[];
    /** The last values that were written into each uniform. */
    readonly uniforms: Map<GPUBuffer, Uint8Array>;
    readonly created: WeakSet<GPUBuffer>;
    refusal: string | undefined;
  } | undefined;

  /** Starts a recording; one that has begun is forgotten. */
  start(): void {
    this.#current = {
      commands: [],
      uniforms: new Map(),
      created: new WeakSet(),
      refusal: undefined,
    };
  }

  /** Ends the recording. Its commands can be repeated unless there is a refusal. */
  stop(): Recording {
    const current = this.#current;
    this.#current = undefined;
    if (!current) return { refusal: "nothing was recorded" };
    const { commands, created, refusal } = current;
    if (refusal !== undefined) return { refusal };
    const uses = commands.flatMap(usesOf);
    const written = new Set(uses.flatMap(({ buffer, isWritten }) => isWritten ? [buffer] : []));
    if (uses.some(({ buffer }) => created.has(buffer) && !written.has(buffer))) {
      return { refusal: "it reads a buffer that nothing wrote" };
    }
    return { commands };
  }

  /** Notes the bindings of a shader. */
  onShaderModule(module: GPUShaderModule, code: string): void {
    const declarations = [...code.matchAll(DECLARATION)];
    if (declarations.some(([, group]) => group !== "0")) return;
    // Each mention of a binding must have been understood.
    if (code.split("@binding(").length - 1 !== declarations.length) return;
    const written = declarations.filter(([, , , kind]) => kind?.includes("read_write"));
    this.#writes.set(module, new Set(written.map(([, , binding]) => Number(binding))));
  }

  /** Notes the shader of a pipeline. */
  onPipeline(pipeline: GPUComputePipeline, { compute }: GPUComputePipelineDescriptor): void {
    const writes = this.#writes.get(compute.module);
    if (writes) this.#writes.set(pipeline, writes);
  }

  /** Notes a new buffer. */
  onBuffer(buffer: GPUBuffer, { usage, mappedAtCreation }: GPUBufferDescriptor): void {
    if (!this.#current) return;
    this.#current.created.add(buffer);
    if (mappedAtCreation) this.#refuse("it uploads values");
    if (usage & GPUBufferUsage.MAP_READ) this.#refuse("it reads values back");
  }

  /** Notes the bindings of a group. */
  onBindGroup(group: GPUBindGroup, descriptor: GPUBindGroupDescriptor): void {
    if (this.#current) this.#groups.set(group, descriptor);
  }

  /** Notes values that are written into a buffer. */
  onWriteBuffer(buffer: GPUBuffer, offset: number, data: Uint8Array): void {
    if (!this.#current) return;
    if (!(buffer.usage & GPUBufferUsage.UNIFORM)) return this.#refuse("it uploads values");
    const content = new Uint8Array(buffer.size);
    content.set(this.#current.uniforms.get(buffer) ?? []);
    content.set(data, offset);
    this.#current.uniforms.set(buffer, content);
  }

  /** Notes that commands are sent. */
  onSubmit(buffers: Iterable<GPUCommandBuffer>): void {
    if (!this.#current) return;
    for (const buffer of buffers) {
      const pending = this.#pending.get(buffer);
      if (!pending) return this.#refuse("it sends commands from before");
      for (const command of pending) this.#append(command);
    }
  }

  /** Returns an encoder whose commands are recorded, if there is a recording. */
  watchEncoder(encoder: GPUCommandEncoder): GPUCommandEncoder {
    if (!this.#current) return encoder;
    const commands: PendingCommand[] = [];
    return overrideMembers<GPUCommandEncoder>(encoder, {
      beginComputePass: (descriptor) => {
        if (descriptor?.timestampWrites) this.#refuse("it measures time");
        return this.#watchPass(encoder.beginComputePass(descriptor), commands);
      },
      copyBufferToBuffer: (from: GPUBuffer, fromOffset: number, to: GPUBuffer, toOffset, size) => {
        encoder.copyBufferToBuffer(from, fromOffset, to, toOffset, size);
        commands.push({ from: [from, fromOffset], to: [to, toOffset], size: size! });
      },
      clearBuffer: (cleared, offset = 0, size = undefined) => {
        if (size === undefined) encoder.clearBuffer(cleared, offset);
        else encoder.clearBuffer(cleared, offset, size);
        commands.push({ cleared, offset, size });
      },
      finish: (descriptor) => {
        const buffer = encoder.finish(descriptor);
        this.#pending.set(buffer, commands);
        return buffer;
      },
      resolveQuerySet: (...values) => {
        this.#refuse("it measures time");
        encoder.resolveQuerySet(...values);
      },
    } as Partial<GPUCommandEncoder>);
  }

  #watchPass(pass: GPUComputePassEncoder, commands: PendingCommand[]): GPUComputePassEncoder {
    let pipeline: GPUComputePipeline | undefined;
    let group: GPUBindGroup | undefined;
    return overrideMembers<GPUComputePassEncoder>(pass, {
      setPipeline: (next) => {
        pipeline = next;
        pass.setPipeline(next);
      },
      setBindGroup: (index: number, next: GPUBindGroup, ...offsets: readonly unknown[]) => {
        if (index !== 0 || offsets.length > 0) this.#refuse("it uses several groups or offsets");
        group = next;
        pass.setBindGroup(index, next, ...offsets as []);
      },
      dispatchWorkgroups: (x, y = 1, z = 1) => {
        if (pipeline && group) commands.push({ pipeline, group, workgroups: [x, y, z] });
        else this.#refuse("it runs shaders without bindings");
        pass.dispatchWorkgroups(x, y, z);
      },
      dispatchWorkgroupsIndirect: (buffer, offset) => {
        this.#refuse("the GPU decides the size of its work");
        pass.dispatchWorkgroupsIndirect(buffer, offset);
      },
    } as Partial<GPUComputePassEncoder>);
  }

  #append(command: PendingCommand): void {
    if (!("group" in command)) return void this.#current!.commands.push(command);
    const { pipeline, group, workgroups } = command;
    const writes = this.#writes.get(pipeline);
    const descriptor = this.#groups.get(group);
    if (!writes || !descriptor) return this.#refuse("it has a shader from elsewhere");
    const bindings = [...descriptor.entries].map((entry) => this.#bindingOf(entry, writes));
    this.#current!.commands.push({ pipeline, layout: descriptor.layout, bindings, workgroups });
  }

  #bindingOf(
    { binding, resource }: GPUBindGroupEntry,
    writes: ReadonlySet<number>,
  ): RecordedBinding {
    const { buffer, offset = 0, size } = resource as GPUBufferBinding;
    const isWritten = writes.has(binding);
    const place = { binding, buffer, offset, size, isWritten };
    if (!(buffer.usage & GPUBufferUsage.UNIFORM)) return place;
    const content = this.#current!.uniforms.get(buffer);
    if (!content) this.#refuse("it has a uniform from before");
    const end = size === undefined ? buffer.size : offset + size;
    return { ...place, content: content?.slice(offset, end) ?? new Uint8Array() };
  }

  #refuse(reason: string): void {
    if (this.#current) this.#current.refusal ??= reason;
  }
}
