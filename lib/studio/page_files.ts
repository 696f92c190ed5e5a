import { stripTypeScriptTypes } from "node:module";
import { dirname, join } from "node:path/posix";
import { fileURLToPath } from "node:url";
import { pagePackages } from "./protocol/page_packages.ts";

const ROOT = new URL("../../", import.meta.url);

/**
 * Rooms whose modules the page may load: they use nothing of Deno. A module's address is its path
 * in the project, so relative imports need no change.
 */
const PAGE_ROOMS: readonly string[] = [
  "lib/studio/page/",
  "lib/studio/protocol/",
  "lib/report/",
  "lib/text/",
  "lib/palette/oklab.ts",
  "lib/palette/palette.ts",
];

const TYPES: Readonly<Record<string, string>> = {
  ts: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

/** The first module of the page. */
const START = "lib/studio/page/studio.ts";

/** What is painted before the modules are there; they replace it by the same. */
const BRAND = '<span class="brand"><span class="mark" aria-hidden="true">' +
  "<i></i><i></i><i></i><i></i></span> Smalti</span>";

interface PageFile {
  readonly modifiedAt: number;
  readonly text: string;
}

/** Serves the modules, styles and packages of the page. Types are stripped when they are read. */
export class PageFiles {
  readonly #files = new Map<string, PageFile>();
  readonly #packages = pagePackages();
  #modules: readonly string[] | undefined;

  /** Returns a file of the page by its path in the project; undefined if it is none. */
  async find(path: string): Promise<Response | undefined> {
    const text = await this.#read(path);
    if (text === undefined) return undefined;
    return new Response(text, { headers: { "content-type": TYPES[extensionOf(path)]! } });
  }

  /** Reads a file of the page, without types; undefined if it is none. */
  async #read(path: string): Promise<string | undefined> {
    const extension = extensionOf(path);
    const isAllowed = PAGE_ROOMS.some((room) => path.startsWith(room)) &&
      /^(\w+\/)+\w+\.\w+$/.test(path);
    if (!Object.hasOwn(TYPES, extension) || !isAllowed) return undefined;
    const url = new URL(path, ROOT);
    const modifiedAt = await Deno.stat(url).then(({ mtime }) => mtime?.getTime(), () => undefined);
    if (modifiedAt === undefined) return undefined;
    let file = this.#files.get(path);
    if (file?.modifiedAt !== modifiedAt) {
      const source = await Deno.readTextFile(url);
      const text = extension === "ts" ? stripTypeScriptTypes(source) : source;
      file = { modifiedAt, text };
      this.#files.set(path, file);
    }
    return file.text;
  }

  /** Lists a module and those that it imports, so that the browser asks for all at once. */
  async #modulesOf(path: string): Promise<string[]> {
    const found = new Set<string>([path]);
    // The loop also visits what is added on the way.
    for (const one of found) {
      for (const [, name] of (await this.#read(one) ?? "").matchAll(/ from ["'](\.[^"']+)/g)) {
        found.add(join(dirname(one), name!));
      }
    }
    return [...found];
  }

  /** Returns a package of the page by its address; undefined if it is none. */
  async package(address: string): Promise<Response | undefined> {
    const found = this.#packages.find((one) => one.address === address);
    if (found === undefined) return undefined;
    const text = await Deno.readTextFile(found.file);
    return new Response(text, { headers: { "content-type": TYPES.ts! } });
  }

  /** Returns the page. */
  async index(): Promise<Response> {
    const nonce = crypto.randomUUID();
    const imports = Object.fromEntries(
      this.#packages.flatMap(({ names, address }) => names.map((name) => [name, `./${address}`])),
    );
    const packages = this.#packages.map(({ address }) => address);
    // Imports that are added while the studio runs are found one after the other.
    this.#modules ??= await this.#modulesOf(START);
    const modules = [...packages, ...this.#modules];
    const styles = await Promise.all((await pageStyles()).map((path) => this.#read(path)));
    const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Smalti studio</title>
<link rel="preload" href="./api/settings" as="fetch" crossorigin>
<link rel="icon" href="./lib/studio/page/icon.svg">
<style nonce="${nonce}">
${styles.join("\n")}
</style>
<script type="importmap" nonce="${nonce}">${JSON.stringify({ imports })}</script>
${modules.map((path) => `<link rel="modulepreload" href="./${path}">`).join("\n")}
</head>
<body>
<div id="studio"><header class="bar">${BRAND}</header>
<noscript>The studio needs JavaScript.</noscript></div>
<script type="module" nonce="${nonce}">
import { startStudio } from "./${START}";
startStudio(document.querySelector("#studio"));
</script>
</body>
</html>
`;
    const policy = [
      "default-src 'none'",
      `script-src 'self' 'nonce-${nonce}'`,
      `style-src 'nonce-${nonce}'`,
      "img-src 'self' blob: data:",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join("; ");
    return new Response(html, {
      headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": policy },
    });
  }
}

function extensionOf(path: string): string {
  return /\.(\w+)$/.exec(path)?.[1] ?? "";
}

/** Lists the styles of the page, by their paths in the project. */
async function pageStyles(): Promise<string[]> {
  const folder = "lib/studio/page";
  const names: string[] = [];
  for await (const { name } of Deno.readDir(fileURLToPath(new URL(folder, ROOT)))) {
    if (name.endsWith(".css")) names.push(name);
  }
  return names.sort().map((name) => `${folder}/${name}`);
}
