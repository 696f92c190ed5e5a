import assert from "node:assert/strict";
import { join } from "node:path";
import { isFolder, listFiles } from "../../../lib/files/list_files.ts";
import { OutputError } from "../../../lib/files/output_error.ts";
import { readConfigText, readFile, readFileIfThere } from "../../../lib/files/read_file.ts";
import { makePipe } from "../../support/make_pipe.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";

Deno.test("readFile() reads up to a limit, and says why it cannot read", () =>
  inTemporaryFolder(async (folder) => {
    const path = join(folder, "file");
    await Deno.writeFile(path, Uint8Array.of(1, 2, 3));
    assert.deepEqual([...await readFile(path)], [1, 2, 3]);
    assert.deepEqual([...await readFile(path, { maxBytes: 3 })], [1, 2, 3]);
    await assert.rejects(readFile(path, { maxBytes: 2 }), /expected at most 2 bytes, got more$/);
    const missing = join(folder, "none");
    await assert.rejects(readFile(missing), (error: Error) => {
      assert(error instanceof OutputError);
      assert.match(error.message, /^Cannot read ".*none": there is no such file or folder$/);
      return true;
    });
    assert.equal(await readFileIfThere(missing), undefined);
    await assert.rejects(readFileIfThere(folder), /got a folder/);
  }));

Deno.test("readFile() refuses a pipe, which blocks until somebody writes", () =>
  inTemporaryFolder(async (folder) => {
    if (Deno.build.os === "windows") return;
    const path = join(folder, "image.png");
    await makePipe(path);
    const message = `Cannot read "${path}": expected a file, got a pipe`;
    await assert.rejects(readFile(path), { name: "OutputError", message });
    await assert.rejects(readFile(path, { maxBytes: 9 }), { message });
    await assert.rejects(readConfigText(path), { message });
    await assert.rejects(readFileIfThere(path), { message });
  }));

Deno.test("listFiles() lists wanted files at any depth by their names", () =>
  inTemporaryFolder(async (folder) => {
    await Deno.mkdir(join(folder, "b"));
    for (const name of ["10.x", "2.x", "b/1.x", "b/1.y"]) {
      await Deno.writeTextFile(join(folder, name), "");
    }
    const files = await listFiles(folder, (name) => name.endsWith(".x"));
    assert.deepEqual(files, ["2.x", "10.x", "b/1.x"].map((name) => join(folder, name)));
    assert.deepEqual([await isFolder(folder), await isFolder(join(folder, "2.x"))], [true, false]);
  }));
