import assert from "node:assert/strict";
import { extname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/**
 * The rooms, lowest first. A room is a folder; files in folders below it that are not named here
 * belong to it too. A file imports from its own room and from lower lines: not from another
 * room of its line, and not from higher ones.
 */
const ROOMS: readonly (readonly string[])[] = [
  ["assets", "lib/text", "lib/patches"],
  ["config/keys"],
  ["config"],
  ["kernels/gpu"],
  ["kernels/random"],
  ["kernels/augment", "kernels/generator", "kernels/guidance", "kernels/optimizer"],
  ["kernels/loss"],
  ["kernels"],
  ["lib/image", "lib/protobuf", "lib/files", "lib/http"],
  ["lib/image/tiff"],
  ["lib/image/formats"],
  ["lib/palette"],
  ["lib/palette/formats"],
  ["lib/finish"],
  ["lib/constraint"],
  ["lib/sprite"],
  ["lib/sprite/formats"],
  ["lib/craft"],
  ["lib/craft/formats"],
  ["lib/weights"],
  ["lib/lora", "lib/hub", "lib/run", "lib/single_file"],
  ["lib/report", "lib/inspect/families"],
  ["lib/onnx/graph"],
  ["lib/onnx/autodiff"],
  ["lib/onnx/rewrite"],
  ["lib/onnx/runtime"],
  ["lib/onnx/batching"],
  ["lib/models"],
  ["lib/models/layers", "lib/models/tokenizers"],
  ["lib/models/unet", "lib/models/autoencoder", "lib/models/clip"],
  ["lib/models/depth", "lib/models/blip"],
  ["lib/conditioning/family"],
  ["lib/conditioning/sdxl", "lib/conditioning/stable_diffusion"],
  ["lib/conditioning"],
  ["lib/generator", "lib/augment"],
  ["lib/guidance", "lib/optimizer"],
  ["lib/initialization"],
  ["lib/pixelize"],
  ["lib/distill/memory"],
  ["lib/distill"],
  ["lib/video"],
  ["lib/video/formats"],
  ["lib/outputs/maps"],
  ["lib/outputs"],
  ["lib/verify", "lib/tools", "lib/queue"],
  ["lib/inspect"],
  ["mod.ts"],
  ["lib/studio/protocol"],
  ["lib/studio/page"],
  ["lib/cli/flags"],
  // The launcher is the security boundary: it does not load the commands that it starts.
  ["lib/launcher"],
  ["lib/cli/commands"],
  ["lib/studio"],
  ["cli.ts"],
];

/** Circles of imports that are still to be cut. */
const KNOWN_CIRCLES: readonly string[] = [];

/** Files that may use Deno's own functions: where the program touches the machine. */
const EDGES: readonly RegExp[] = [
  /^cli\.ts$/,
  /^config\/write_files\.ts$/,
  /^lib\/(cli|files|launcher|outputs|video)\//,
  /^lib\/studio\/\w+\.ts$/,
  /^lib\/hub\/(cache_files|machine)\.ts$/,
  /^lib\/queue\/folder_store\.ts$/,
  /^lib\/weights\/(file_source|local_folder)\.ts$/,
  /^lib\/onnx\/runtime\/ort_runtime\.ts$/,
  /^lib\/verify\/verify_folder\.ts$/,
  /^assets\/models\/mini\/training\//,
];

interface SourceFile {
  readonly path: string;
  readonly code: string;
  readonly imports: readonly string[];
}

const IMPORT = /(?<![.\w])(?:from\s*|import\s*\(?\s*)"([^"\n$]+)"/g;

function* sourceFiles(folder: string): Generator<SourceFile> {
  for (const entry of Deno.readDirSync(resolve(ROOT, folder))) {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory) {
      yield* sourceFiles(path);
    } else if (extname(path) === ".ts") {
      const code = withoutComments(Deno.readTextFileSync(resolve(ROOT, path)));
      yield { path, code, imports: importsOf(code) };
    }
  }
}

function importsOf(code: string): string[] {
  return [...code.matchAll(IMPORT)].map(([, specifier]) => specifier!);
}

/** Drops comments, and keeps strings that look like one, such as "https://". */
function withoutComments(source: string): string {
  const token = /"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;
  return source.replace(token, (text) => text.startsWith("/") ? "" : text);
}

/** All source files of the project but the tests. */
const FILES: readonly SourceFile[] = [
  ...["config", "kernels", "lib", "assets"].flatMap((folder) =>
    isThere(folder) ? [...sourceFiles(folder)] : []
  ),
  ...["mod.ts", "cli.ts"].filter(isThere).map((path) => {
    const code = withoutComments(Deno.readTextFileSync(resolve(ROOT, path)));
    return { path, code, imports: importsOf(code) };
  }),
];

