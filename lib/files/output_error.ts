import { dirname } from "node:path";

/** A file or folder that cannot be written or read; the message tells the remedy. */
export class OutputError extends Error {
  /** Name of the class, as it is printed. */
  override readonly name = "OutputError";
  /** Path of the file or folder. */
  readonly path: string;

  /**
   * Creates the error.
   *
   * @param action What failed, such as "write".
   * @param found The reason, without a final period.
   */
  constructor(action: string, path: string, found: string, cause?: unknown) {
    super(`Cannot ${action} "${path}": ${found}`, { cause });
    this.path = path;
  }

  /**
   * Explains an error of the operating system or of Deno's permissions.
   *
   * @param action What failed, such as "write".
   */
  static from(action: string, path: string, cause: unknown): OutputError {
    if (cause instanceof OutputError) return cause;
    return new OutputError(action, path, explain(action, path, cause), cause);
  }
}

/** Explanations of error codes of the operating system. */
const BY_CODE: Readonly<Record<string, string>> = {
  ENOSPC: "no space left on the disk",
  EDQUOT: "no space left in your disk quota",
  EROFS: "the disk is read-only",
  ENAMETOOLONG: "the name is too long",
  EISDIR: "expected a file, got a folder",
  ENOTDIR: "expected a folder, got a file, there or in its path",
  EACCES: "you do not have the rights; choose another folder or change them",
  EPERM: "you do not have the rights; choose another folder or change them",
  EMFILE: "too many files are open",
  EIO: "the disk reports an error",
};

function explain(action: string, path: string, cause: unknown): string {
  if (cause instanceof Deno.errors.NotCapable) {
    if (action === "read") return `no permission; run again with --allow-read=${path}`;
    // A file is written under another name and renamed, which needs its folder, to read and write.
    const folder = action === "write" ? dirname(path) : path;
    return `no permission; run again with --allow-read=${folder} --allow-write=${folder}`;
  }
  if (cause instanceof Deno.errors.AlreadyExists) return "there is already a file of that name";
  if (cause instanceof Deno.errors.NotFound) return "there is no such file or folder";
  const code = (cause as { code?: string } | undefined)?.code;
  return BY_CODE[code ?? ""] ?? (cause instanceof Error ? cause.message : String(cause));
}
