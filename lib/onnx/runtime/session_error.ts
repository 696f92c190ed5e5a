import { megabytes } from "../../text/format_bytes.ts";

/** A network could not be loaded or run. */
export class SessionError extends Error {
  /** Name of the class. */
  override readonly name = "SessionError";
  /** Name of the graph. */
  readonly graph: string;

  /** Describes a failure. */
  constructor(action: "load" | "run", graph: string, detail: string, options?: ErrorOptions) {
    super(`Cannot ${action} network "${graph}": ${detail}`, options);
    this.graph = graph;
  }
}

/** Context of a failure of a runtime. */
export interface FailureTraits {
  /** Name of the runtime. */
  readonly runtime: string;
  /** Size of the weights, in bytes; 0 if they are loaded already. */
  readonly weightBytes: number;
  /** File that the runtime reads, if there is only one. */
  readonly file?: string | undefined;
}

/** Describes a failure of the runtime and its remedy. */
export function explainFailure(cause: unknown, traits: FailureTraits): string {
  const { runtime, weightBytes, file } = traits;
  const text = cause instanceof Error ? cause.message : String(cause);
  const permission = /Requires (\w+) access/.exec(text)?.[1];
  if (permission === "read" && file !== undefined) {
    return `permission is needed, run again with --allow-read="${file}"`;
  }
  if (permission !== undefined) {
    return `permission is needed, run again with --allow-${permission}`;
  }
  const firstLine = text.split("\n", 1)[0]!;
  if (/bad_alloc|out of memory|allocat|memory access out of bounds|OOM/i.test(text)) {
    const weights = weightBytes === 0 ? "" : ` for its ${megabytes(weightBytes)} MB of weights`;
    const limit = runtime === "wasm" ? ", which has 4096 MB at most" : "";
    return `there is not enough memory${weights} with the runtime "${runtime}"${limit} ` +
      `(${firstLine})`;
  }
  if (/Cannot find (module|package)|Could not find|npm package/i.test(text)) {
    return `the runtime "${runtime}" is not installed (${firstLine})`;
  }
  return `the runtime "${runtime}" says: ${firstLine}`;
}