/** All source files of the tests. */
const TESTS: readonly SourceFile[] = [...sourceFiles("tests")];

function isThere(path: string): boolean {
  try {
    Deno.statSync(resolve(ROOT, path));
    return true;
  } catch {
    return false;
  }
}

/** Room of a file: the longest name that fits; and its line. */
function roomOf(path: string): { readonly name: string; readonly height: number } {
  const fits = ROOMS.flatMap((names, height) => names.map((name) => ({ name, height })))
    .filter(({ name }) => path === name || path.startsWith(`${name}/`))
    .sort((a, b) => b.name.length - a.name.length);
  assert(fits[0], `"${path}" is in no room; name the room in this test`);
  return fits[0];
}

function mayImport(from: ReturnType<typeof roomOf>, to: ReturnType<typeof roomOf>): boolean {
  return to.height < from.height || to.name === from.name;
}

function targetOf(file: SourceFile, specifier: string): string {
  return relative(ROOT, resolve(ROOT, file.path, "..", specifier)).replaceAll("\\", "/");
}

Deno.test("files import only from their own room and lower ones", () => {
  assert(FILES.length > 0);
  const wrong = FILES.flatMap((file) =>
    file.imports.filter((specifier) => specifier.startsWith("."))
      .map((specifier) => targetOf(file, specifier))
      .filter((target) => !mayImport(roomOf(file.path), roomOf(target)))
      .map((target) => `${file.path} imports ${target}`)
  );
  assert.deepEqual(wrong, []);
});

Deno.test("each folder is a room", () => {
  const folders = FILES.map(({ path }) => path.slice(0, Math.max(0, path.lastIndexOf("/"))))
    .filter((folder) => folder !== "" && !folder.startsWith("assets/"));
  const rooms = ROOMS.flat();
  assert.deepEqual([...new Set(folders)].filter((folder) => !rooms.includes(folder)), []);
});

