import { statfs } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Returns how much can be written into a folder, which need not exist yet, in bytes.
 *
 * @returns undefined where that cannot be told; it needs `--allow-read` and `--allow-sys=statfs`.
 */
export async function freeBytes(folder: string): Promise<number | undefined> {
  for (let path = folder;; path = dirname(path)) {
    try {
      const { bavail, bsize } = await statfs(path);
      return bavail * bsize;
    } catch (error) {
      const isAbsent = (error as { code?: unknown }).code === "ENOENT";
      if (!isAbsent || dirname(path) === path) return undefined;
    }
  }
}
