import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { PALETTE_FORMATS } from "../lib/palette/formats/palette_formats.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PAGES = ["README.md", "ARCHITECTURE.md", "tests/bench/RESULTS.md"];
/** Files that a run makes, or that stand for the user's own. */
const MADE = /^(workdir|png_logs|sd_samples)\//;

function exists(path: string): boolean {
  try {
    Deno.statSync(join(ROOT, path));
    return true;
  } catch {
    return false;
  }
}

Deno.test("files that the pages name exist", () => {
  const missing = PAGES.flatMap((page) => {
    const text = Deno.readTextFileSync(join(ROOT, page));
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)]
      .map(([, target]) => join(dirname(page), target!));
    const code = [...text.matchAll(/`((?:lib|kernels|tests|config|assets)\/[\w./-]+)`/g)]
      .map(([, target]) => target!).filter((target) => !MADE.test(target));
    return [...links, ...code].filter((path) => !exists(path)).map((path) => `${page}: ${path}`);
  });
  assert.deepEqual(missing, []);
});

Deno.test("rooms that ARCHITECTURE lists exist", () => {
  const text = Deno.readTextFileSync(join(ROOT, "ARCHITECTURE.md"));
  const table = text.split("## Rooms")[1]!.split("\n## ")[0]!;
  const rooms = [...table.matchAll(/^\| (`[^|]+)/gm)]
    .flatMap(([, cell]) => [...cell!.matchAll(/`([^`]+)`/g)].map(([, room]) => room!));
  assert(rooms.length > 20);
  assert.deepEqual(rooms.filter((room) => !exists(room)), []);
});

Deno.test("the README lists each palette format, and whether it is written", () => {
  const text = Deno.readTextFileSync(join(ROOT, "README.md"));
  const rows = [...text.matchAll(/^\| `(\.[a-z]+)`.*\| yes +\| (no|`[a-z]+`)/gm)]
    .map(([, extension, written]) => `${extension} ${written}`.replaceAll("`", ""));
  const formats = PALETTE_FORMATS.map(({ extensions: [extension], write }) =>
    `${extension} ${write === undefined ? "no" : extension!.slice(1)}`
  );
  assert.deepEqual(rows.sort(), formats.sort());
});