Deno.test("the folders of the tests are those of the tree", () => {
  const folders = TESTS.map(({ path }) => path.slice("tests/".length, path.lastIndexOf("/")))
    .filter((folder) => /^(config|kernels|lib)\//.test(folder));
  assert(folders.length > 0);
  assert.deepEqual([...new Set(folders)].filter((folder) => !isThere(folder)), []);
});

Deno.test("each room exists", () => {
  const missing = ROOMS.flat().filter((room) => room !== "assets")
    .filter((room) => !FILES.some(({ path }) => path === room || path.startsWith(`${room}/`)));
  assert.deepEqual(missing, []);
});

/** Groups of files that import each other, types included, by Tarjan's algorithm. */
function importCircles(): string[] {
  const targets = new Map(FILES.map((file) => [
    file.path,
    file.imports.filter((specifier) => specifier.startsWith(".")).map((name) =>
      targetOf(file, name)
    ),
  ]));
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const circles: string[] = [];
  const visit = (path: string) => {
    order.set(path, order.size);
    lowest.set(path, order.get(path)!);
    stack.push(path);
    for (const target of targets.get(path) ?? []) {
      if (!order.has(target)) visit(target);
      if (stack.includes(target)) {
        lowest.set(path, Math.min(lowest.get(path)!, lowest.get(target)!));
      }
    }
    if (lowest.get(path) !== order.get(path)) return;
    const circle = stack.splice(stack.indexOf(path));
    if (circle.length > 1) circles.push(circle.sort().join(" "));
  };
  for (const path of targets.keys()) if (!order.has(path)) visit(path);
  return circles.sort();
}

Deno.test("no files import each other in a circle, not even types", () => {
  assert.deepEqual(importCircles(), KNOWN_CIRCLES);
});

Deno.test("imports are full relative paths, or packages with an exact version", () => {
  const allowed =
    /^(\.\.?\/.+\.[a-z0-9]+|node:[a-z/]+|npm:(@[\w.-]+\/)?[\w.-]+@\d+\.\d+\.\d+(\/[\w./-]+)?)$/;
  const wrong = FILES.flatMap(({ path, imports }) =>
    imports.filter((specifier) => !allowed.test(specifier)).map((name) => `${path}: ${name}`)
  );
  assert.deepEqual(wrong, []);
});

Deno.test("each package is imported in exactly one file", () => {
  const importers = new Map<string, Set<string>>();
  for (const { path, imports } of FILES) {
    for (const specifier of imports.filter((name) => name.startsWith("npm:"))) {
      const name = /^npm:((?:@[^/]+\/)?[^@/]+)/.exec(specifier)![1]!;
      importers.set(name, (importers.get(name) ?? new Set()).add(path));
    }
  }
  assert(importers.size > 0);
  const shared = [...importers].filter(([, paths]) => paths.size > 1)
    .map(([name, paths]) => `${name}: ${[...paths].join(", ")}`);
  assert.deepEqual(shared, []);
});

Deno.test("Deno's own functions are used only at the edges", () => {
  // Error classes are no functions: `Deno.errors.NotFound` may be compared with anywhere.
  const wrong = FILES.filter(({ path, code }) =>
    /\bDeno\.(?!errors\b)[a-zA-Z]/.test(code) && !EDGES.some((edge) => edge.test(path))
  ).map(({ path }) => path);
  assert.deepEqual(wrong, []);
});

Deno.test("a web page can import lib/report", () => {
  const byPath = new Map(FILES.map((file) => [file.path, file]));
  const loaded = new Set([...byPath.keys()].filter((path) => path.startsWith("lib/report/")));
  assert(loaded.size > 0);
  for (const path of loaded) {
    const { code, imports } = byPath.get(path)!;
    assert.doesNotMatch(code, /\bDeno\./, path);
    const types = new Set(
      [...code.matchAll(/^(?:import|export) type [^"]*"([^"]+)"/gm)].map(([, name]) => name),
    );
    for (const specifier of imports.filter((name) => !types.has(name))) {
      assert(specifier.startsWith("."), `${path} imports ${specifier}`);
      loaded.add(targetOf(byPath.get(path)!, specifier));
    }
  }
});

Deno.test("globals are replaced in one room only", () => {
  const replaces =
    /\b(globalThis|self|WebAssembly|process|navigator|Deno|Object|Array)\.\w+ = |defineProperty\((globalThis|self|WebAssembly|process|navigator|Deno|\w+\.prototype)\b/;
  const rooms = FILES.filter(({ code }) => replaces.test(code))
    .map(({ path }) => path.slice(0, path.lastIndexOf("/")));
  assert.deepEqual([...new Set(rooms)], ["lib/patches"]);
});

/** Lists what a file imports, as "path name". */
function importedNames(file: SourceFile): string[] {
  const statics = file.code.matchAll(/\{([^{}]*)\}\s*from\s*"(\.[^"]+)"/g);
  const dynamics = file.code.matchAll(/\{([^{}]*)\}\s*=\s*await\s+import\(\s*"(\.[^"]+)"/g);
  return [...statics, ...dynamics].flatMap(([, names, specifier]) =>
    names!.split(",").map((name) => name.trim().replace(/^type /, "").split(/\s|:/)[0]!)
      .map((name) => `${targetOf(file, specifier!)} ${name}`)
  );
}

Deno.test("each exported value is imported by another file", () => {
  const imported = new Set([...FILES, ...TESTS].flatMap(importedNames));
  const unused = FILES.filter(({ path }) => !/(^|\/)mod\.ts$|^cli\.ts$|^assets\//.test(path))
    .flatMap(({ path, code }) =>
      [...code.matchAll(/^export (?:async )?(?:abstract )?(?:function\*?|const|class) (\w+)/gm)]
        .map(([, name]) => `${path} ${name}`)
    )
    .filter((name) => !imported.has(name));
  // The test of all kernels loads each file of kernels whole.
  assert.deepEqual(unused.filter((name) => !name.startsWith("kernels/")), []);
});

Deno.test("internal code imports no mod.ts", () => {
  const wrong = FILES.filter(({ path }) => !/(^|\/)mod\.ts$/.test(path) && path !== "cli.ts")
    .flatMap(({ path, imports }) =>
      imports.filter((name) => /(^|\/)mod\.ts$/.test(name)).map((name) => `${path}: ${name}`)
    );
  assert.deepEqual(wrong, []);
});

Deno.test("no file is longer than 400 lines", () => {
  const long = [...FILES, ...TESTS].filter(({ path }) => !path.startsWith("assets/"))
    .map(({ path }) => ({
      path,
      lines: Deno.readTextFileSync(resolve(ROOT, path)).split("\n").length - 1,
    }))
    .filter(({ lines }) => lines > 400).map(({ path, lines }) => `${path}: ${lines}`);
  assert.deepEqual(long, []);
});

Deno.test("files are named in snake_case and by their subject", () => {
  const vague = /(^|_)(utils?|helpers?|misc|common|types)$/;
  const wrong = FILES.map(({ path }) => path).filter((path) => {
    const name = path.split("/").at(-1)!.replace(/(\.d)?\.ts$/, "");
    return !/^[a-z0-9]+(_[a-z0-9]+)*$/.test(name) || vague.test(name);
  });
  assert.deepEqual(wrong, []);
});
