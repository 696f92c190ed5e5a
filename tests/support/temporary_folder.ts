/**
 * Runs a test body with an empty folder that is removed afterwards.
 *
 * The folder is in `workdir/` of the project, so that tests need no permission outside of it.
 */
export async function inTemporaryFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const root = new URL("../../workdir/tests/", import.meta.url).pathname;
  await Deno.mkdir(root, { recursive: true });
  const folder = await Deno.makeTempDir({ dir: root });
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
