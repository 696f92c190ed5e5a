import { didYouMean } from "../text/did_you_mean.ts";
import { defined } from "../text/defined.ts";
import { HubError } from "./hub_error.ts";

/** Purpose of a model of {@linkcode HUB_MODELS}. */
export type HubModelKind = "teacher" | "autoencoder" | "controlnet";

/** Kinds of latents: no shape tells them apart. */
export type Latents = "SDXL" | "Stable Diffusion 1 and 2";

/** A model with a short name. */
export interface HubModel {
  /** Repository on the Hugging Face Hub. */
  readonly repo: string;
  /** Purpose. */
  readonly kind: HubModelKind;
  /** Models whose latents an autoencoder makes. */
  readonly latents?: Latents;
  /** Approximate size of the needed files, in bytes; undefined if it is not known. */
  readonly byteLength?: number;
}

/** Bytes of a float16 value, the type of most weights. */
const HALF = 2;
/** Number of values of SDXL's two text encoders and its autoencoder. */
const SDXL_ENCODERS = 123_060_480 + 694_659_840 + 83_653_863;

/**
 * The short names of models: those of SD-piXL's config, and those of Stable Diffusion 1.5.
 *
 * Source: https://github.com/AlexandreBinninger/SD-piXL, pipelines/distillation/__init__.py.
 * Sizes are numbers of parameters times bytes per value; the Hub has the exact ones.
 */
export const HUB_MODELS: Readonly<Record<string, HubModel>> = {
  "sdxl": {
    repo: "stabilityai/stable-diffusion-xl-base-1.0",
    kind: "teacher",
    byteLength: HALF * (2_567_463_684 + SDXL_ENCODERS),
  },
  "ssd1b": {
    repo: "segmind/SSD-1B",
    kind: "teacher",
    byteLength: HALF * (1_300_000_000 + SDXL_ENCODERS),
  },
  "sd15": {
    repo: "stable-diffusion-v1-5/stable-diffusion-v1-5",
    kind: "teacher",
    byteLength: HALF * (859_520_964 + 123_060_480 + 83_653_863),
  },
  "taesd": {
    repo: "madebyollin/taesd",
    kind: "autoencoder",
    latents: "Stable Diffusion 1 and 2",
    byteLength: 9_793_292,
  },
  "taesdxl": {
    repo: "madebyollin/taesdxl",
    kind: "autoencoder",
    latents: "SDXL",
    byteLength: 9_793_292,
  },
  "vae-16-fix": {
    repo: "madebyollin/sdxl-vae-fp16-fix",
    kind: "autoencoder",
    latents: "SDXL",
    byteLength: 4 * 83_653_863,
  },
  ...controlnets("canny"),
  ...controlnets("depth"),
  "canny_sd15": sd15Controlnet("lllyasviel/control_v11p_sd15_canny"),
  "depth_sd15": sd15Controlnet("lllyasviel/control_v11f1p_sd15_depth"),
};

function sd15Controlnet(repo: string): HubModel {
  return { repo, kind: "controlnet", byteLength: HALF * 361_279_120 };
}

/**
 * Revisions with safetensors of repositories whose `main` has, or had, only pickles.
 *
 * Source: https://huggingface.co/Intel/dpt-hybrid-midas/tree/refs%2Fpr%2F5, of the Hub's converter.
 */
export const SAFETENSORS_REVISIONS: Readonly<Record<string, string>> = {
  "Intel/dpt-hybrid-midas": "refs/pr/5",
  "openai/clip-vit-base-patch32": "c237dc49a33fc61debc9276459120b7eac67e7ef",
};

/** In SD-piXL, the kind without a size means the full size. */
function controlnets(kind: string): Record<string, HubModel> {
  const repo = `diffusers/controlnet-${kind}-sdxl-1.0`;
  const full: HubModel = { repo, kind: "controlnet", byteLength: HALF * 1_251_000_000 };
  return {
    [`${kind}_small`]: { repo: `${repo}-small`, kind: "controlnet" },
    [`${kind}_mid`]: { repo: `${repo}-mid`, kind: "controlnet" },
    [`${kind}_full`]: full,
    [kind]: full,
  };
}

/** Location of a model: on the Hub, or in a folder. */
export type ModelReference = HubReference | FolderReference;

