/** A file of a model that is not on this machine. */
export interface MissingFile {
  /** Path in the repository. */
  readonly path: string;
  /** Size, in bytes; undefined if it is not known. */
  readonly byteLength?: number;
}

/** Options of {@linkcode HubError}. */
export interface HubErrorOptions extends ErrorOptions {
  /** HTTP status; undefined if no server answered. */
  readonly status?: number;
  /** Address of the request. */
  readonly url?: string;
  /** Files that are not on this machine. Default: none. */
  readonly missing?: readonly MissingFile[];
  /** Whether another try may succeed. Default: false. */
  readonly isTransient?: boolean;
  /** Pause that the server asks for before the next try, in milliseconds. */
  readonly retryAfter?: number;
}

/** A model of the Hugging Face Hub could not be found, downloaded or opened. */
export class HubError extends Error {
  /** Name of the class. */
  override readonly name: string = "HubError";
  /** HTTP status; undefined if no server answered. */
  readonly status: number | undefined;
  /** Address of the request, never the signed address of a redirect. */
  readonly url: string | undefined;
  /** Files that are not on this machine, if that is the reason. */
  readonly missing: readonly MissingFile[];
  /** Whether another try may succeed. */
  readonly isTransient: boolean;
  /** Pause that the server asks for before the next try, in milliseconds. */
  readonly retryAfter: number | undefined;

  /** Describes the failure; `message` has no final period. */
  constructor(message: string, options: HubErrorOptions = {}) {
    super(message, options);
    this.status = options.status;
    this.url = options.url;
    this.missing = options.missing ?? [];
    this.isTransient = options.isTransient ?? false;
    this.retryAfter = options.retryAfter;
  }
}
