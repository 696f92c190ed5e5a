import { configKeys, namesIn, valueIn } from "../../config/config_keys.ts";
import { parseRunConfig } from "../../config/parse_run_config.ts";
import { resolveSources } from "../../config/resolve_run_config.ts";
import { CONFIG_KEYS, type RunConfig } from "../../config/run_config.ts";
import { writeRunConfig } from "../../config/write_run_config.ts";
import { builtInPalettes } from "../palette/formats/built_in_palettes.ts";
import { Palette } from "../palette/palette.ts";
import { excerpt } from "../text/visible_text.ts";
import { JobError } from "./queue_error.ts";

/** What a picture is made from: nothing else determines it, but the adapter and the models. */
export interface PictureJob {
  /** The complete config. It names models, but no files. */
  readonly config: RunConfig;
  /** The palette. */
  readonly palette: Palette;
  /** Content of the input image's file; undefined if there is none. */
  readonly image: Uint8Array<ArrayBuffer> | undefined;
}

/** A job as JSON, as the server keeps it. */
export interface JobData {
  /** Layout of the job; it changes with the meaning of the other fields. */
  readonly version: number;
  /** Text of the complete config. */
  readonly config: string;
  /** Name of the palette. */
  readonly paletteName: string;
  /** Its colors, six hexadecimal digits each. */
  readonly colors: string;
  /** Content of the input image's file in base64; "" for none. */
  readonly image: string;
}

const VERSION = 1;
/** Maximum size of an input image's file in a job, in bytes: the server keeps it in memory. */
const MAX_JOB_IMAGE_BYTES = 2 ** 23;
const MAX_CONFIG_LETTERS = 2 ** 16;
const MAX_NAME_LETTERS = 200;
/** Colors of the largest palette file that Smalti reads are fewer. */
const MAX_COLORS = 2 ** 16;
const FIELDS = ["version", "config", "paletteName", "colors", "image"] as const;

/** Value of the config's key "image" in a job: the file is part of the job. */
export const JOB_IMAGE = "input";
/** Value of "generator.palette" in a job, unless the palette is built in. */
export const JOB_PALETTE = "palette.hex";

/**
 * Writes a picture as a job.
 *
 * Settings that do not change the picture get their defaults: folders, the runtime, and which
 * intermediate files are written. So equal pictures are equal jobs.
 *
 * @throws {JobError} If the input image is too large for a job, or the config names another file.
 */
export function encodeJob({ config, palette, image }: PictureJob): JobData {
  if ((image?.length ?? 0) > MAX_JOB_IMAGE_BYTES) {
    throw new JobError(
      `expected an input image of at most ${MAX_JOB_IMAGE_BYTES} bytes, got ${image!.length}; ` +
        "make it smaller",
    );
  }
  for (const key of configKeys()) {
    const isFile = key.spec.isPath !== undefined && key.spec.isHubModel !== true;
    if (!isFile || key.path === "image" || key.path === "generator.palette") continue;
    if (namesIn(key.spec, valueIn(config, key)).length === 0) continue;
    throw new JobError(`a job cannot hold the file that "${key.path}" names; leave out --queue`);
  }
  return {
    version: VERSION,
    config: writeRunConfig(normalized({ config, palette, image })),
    paletteName: palette.name.slice(0, MAX_NAME_LETTERS),
    colors: palette.toHexText().replaceAll("\n", ""),
    image: image?.toBase64() ?? "",
  };
}

function normalized({ config, palette, image }: PictureJob): RunConfig {
  const { output, runtime, batch, training: { saveSteps, checkpointSteps } } = CONFIG_KEYS;
  return {
    ...config,
    image: image === undefined ? null : JOB_IMAGE,
    output: output.default,
    runtime: runtime.default,
    batch: batch.default,
    generator: { ...config.generator, palette: isBuiltIn(palette) ? palette.name : JOB_PALETTE },
    training: {
      ...config.training,
      saveSteps: saveSteps.default,
      checkpointSteps: checkpointSteps.default,
    },
  };
}

function isBuiltIn(palette: Palette): boolean {
  const found = builtInPalettes().find(({ name }) => name === palette.name)?.load();
  return found !== undefined && found.toHexText() === palette.toHexText();
}

/** Returns the id of a job: "p" and the SHA-256 of its content. Equal jobs have equal ids. */
export async function jobId(data: JobData): Promise<string> {
  const text = JSON.stringify(FIELDS.map((field) => data[field]));
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `p${new Uint8Array(hash).toHex()}`;
}

/** Tells whether a text has the form of an id. */
export function isJobId(text: string): boolean {
  return /^p[0-9a-f]{64}$/.test(text);
}

/**
 * Reads a job that anybody may have written.
 *
 * Its config is checked like a config file. It may name only models that the worker's owner has
 * named, and no file at all.
 *
 * @param models Models that jobs may name.
 * @throws {JobError} If it is wrong, or names something else.
 */
export function decodeJob(data: unknown, models: readonly string[]): PictureJob {
  const { config: text, paletteName, colors, image } = checkFields(data);
  const config = readConfig(text);
  if (!/^([0-9a-f]{6})+$/.test(colors)) throw new JobError("its palette is damaged");
  const palette = new Palette(paletteName, Uint8Array.fromHex(colors));
  const bytes = image === "" ? undefined : readImage(image);
  const job = { config, palette, image: bytes };
  checkNames(config, models);
  // Also refuses a job that lies about its image or its palette.
  const { generator, image: named } = normalized(job);
  if (config.generator.palette !== generator.palette || config.image !== named) {
    throw new JobError("its config names files");
  }
  return { ...job, config: normalized(job) };
}

function checkFields(data: unknown): JobData {
  const value = (typeof data === "object" && data !== null ? data : {}) as Partial<JobData>;
  if (value.version !== VERSION) {
    throw new JobError(
      `expected a job of version ${VERSION}, got ${excerpt(String(value.version))}`,
    );
  }
  const limits = {
    config: MAX_CONFIG_LETTERS,
    paletteName: MAX_NAME_LETTERS,
    colors: 6 * MAX_COLORS,
    image: 4 * Math.ceil(MAX_JOB_IMAGE_BYTES / 3),
  };
  for (const [field, max] of Object.entries(limits) as [keyof typeof limits, number][]) {
    const text: unknown = value[field];
    if (typeof text === "string" && text.length <= max) continue;
    throw new JobError(`expected a text "${field}" of at most ${max} letters`);
  }
  return value as JobData;
}

function readConfig(text: string): RunConfig {
  try {
    return resolveSources([parseRunConfig(text, "job")]).config;
  } catch (cause) {
    throw new JobError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function readImage(text: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.fromBase64(text);
  } catch (cause) {
    throw new JobError("its input image is damaged", { cause });
  }
}

/** Refuses names that the worker's owner has not named. */
function checkNames(config: RunConfig, models: readonly string[]): void {
  for (const key of configKeys()) {
    if (key.path === "image" || key.path === "generator.palette") continue;
    const value = valueIn(config, key);
    // Names of a default are not those of a stranger. The teacher is always checked.
    const own = key.path === "diffusion.model_id" ? [] : [key.spec.default].flat().map(String);
    const found = namesIn(key.spec, value)
      .find((name) => !models.includes(name) && !own.includes(name));
    if (found === undefined) continue;
    throw new JobError(
      `this worker does not offer "${excerpt(found, 80)}", which "${key.path}" names; ` +
        "start it with --model to offer more",
    );
  }
}
