/** A file that a model lacks on this machine. */
export interface MissingFile {
  /** Path in the repository. */
  readonly path: string;
  /** Size, in bytes, where it is known. */
  readonly byteLength?: number;
}

/** Options of {@linkcode HubError}. */
export interface HubErrorOptions extends ErrorOptions {
  /** HTTP status, where there is one. */
  readonly status?: number;
  /** What was asked for. */
  readonly url?: string;
  /** Files that are not on this machine. */
  readonly missing?: readonly MissingFile[];
  /** Whether another try may succeed. Default: false. */
  readonly isTransient?: boolean;
  /** Pause that the server asks for before the next try, in milliseconds. */
  readonly retryAfter?: number;
}

/** A model of the Hugging Face Hub could not be found, downloaded or opened. */
export class HubError extends Error {
  /** Name of the class. */
  override readonly name = "HubError";
  /** HTTP status, where there is one. */
  readonly status: number | undefined;
  /** What was asked for, never the signed address behind a redirect. */
  readonly url: string | undefined;
  /** Files that are not on this machine, where that is the reason. */
  readonly missing: readonly MissingFile[];
  /** Whether another try may succeed. */
  readonly isTransient: boolean;
  /** Pause that the server asks for before the next try, in milliseconds. */
  readonly retryAfter: number | undefined;

  /** Describes a failure. */
  constructor(message: string, options: HubErrorOptions = {}) {
    super(message, options);
    this.status = options.status;
    this.url = options.url;
    this.missing = options.missing ?? [];
    this.isTransient = options.isTransient ?? false;
    this.retryAfter = options.retryAfter;
  }
}
