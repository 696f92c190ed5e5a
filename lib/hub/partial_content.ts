import { createHash, type Hash } from "node:crypto";
import { HubError } from "./hub_error.ts";
import type { RepoFile } from "./repo_listing.ts";
import type { GrowingFile } from "./cache_files.ts";

/** What has come of a file: the bytes, in the cache, and their hash so far. */
export class PartialContent {
  readonly #blob: GrowingFile;
  readonly #file: RepoFile;
  readonly #onBytes: (byteLength: number) => void;
  #hash: Hash;
  #byteLength = 0;

  private constructor(
    blob: GrowingFile,
    { file, onBytes }: { file: RepoFile; onBytes(byteLength: number): void },
  ) {
    this.#blob = blob;
    this.#file = file;
    this.#onBytes = onBytes;
    this.#hash = createFileHash(file);
  }

  /** Reads what came earlier; more than the whole file is dropped. The blob is borrowed. */
  static async open(
    blob: GrowingFile,
    options: { file: RepoFile; signal: AbortSignal; onBytes(byteLength: number): void },
  ): Promise<PartialContent> {
    const content = new PartialContent(blob, options);
    for await (const chunk of blob.chunks()) {
      options.signal.throwIfAborted();
      content.#hash.update(chunk);
      content.#byteLength += chunk.byteLength;
    }
    if (content.#byteLength > options.file.byteLength) await content.clear();
    return content;
  }

  /** Number of bytes that are there. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /** Whether all bytes are there; whether they are right, the hash tells. */
  get isComplete(): boolean {
    return this.#byteLength === this.#file.byteLength;
  }

  /**
   * Appends bytes that came.
   *
   * @throws {HubError} If they are more than the file has, or cannot be written.
   */
  async append(bytes: Uint8Array): Promise<void> {
    const { path, byteLength } = this.#file;
    if (this.#byteLength + bytes.byteLength > byteLength) {
      await this.clear();
      throw new HubError(`Cannot download "${path}": expected ${byteLength} bytes, got more`, {
        isTransient: true,
      });
    }
    try {
      await this.#blob.write(bytes);
    } catch (cause) {
      const detail = cause instanceof Error ? cause.message : String(cause);
      throw new HubError(`Cannot write "${path}" into the cache: ${detail}`, { cause });
    }
    this.#hash.update(bytes);
    this.#byteLength += bytes.byteLength;
    this.#onBytes(this.#byteLength);
  }

  /** Drops everything. */
  async clear(): Promise<void> {
    await this.#blob.clear();
    this.#hash = createFileHash(this.#file);
    this.#byteLength = 0;
    this.#onBytes(0);
  }

  /** Returns the hash of all bytes, in hexadecimal digits. Nothing can be appended afterwards. */
  hash(): string {
    return this.#hash.digest("hex");
  }
}

/** Large files are known by their SHA-256, others by the SHA-1 of Git, which begins with the size. */
function createFileHash({ sha256, byteLength }: RepoFile): Hash {
  if (sha256 !== undefined) return createHash("sha256");
  return createHash("sha1").update(`blob ${byteLength}\0`);
}
