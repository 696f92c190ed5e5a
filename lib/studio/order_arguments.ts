import { UsageError } from "../cli/flags/flag.ts";
import { drawSeed } from "../cli/flags/parse_values.ts";
import { FREE_FLAGS, type PictureOrderForm } from "./protocol/studio_api.ts";
import type { Uploads } from "./uploads.ts";

/** Pictures that one order may ask for. */
const MAX_VARIATIONS = 24;

/** Flags of the studio that its runs get, too, such as `--model`. */
export type RunFlags = readonly string[];

/**
 * Turns an order of the page into arguments of `generate`. Files can be named by the ids of uploads
 * only.
 *
 * @throws {TypeError} If a field has another type.
 * @throws {RangeError} If an upload is not there.
 * @throws {UsageError} If a flag is not allowed.
 */
export async function orderArguments(
  form: PictureOrderForm,
  uploads: Uploads,
  isPalette: (name: string) => boolean,
): Promise<string[]> {
  const text = (value: unknown, name: string) => {
    if (typeof value === "string" && value.length <= 2000) return value;
    throw new TypeError(`Cannot read the order: expected a text of at most 2000 letters "${name}"`);
  };
  const number = (value: unknown, name: string) => {
    if (typeof value === "number" && Number.isFinite(value)) return String(value);
    throw new TypeError(`Cannot read the order: expected a number "${name}"`);
  };
  const { negativePrompt, size, palette, image, strength, fit, background, variations } = form;
  if (!Array.isArray(size) || size.length !== 2) {
    throw new TypeError('Cannot read the order: expected height and width "size"');
  }
  const seed = text(form.seed, "seed").trim();
  const args: string[] = ["--prompt", text(form.prompt, "prompt")];
  const add = (flag: string, value: string) => args.push(flag, value);
  if (negativePrompt !== undefined) {
    add("--negative-prompt", text(negativePrompt, "negativePrompt"));
  }
  add("--size", size.map((value) => number(value, "size")).join(","));
  const paletteName = text(palette, "palette");
  add(
    "--palette",
    isPalette(paletteName) ? paletteName : await uploads.path(paletteName, "palette"),
  );
  add("--preset", text(form.preset, "preset"));
  // The drawn seed is in the command that the page shows.
  add("--seed", seed === "random" ? String(drawSeed()) : seed);
  if (image !== undefined) add("--input-image", await uploads.path(text(image, "image"), "image"));
  const { mask, keep, importance } = form;
  if (mask !== undefined) add("--mask", await uploads.path(text(mask, "mask"), "mask"));
  if (keep !== undefined) add("--keep", await uploads.path(text(keep, "keep"), "image"));
  if (importance !== undefined) {
    add("--importance", await uploads.path(text(importance, "importance"), "image"));
  }
  if (strength !== undefined) add("--strength", number(strength, "strength"));
  if (fit !== undefined && image !== undefined) add("--fit", text(fit, "fit"));
  if (background !== undefined && image !== undefined) {
    add("--background", text(background, "background"));
  }
  if (variations !== undefined && variations !== 1) {
    if (!(variations >= 1 && variations <= MAX_VARIATIONS)) {
      throw new UsageError(
        `Cannot make ${variations} variations: expected at most ${MAX_VARIATIONS} in one order`,
      );
    }
    add("--variations", number(variations, "variations"));
  }
  // The gallery ranks by it.
  args.push("--score");
  args.push(...freeFlags(form.flags ?? []));
  return args;
}

function freeFlags(flags: readonly string[]): string[] {
  const left = flags.map(String);
  const taken: string[] = [];
  while (left.length > 0) {
    const name = left.shift()!;
    if (!Object.hasOwn(FREE_FLAGS, name)) {
      throw new UsageError(`Cannot read the order: the flag "${name}" is not offered here`);
    }
    taken.push(name);
    if (FREE_FLAGS[name]) taken.push(left.shift() ?? "");
  }
  return taken;
}

/** Writes arguments as a command line that a shell reads. */
export function commandLine(args: readonly string[]): string {
  const words = args.map((word) =>
    /^[\w.,/:=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
  );
  return ["deno task generate", ...words].join(" ");
}