/** A revision of a repository on the Hub. */
export interface HubReference {
  /** Distinguishes it from a folder. */
  readonly type: "hub";
  /** Repository, such as "owner/name". */
  readonly repo: string;
  /** Branch, tag or commit. */
  readonly revision: string;
  /** Known facts, if it has a short name. */
  readonly model?: HubModel;
}

/** A folder in diffusers layout. */
export interface FolderReference {
  /** Distinguishes it from a model of the Hub. */
  readonly type: "folder";
  /** Path or address. */
  readonly location: string;
}

/** Tells whether an id is a short name, with or without a revision. */
export function hasShortName(id: string): boolean {
  return Object.hasOwn(HUB_MODELS, id.split("@")[0]!);
}

/** Returns the latents that an autoencoder of the Hub makes, by its id; undefined if not known. */
export function latentsOf(id: string): Latents | undefined {
  const [name] = id.split("@");
  const models = Object.entries(HUB_MODELS);
  return models.find(([short, { repo }]) => short === name || repo === name)?.[1].latents;
}

/** Tells whether an id can name a model of the Hub. A folder of that name takes precedence. */
export function mayBeHubModel(id: string): boolean {
  try {
    return parseModelId(id).type === "hub";
  } catch (error) {
    if (error instanceof HubError) return false;
    throw error;
  }
}

/** Name of a repository: two parts, with the characters that the Hub allows. */
const REPO = /^(?=.{3,96}$)[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/;
/** A branch, a tag, a commit or "refs/pr/1". */
const REVISION = /^[A-Za-z0-9][\w.-]*(\/[A-Za-z0-9][\w.-]*)*$/;

/**
 * Locates a model by its id.
 *
 * An id is a short name ("sdxl"), a repository ("owner/name"), or the path or address of a folder.
 * A revision can follow a name ("owner/name@refs/pr/1"). A relative path of two parts looks like a
 * repository: start it with "./".
 *
 * @throws {HubError} If it is none of these.
 */
export function parseModelId(id: string): ModelReference {
  if (/^(\.{0,2}[\\/]|\.{1,2}$|~|[a-z]:[\\/]|[a-z][a-z+.-]+:)/i.test(id)) {
    return { type: "folder", location: id };
  }
  const [, name = "", revision = "main"] = /^([^@]*)(?:@(.*))?$/.exec(id) ?? [];
  const model = Object.hasOwn(HUB_MODELS, name) ? HUB_MODELS[name] : undefined;
  const repo = model?.repo ?? name;
  if (REPO.test(repo) && !/\.\.|--/.test(repo)) {
    if (!REVISION.test(revision) || revision.includes("..")) {
      throw new HubError(
        `Cannot find the model "${id}": expected a branch, a tag or a commit after "@", ` +
          `got "${revision}"`,
      );
    }
    return { type: "hub", repo, revision, ...defined({ model }) };
  }
  if (/[\\/]/.test(id)) return { type: "folder", location: id };
  throw new UnknownModelError(id);
}

/** A model name that is not known, and is no repository or folder either. */
export class UnknownModelError extends HubError {
  /** Name of the class, as it is printed. */
  override readonly name = "UnknownModelError";

  /** Says what a model may be. */
  constructor(id: string) {
    const names = [...BUILT_IN_TEACHERS, ...Object.keys(HUB_MODELS)];
    super(
      `Cannot find the model "${id}": expected ${names.join(", ")}, a repository of the ` +
        `Hugging Face Hub such as owner/name, a folder such as ./model, or a .safetensors file` +
        didYouMean(id, names),
    );
  }
}

/** Names of the teachers that ship with Smalti; their folders lie in `assets/models`. */
const BUILT_IN_TEACHERS: readonly string[] = ["mini"];

/** Tells whether an id names a teacher that ships with Smalti. */
export function isBuiltInTeacher(id: string): boolean {
  return BUILT_IN_TEACHERS.includes(id);
}

/** Files of which a folder of a model has one. */
export const FOLDER_MARKS: readonly string[] = [
  "model_index.json",
  "config.json",
  "unet/config.json",
];

/**
 * Returns the kind of a ControlNet without its size: "canny_mid" is "canny", and so is
 * "owner/controlnet-canny".
 */
export function controlnetKind(id: string): string {
  if (/[\\/]/.test(id)) return /canny|depth/i.exec(id)?.[0].toLowerCase() ?? id;
  return id.replace(/_(small|mid|full|sd15)$/, "");
}
