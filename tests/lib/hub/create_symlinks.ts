import assert from "node:assert/strict";

/** Deno makes symbolic links only in a program with all rights to files: in another process. */
export async function createSymlinks(links: readonly [string, string][]): Promise<void> {
  const code = `for (const [to, at] of ${JSON.stringify(links)}) Deno.symlinkSync(to, at);`;
  const { success } = await new Deno.Command(Deno.execPath(), { args: ["eval", code] }).output();
  assert.equal(success, true);
}
