import assert from "node:assert/strict";
import { join } from "node:path";
import { OutputError } from "../../../lib/files/output_error.ts";
import { createRunFolder, runFolderPath } from "../../../lib/outputs/run_folder.ts";
import { makeFolder, writeFile } from "../../../lib/files/write_file.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";

const NAME = {
  config: "standard",
  date: new Date(2026, 10, 4, 9, 5, 7),
  model: "mini",
  size: { height: 32, width: 48 },
  palette: "sweetie-16",
};

Deno.test("runFolderPath() names folders as SD-piXL does", () => {
  const folder = "2026-11-04-09-05-07-mini-im32x48-sweetie-16";
  assert.equal(runFolderPath("workdir", NAME), join("workdir", "standard", folder));
  const several = runFolderPath("workdir", { ...NAME, count: 6 });
  assert.equal(several, join("workdir", "standard", `${folder}-6-pictures`));
  const odd = runFolderPath("w", { ...NAME, config: "../x", model: "a/b:c", palette: "my é ?" });
  assert.equal(odd, join("w", "__x", "2026-11-04-09-05-07-a_b_c-im32x48-my_é_"));
});

Deno.test("createRunFolder() gives each run its own folder", () =>
  inTemporaryFolder(async (root) => {
    const first = await createRunFolder(join(root, "deep", "er"), NAME);
    const second = await createRunFolder(join(root, "deep", "er"), NAME);
    assert.equal(second, `${first}-2`);
    assert((await Deno.stat(second)).isDirectory);
  }));

Deno.test("writeFile() replaces a file whole and leaves nothing else behind", () =>
  inTemporaryFolder(async (root) => {
    const path = join(root, "a.txt");
    await writeFile(path, "one");
    await writeFile(path, new TextEncoder().encode("two"));
    assert.equal(await Deno.readTextFile(path), "two");
    assert.deepEqual([...Deno.readDirSync(root)].map(({ name }) => name), ["a.txt"]);
  }));

Deno.test("writing says what is in the way, and keeps what is there", () =>
  inTemporaryFolder(async (root) => {
    const file = join(root, "file");
    await writeFile(file, "old");
    const cases: [() => Promise<unknown>, string][] = [
      [
        () => createRunFolder(file, NAME),
        `Cannot create folder "${
          join(file, "standard")
        }": expected a folder, got a file, there or in its path`,
      ],
      [
        () => makeFolder(file),
        `Cannot create folder "${file}": there is already a file of that name`,
      ],
      [
        () => writeFile(join(root, "no", "x"), ""),
        `Cannot write "${join(root, "no", "x")}": there is no such file or folder`,
      ],
      [() => writeFile(root, ""), `Cannot write "${root}": expected a file, got a folder`],
      [
        () => writeFile(join(root, "x".repeat(300)), ""),
        `Cannot write "${join(root, "x".repeat(300))}": the name is too long`,
      ],
    ];
    for (const [act, expected] of cases) {
      await assert.rejects(act, (error: Error) => {
        assert(error instanceof OutputError);
        assert.equal(error.message, expected);
        return true;
      });
    }
    assert.deepEqual([...Deno.readDirSync(root)].map(({ name }) => name), ["file"]);
    assert.equal(await Deno.readTextFile(file), "old");
  }));

Deno.test({
  name: "writeFile() names the flag that a missing permission needs",
  permissions: "none",
  fn: async () => {
    await assert.rejects(
      writeFile("workdir/x.png", ""),
      /"workdir\/x.png": no permission; run again with --allow-read=workdir --allow-write=workdir$/,
    );
  },
});

Deno.test("OutputError.from() explains a full disk", () => {
  const cause = Object.assign(new Error("No space left on device (os error 28)"), {
    code: "ENOSPC",
  });
  const error = OutputError.from("write", "a/b.png", cause);
  assert.equal(error.message, 'Cannot write "a/b.png": no space left on the disk');
  assert.equal(error.path, "a/b.png");
  assert.equal(error.cause, cause);
  assert.equal(OutputError.from("write", "other", error), error);
});
