/** A part of a buffer that a shader reads or writes. */
export interface RecordedBinding {
  /** Number of the binding in the shader. */
  readonly binding: number;
  /** The buffer. */
  readonly buffer: GPUBuffer;
  /** First byte. */
  readonly offset: number;
  /** Number of bytes; undefined for all from the offset on. */
  readonly size: number | undefined;
  /** Whether the shader writes it. */
  readonly isWritten: boolean;
  /** The values, for a uniform. */
  readonly content?: Uint8Array;
}

/** A recorded dispatch of a shader. */
export interface RecordedDispatch {
  /** The shader. */
  readonly pipeline: GPUComputePipeline;
  /** Layout of its only group of bindings. */
  readonly layout: GPUBindGroupLayout;
  /** Its bindings. */
  readonly bindings: readonly RecordedBinding[];
  /** Number of workgroups along each axis. */
  readonly workgroups: readonly [number, number, number];
}

/** A recorded copy between buffers. */
export interface RecordedCopy {
  /** Source, and its first byte. */
  readonly from: readonly [buffer: GPUBuffer, offset: number];
  /** Destination, and its first byte. */
  readonly to: readonly [buffer: GPUBuffer, offset: number];
  /** Number of bytes. */
  readonly size: number;
}

/** A recorded clearing of a buffer. */
export interface RecordedClear {
  /** The buffer. */
  readonly cleared: GPUBuffer;
  /** First byte. */
  readonly offset: number;
  /** Number of bytes; undefined for all from the offset on. */
  readonly size: number | undefined;
}

/** A recorded command. */
export type RecordedCommand = RecordedDispatch | RecordedCopy | RecordedClear;

/** How a command uses a buffer. */
export interface BufferUse {
  /** The buffer. */
  readonly buffer: GPUBuffer;
  /** Whether the command writes it. */
  readonly isWritten: boolean;
}

/** Lists the buffers that a command uses, without uniforms. What it only reads comes first. */
export function usesOf(command: RecordedCommand): BufferUse[] {
  if ("cleared" in command) return [{ buffer: command.cleared, isWritten: true }];
  if ("from" in command) {
    const [from, to] = [command.from[0], command.to[0]];
    return [{ buffer: from, isWritten: false }, { buffer: to, isWritten: true }];
  }
  return command.bindings.filter(({ content }) => content === undefined)
    .toSorted((a, b) => Number(a.isWritten) - Number(b.isWritten));
}

/**
 * Whether two recordings are the same work: the same shaders, sizes and uniforms, and the same flow
 * of values. Buffers that are written may be others, if they are so everywhere.
 */
export function isSameWork(
  a: readonly RecordedCommand[],
  b: readonly RecordedCommand[],
): boolean {
  if (a.length !== b.length) return false;
  const written = new Set<GPUBuffer>();
  for (const commands of [a, b]) {
    for (const { buffer, isWritten } of commands.flatMap(usesOf)) {
      if (isWritten) written.add(buffer);
    }
  }
  const partners = new Map<GPUBuffer, GPUBuffer>();
  const origins = new Map<GPUBuffer, GPUBuffer>();
  const isSame = (x: GPUBuffer, y: GPUBuffer) => {
    if (!written.has(x) || !written.has(y)) return x === y;
    if (!partners.has(x) && !origins.has(y)) {
      partners.set(x, y);
      origins.set(y, x);
    }
    return partners.get(x) === y && x.size === y.size;
  };
  return a.every((one, i) => isSameCommand(one, b[i]!, isSame));
}

function isSameCommand(
  a: RecordedCommand,
  b: RecordedCommand,
  isSame: (x: GPUBuffer, y: GPUBuffer) => boolean,
): boolean {
  if ("cleared" in a) {
    return "cleared" in b && isSame(a.cleared, b.cleared) && a.offset === b.offset &&
      a.size === b.size;
  }
  if ("from" in a) {
    return "from" in b && isSame(a.from[0], b.from[0]) && isSame(a.to[0], b.to[0]) &&
      a.from[1] === b.from[1] && a.to[1] === b.to[1] && a.size === b.size;
  }
  return "pipeline" in b && a.pipeline === b.pipeline &&
    a.workgroups.every((count, axis) => count === b.workgroups[axis]) &&
    a.bindings.length === b.bindings.length &&
    a.bindings.every((one, i) => {
      const other = b.bindings[i]!;
      const isUniform = one.content !== undefined && other.content !== undefined;
      return one.binding === other.binding && one.offset === other.offset &&
        one.size === other.size &&
        (isUniform
          ? isEqual(one.content, other.content)
          : one.content === other.content && isSame(one.buffer, other.buffer));
    });
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}
