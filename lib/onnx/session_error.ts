/** A network could not be loaded or run. */
export class SessionError extends Error {
  override readonly name = "SessionError";
  /** Name of the graph. */
  readonly graph: string;

  constructor(action: "load" | "run", graph: string, detail: string, options?: ErrorOptions) {
    super(`Cannot ${action} network "${graph}": ${detail}`, options);
    this.graph = graph;
  }
}

/** What is known when a runtime fails. */
export interface FailureTraits {
  readonly runtime: string;
  /** Size of the weights, in bytes. */
  readonly weightBytes: number;
  /** File that the runtime needs to read, if one is known. */
  readonly file?: string | undefined;
}

/** Says what a failure of the runtime means and what to do. */
export function explainFailure(cause: unknown, traits: FailureTraits): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  const firstLine = text.split("\n", 1)[0]!;
  const megabytes = Math.ceil(traits.weightBytes / 2 ** 20);
  if (/NotCapable|Requires read access|requires read/i.test(text) && traits.file) {
    return `permission is needed, run again with --allow-read="${traits.file}"`;
  }
  if (/bad_alloc|out of memory|Array buffer allocation|memory access out of bounds/i.test(text)) {
    return `there is not enough memory for its ${megabytes} MB of weights with the runtime ` +
      `"${traits.runtime}" (${firstLine})`;
  }
  return `the runtime "${traits.runtime}" says: ${firstLine}`;
}
