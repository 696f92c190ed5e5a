import { dirname, join } from "node:path";
import { OutputError } from "../files/output_error.ts";
import { probeFolder } from "../files/probe_folder.ts";
import { readFileIfThere } from "../files/read_file.ts";
import { makeFolder, writeFileInFolder } from "../files/write_file.ts";
import { checkKey, type Store, StoreError } from "./store.ts";

/** A folder that all workers see, such as one on a network drive. Keys are paths in it. */
export class FolderStore implements Store {
  readonly name: string;

  /** @param folder Its path; it need not exist. */
  constructor(folder: string) {
    this.name = folder;
  }

  /**
   * Checks that objects can be written.
   *
   * @throws {OutputError} If they cannot.
   */
  async probe(): Promise<void> {
    await probeFolder(this.name);
  }

  locate(key: string): string {
    return join(this.name, checkKey(key));
  }

  async get(key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return await explained(async () => await readFileIfThere(this.locate(key)));
  }

  async put(key: string, content: Uint8Array<ArrayBuffer>): Promise<void> {
    await explained(async () => await writeFileInFolder(this.locate(key), content));
  }

  async putNew(key: string, content: Uint8Array<ArrayBuffer>): Promise<boolean> {
    const path = this.locate(key);
    const whole = `${path}.${crypto.randomUUID().slice(0, 8)}.new`;
    return await explained(async () => {
      await makeFolder(dirname(path));
      await writeFileInFolder(whole, content);
      try {
        // Unlike a rename, a link does not replace a file.
        await Deno.link(whole, path);
        return true;
      } catch (cause) {
        if (cause instanceof Deno.errors.AlreadyExists) return false;
        throw OutputError.from("write", path, cause);
      } finally {
        await Deno.remove(whole).catch(() => undefined);
      }
    });
  }

  async remove(key: string): Promise<void> {
    const path = this.locate(key);
    await explained(async () => {
      await Deno.remove(path).catch((cause) => {
        if (!(cause instanceof Deno.errors.NotFound)) throw OutputError.from("remove", path, cause);
      });
    });
    // The folder goes with its last file.
    await Deno.remove(dirname(path)).catch(() => undefined);
  }
}

async function explained<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    if (!(cause instanceof OutputError)) throw cause;
    throw new StoreError(cause.message, { cause });
  }
}
