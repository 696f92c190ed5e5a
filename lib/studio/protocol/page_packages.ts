import { fileURLToPath } from "node:url";

/** A package of the page. */
export interface PagePackage {
  /** Names by which modules import it: ours, and those of other packages. */
  readonly names: readonly string[];
  /** Last part of its address. */
  readonly address: string;
  /** Path of its file. */
  readonly file: string;
}

/**
 * Returns the packages that the page loads from this server. Each is one file in Deno's npm cache;
 * `lib/studio/page/preact.ts` imports them, so Deno has downloaded them.
 */
export function pagePackages(): readonly PagePackage[] {
  return [
    {
      names: ["npm:preact@11.2.0", "preact"],
      address: "packages/preact.js",
      file: fileURLToPath(import.meta.resolve("npm:preact@11.2.0")),
    },
    {
      names: ["npm:preact@11.2.0/hooks", "preact/hooks"],
      address: "packages/preact_hooks.js",
      file: fileURLToPath(import.meta.resolve("npm:preact@11.2.0/hooks")),
    },
    {
      names: ["npm:htm@3.1.1"],
      address: "packages/htm.js",
      file: fileURLToPath(import.meta.resolve("npm:htm@3.1.1")),
    },
  ];
}
