import { defined } from "../text/defined.ts";
import { blobName, type RepoFile } from "./repo_listing.ts";

/** Progress of a download. */
export interface HubProgress {
  /** Repository. */
  readonly repo: string;
  /** File that received data last; undefined at the start. */
  readonly path?: string;
  /** Bytes on the disk, earlier downloads included. It falls if a file starts over. */
  readonly bytesDone: number;
  /** Bytes of all needed files. */
  readonly bytesTotal: number;
  /** Number of complete files. */
  readonly filesDone: number;
  /** Number of needed files. */
  readonly filesTotal: number;
}

/** Minimum time between two reports of the same file, in milliseconds. */
const INTERVAL = 100;

/** Sums the bytes and files of a snapshot and reports them. */
export class SnapshotProgress {
  readonly #repo: string;
  readonly #listener: ((progress: HubProgress) => void) | undefined;
  readonly #bytes = new Map<string, number>();
  readonly #bytesTotal: number;
  readonly #filesTotal: number;
  #filesDone = 0;
  #lastTime = -Infinity;

  /** Starts at zero. */
  constructor(
    { repo, files }: { readonly repo: string; readonly files: readonly RepoFile[] },
    listener?: (progress: HubProgress) => void,
  ) {
    this.#repo = repo;
    this.#listener = listener;
    const sizes = new Map(files.map((file) => [blobName(file), file.byteLength]));
    this.#bytesTotal = sizes.values().reduce((sum, size) => sum + size, 0);
    this.#filesTotal = files.length;
  }

  /** Sets the bytes of a blob that an earlier download left. */
  start(name: string, bytes: number): void {
    this.#bytes.set(name, bytes);
  }

  /** Sets the bytes of a blob. */
  update(name: string, path: string, bytes: number): void {
    this.#bytes.set(name, bytes);
    const time = performance.now();
    if (time - this.#lastTime < INTERVAL) return;
    this.#lastTime = time;
    this.send(path);
  }

  /** Counts files of the same content as complete. */
  complete(files: readonly RepoFile[]): void {
    this.#filesDone += files.length;
    this.#bytes.set(blobName(files[0]!), files[0]!.byteLength);
    this.send(files[0]!.path);
  }

  /** Reports the current state. */
  send(path?: string): void {
    this.#listener?.({
      repo: this.#repo,
      ...defined({ path }),
      bytesDone: this.#bytes.values().reduce((sum, size) => sum + size, 0),
      bytesTotal: this.#bytesTotal,
      filesDone: this.#filesDone,
      filesTotal: this.#filesTotal,
    });
  }
}
