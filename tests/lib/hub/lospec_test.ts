import assert from "node:assert/strict";
import { join } from "node:path";
import { createPaletteReader } from "../../../lib/hub/lospec.ts";
import { findPalette } from "../../../lib/palette/formats/find_palette.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";

const HEX = "1a1c2c\r\nf4f4f4\r\nff0044\r\n";
const ANSWERS: Readonly<Record<string, () => Response>> = {
  "/palette-list/three-colors.hex": () => new Response(HEX),
  "/palette-list/page.hex": () => new Response("<!doctype html><p>Not a palette</p>"),
  "/palette-list/huge.hex": () => new Response(new Uint8Array(2 ** 20 + 1)),
  "/palette-list/busy.hex": () => new Response("", { status: 503 }),
};

/** Serves palettes as Lospec does, and counts the requests. */
async function withLospec(
  test: (endpoint: string, folder: string, paths: readonly string[]) => Promise<void>,
): Promise<void> {
  const paths: string[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, ({ url }) => {
    const { pathname } = new URL(url);
    paths.push(pathname);
    return ANSWERS[pathname]?.() ?? new Response("no such palette", { status: 404 });
  });
  try {
    await inTemporaryFolder((folder) =>
      test(`http://127.0.0.1:${server.addr.port}`, join(folder, "palettes"), paths)
    );
  } finally {
    await server.shutdown();
  }
}

Deno.test("a palette of Lospec is downloaded once, and kept as a .hex file", async () => {
  await withLospec(async (endpoint, folder, paths) => {
    const online = createPaletteReader({ endpoint, folder, download: true });
    const first = await findPalette("lospec:Three-Colors", online);
    assert.deepEqual([first.name, first.toHexText().trim().split("\n").length], [
      "three-colors",
      3,
    ]);
    const offline = createPaletteReader({ endpoint, folder });
    assert.deepEqual((await findPalette("lospec:three-colors", offline)).colors, first.colors);
    assert.deepEqual(paths, ["/palette-list/three-colors.hex"]);
    assert.equal(await Deno.readTextFile(join(folder, "three-colors.hex")), HEX);
  });
});

Deno.test("nothing is requested without --download, or for a built-in palette", async () => {
  await withLospec(async (endpoint, folder, paths) => {
    await assert.rejects(
      findPalette("lospec:three-colors", createPaletteReader({ endpoint, folder })),
      { name: "LospecError", message: /is not on this machine; add --download to get it from 127/ },
    );
    const online = createPaletteReader({ endpoint, folder, download: true });
    assert.equal((await findPalette("lospec:sweetie-16", online)).size, 16);
    await assert.rejects(findPalette("lospec:../../etc/passwd", online), {
      name: "UnknownPaletteError",
      message: /expected a name of Lospec, such as lospec:sweetie-16$/,
    });
    assert.deepEqual(paths, []);
  });
});

Deno.test("answers that are no palette are refused in one sentence, and not kept", async () => {
  await withLospec(async (endpoint, folder) => {
    const online = createPaletteReader({ endpoint, folder, download: true });
    for (
      const [slug, message] of [
        ["page", /is no palette: .*HTML or XML/],
        ["huge", /is no palette: expected at most 1048576 bytes/],
        ["busy", /answered 503/],
        ["missing", /has no palette of that name; see http:.*\/palette-list$/],
      ] as const
    ) {
      await assert.rejects(findPalette(`lospec:${slug}`, online), { name: "LospecError", message });
      await assert.rejects(Deno.stat(join(folder, `${slug}.hex`)), Deno.errors.NotFound);
    }
    const gone = createPaletteReader({ endpoint: "http://127.0.0.1:1", folder, download: true });
    await assert.rejects(findPalette("lospec:other", gone), { message: /cannot be reached: / });
  });
});
