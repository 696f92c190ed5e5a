import assert from "node:assert/strict";
import { parseRunConfig } from "../../../config/parse_run_config.ts";
import paperText from "../../../config/presets/paper.yaml" with { type: "text" };
import { resolveRunConfig, resolveSources } from "../../../config/resolve_run_config.ts";
import { initialize } from "../../../lib/initialization/initialize.ts";
import { findPalette } from "../../../lib/palette/formats/find_palette.ts";
import { discImage } from "../distill/tiny_run.ts";

Deno.test("a copy of paper.yaml under another name starts the same picture", async () => {
  const text = paperText.replace(/^preset: paper$/m, "");
  const { config: copy } = resolveSources([parseRunConfig(text, "mine.yaml")]);
  const paper = resolveRunConfig({ preset: "paper" });
  assert.equal(copy.preset, "standard");
  assert.deepEqual({ ...copy, preset: "paper" }, paper);
  const image = discImage({ height: 256, width: 256 });
  const palette = await findPalette(paper.generator.palette);
  const start = (config: typeof paper) => initialize(image, palette, config);
  assert.deepEqual(start(copy), start(paper));
  const standard = { ...paper, generator: { ...paper.generator, antialias: true } };
  assert.notDeepEqual(start(standard), start(paper));
});

/** Lists the TypeScript files below a folder of the project. */
function* sourceFiles(folder: URL): Generator<URL> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory) yield* sourceFiles(new URL(`${name}/`, folder));
    else if (name.endsWith(".ts")) yield new URL(name, folder);
  }
}

Deno.test("no code reads the name of the preset, but to name the folder of a run", () => {
  const root = new URL("../../../", import.meta.url);
  const readers = ["lib/", "kernels/"].flatMap((folder) => [...sourceFiles(new URL(folder, root))])
    .filter((file) => /\.preset\b/.test(Deno.readTextFileSync(file)))
    .map((file) => file.pathname.slice(root.pathname.length));

  // The studio reads the field of its form, which becomes the flag --preset, and learns the times
  // of each preset; nothing else depends on it.
  const isForm = (path: string) =>
    path.startsWith("lib/studio/page/") ||
    ["lib/studio/order_arguments.ts", "lib/studio/jobs.ts"].includes(path);
  assert.deepEqual(readers.filter((path) => !isForm(path)), ["lib/cli/flags/run_request.ts"]);
});
