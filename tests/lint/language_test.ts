import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { languageProblems, MAX_COLUMNS } from "./language.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Pages, model cards, training programs, shaders and configs: the lint plugin reads TypeScript. */
const READ = /\.(md|py|wgsl|yaml|css)$/;
const SKIPPED = /^(\.|node_modules|workdir)|^tests\/fixtures/;

/** Ends a line whose words are data, such as names of colors in captions. */
const DATA = /# language: data$/;

function* filesBelow(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(join(ROOT, folder))) {
    const path = folder === "" ? name : `${folder}/${name}`;
    if (SKIPPED.test(path)) continue;
    if (isDirectory) yield* filesBelow(path);
    else if (READ.test(name)) yield path;
  }
}

Deno.test("pages, programs, shaders and configs are written in plain American English", () => {
  const files = [...filesBelow("")];
  assert(files.length > 50);
  for (const path of ["assets/models/mini/README.md", "assets/models/mini/training/train.py"]) {
    assert(files.includes(path), path);
  }
  const problems = files.flatMap((path) =>
    Deno.readTextFileSync(join(ROOT, path)).split("\n").flatMap((line, i) =>
      DATA.test(line) ? [] : languageProblems(line).map((problem) => `${path}:${i + 1}: ${problem}`)
    )
  );
  assert.deepEqual(problems, []);
});

Deno.test("lines of shaders have at most 100 columns", () => {
  const long = [...filesBelow("")].filter((path) => path.endsWith(".wgsl")).flatMap((path) =>
    Deno.readTextFileSync(join(ROOT, path)).split("\n").flatMap((line, i) =>
      line.length > MAX_COLUMNS ? [`${path}:${i + 1}`] : []
    )
  );
  assert.deepEqual(long, []);
});
