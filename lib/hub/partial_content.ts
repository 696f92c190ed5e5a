import type { Hash } from "node:crypto";
import { HubError } from "./hub_error.ts";
import { createContentHash } from "./content_hash.ts";
import { blobName, type RepoFile } from "./repo_listing.ts";
import type { GrowingFile } from "./cache_files.ts";

/** A partial download: its bytes in the cache, and their hash so far. */
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
    this.#hash = createContentHash(blobName(file), file.byteLength);
  }

  /**
   * Hashes the bytes of an earlier download. Content that is too long is deleted.
   *
   * @param blob Borrowed: the caller disposes of it.
   */
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

  /** Number of bytes so far. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /** Whether the size is right; {@linkcode hash} tells whether the content is. */
  get isComplete(): boolean {
    return this.#byteLength === this.#file.byteLength;
  }

  /**
   * Appends bytes.
   *
   * @throws {HubError} If the file would become too long, or they cannot be written.
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

  /** Deletes the content. */
  async clear(): Promise<void> {
    await this.#blob.clear();
    this.#hash = createContentHash(blobName(this.#file), this.#file.byteLength);
    this.#byteLength = 0;
    this.#onBytes(0);
  }

  /** Returns the hash in hexadecimal digits. Nothing can be appended afterwards. */
  hash(): string {
    return this.#hash.digest("hex");
  }
}
