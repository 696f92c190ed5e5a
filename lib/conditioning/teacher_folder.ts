import { controlnetKind, latentsOf } from "../hub/model_ids.ts";
import type { ImageSize } from "../image/image.ts";
import { type Autoencoder, readAutoencoder } from "../models/autoencoder/autoencoder.ts";
import { type ControlnetConfig, readControlnetConfig } from "../models/unet/controlnet_config.ts";
import { readUnetConfig, type UnetConfig } from "../models/unet/unet_config.ts";
import type { UnetTrunkConfig } from "../models/unet/unet_trunk_config.ts";
import type { ModelFolder } from "../weights/model_folder.ts";
import { subfolderPath, VOCABULARY_FILES } from "../weights/folder_files.ts";
import { MODEL_FAMILIES } from "./model_families.ts";
import type { CheckpointSource, ModelFamily, PromptEncoder } from "./family/model_family.ts";
import type { LoraReference } from "../lora/lora_file.ts";

/** A folder has no teacher, or one that is not supported. */
export class TeacherFolderError extends Error {
  /** Name of the class. */
  override readonly name = "TeacherFolderError";
  /** Path or address of the folder. */
  readonly location: string;

  /** Describes a failure. */
  constructor(location: string, detail: string, options?: ErrorOptions) {
    super(`Cannot use "${location}" as a teacher: ${detail}`, options);
    this.location = location;
  }
}

/** Location of a network. */
export interface NetworkLocation {
  /** Model folder. */
  readonly folder: ModelFolder;
  /** Folder of the network inside the model folder; "" for the model folder itself. */
  readonly subfolder: string;
}

/**
 * Opens a ControlNet by its id; undefined if there is none.
 *
 * @param check Throws if the ControlNet of a folder with its config cannot be used.
 */
export type FindControlnet = (
  id: string,
  check: (folder: ModelFolder) => Promise<void>,
) => Promise<ModelFolder | undefined>;

/** Another autoencoder, which is opened if it fits the teacher. */
export interface OtherAutoencoder {
  /** Its id, which may tell its latents. */
  readonly id: string;
  /** Opens its folder. */
  open(): Promise<ModelFolder>;
}

/** Options of {@linkcode openTeacherFolder}. */
export interface TeacherFolderOptions {
  /** Name for error messages. Default: the location of the folder. */
  readonly name?: string;
  /** Folder of another autoencoder. Default: the teacher's autoencoder. */
  readonly autoencoder?: ModelFolder | OtherAutoencoder;
  /**
   * Opens the folder of a ControlNet that is not in the teacher's folder. Default: there is none.
   */
  readonly findControlnet?: FindControlnet;
  /** LoRAs that are merged into its networks. Default: none. */
  readonly loras?: readonly LoraReference[];
}

/** Files that every teacher needs. */
const COMMON_FILES: readonly string[] = ["unet/config.json", "scheduler/scheduler_config.json"];

/** A diffusion model of a supported family, in diffusers' layout. */
export class TeacherFolder implements CheckpointSource {
  /** Name for error messages, such as "mini". */
  readonly name: string;
  /** Its files. */
  readonly folder: ModelFolder;
  /** Options of the UNet. */
  readonly unet: UnetConfig;
  /** Options of the autoencoder. */
  readonly vae: Autoencoder;
  /** Location of the autoencoder. */
  readonly vaeLocation: NetworkLocation;
  /** LoRAs that are merged into UNet and text encoders. */
  readonly loras: readonly LoraReference[];
  /** Text encoders and tokenizers. */
  readonly promptEncoder: PromptEncoder;
  readonly #findElsewhere: FindControlnet;

  /** Takes the parts that {@linkcode openTeacherFolder} reads. */
  constructor(
    parts: Pick<
      TeacherFolder,
      "name" | "folder" | "unet" | "vae" | "vaeLocation" | "loras" | "promptEncoder"
    >,
    findControlnet: FindControlnet = () => Promise.resolve(undefined),
  ) {
    this.name = parts.name;
    this.folder = parts.folder;
    this.unet = parts.unet;
    this.vae = parts.vae;
    this.vaeLocation = parts.vaeLocation;
    this.loras = parts.loras;
    this.promptEncoder = parts.promptEncoder;
    this.#findElsewhere = findControlnet;
  }

  /**
   * Size of the images that the teacher was trained on, in pixels.
   *
   * @throws {TeacherFolderError} If the UNet's file does not give it.
   */
  get imageSize(): ImageSize {
    const { sampleSize } = this.unet;
    if (!sampleSize) {
      throw new TeacherFolderError(
        this.folder.location,
        'expected "sample_size" in unet/config.json, got none; set sd.im_size',
      );
    }
    return { height: sampleSize[0] * this.vae.factor, width: sampleSize[1] * this.vae.factor };
  }

  /**
   * Returns the size of the latents of an image.
   *
   * @throws {RangeError} If height or width is not a multiple of the autoencoder's factor.
   */
  latentSize({ height, width }: ImageSize): ImageSize {
    const { factor } = this.vae;
    if (height % factor !== 0 || width % factor !== 0) {
      throw new RangeError(
        `Cannot use an image of ${height}x${width} with the teacher "${this.name}": ` +
          `expected height and width to be multiples of ${factor} pixels`,
      );
    }
    return { height: height / factor, width: width / factor };
  }

  /** Tells whether there is a ControlNet, such as "canny" or "canny_mid". */
  async hasControlnet(id: string): Promise<boolean> {
    return await this.#findControlnet(id) !== undefined;
  }

  /**
   * Returns the location of a ControlNet: the teacher's folder `controlnet_<id>`, the folder of the
   * kind without size, or another model folder.
   *
   * @param id Kind with an optional size, such as "canny" or "canny_mid".
   * @throws {TeacherFolderError} If there is none.
   */
  async controlnetLocation(id: string): Promise<NetworkLocation> {
    const found = await this.#findControlnet(id);
    if (found !== undefined) return found;
    throw new TeacherFolderError(
      this.folder.location,
      `it has no ControlNet "${id}": expected its files in the folder ` +
        `"controlnet_${controlnetKind(id)}"; put them there, ` +
        `take "${id}" out of controlnet.models_id, or set controlnet.use_controlnet to false`,
    );
  }

  /**
   * Checks that a ControlNet fits the UNet and the autoencoder: it must take the same prompts, and
   * control images of the size of the image.
   *
   * @throws {TeacherFolderError} If it does not fit.
   */
  checkControlnet(id: string, config: ControlnetConfig): void {
    if (promptInputs(config) !== promptInputs(this.unet)) {
      throw new TeacherFolderError(
        this.folder.location,
        `the ControlNet "${id}" is for another model family: ` +
          `expected ${promptInputs(this.unet)}, as the UNet, got ${promptInputs(config)}; ` +
          `take "${id}" out of controlnet.models_id, or set controlnet.use_controlnet to false`,
      );
    }
    const { conditioningFactor } = config;
    const { className, factor } = this.vae;
    if (conditioningFactor === factor) return;
    throw new TeacherFolderError(
      this.vaeLocation.folder.location,
      `the ControlNet "${id}" follows images of ${conditioningFactor} pixels per latent, but this ` +
        `${className} makes one latent of ${factor}; set diffusion.vae_id to another ` +
        `autoencoder, or controlnet.use_controlnet to false`,
    );
  }

  async #findControlnet(id: string): Promise<NetworkLocation | undefined> {
    const names = /[\\/]/.test(id) ? [] : [id, controlnetKind(id)];
    for (const subfolder of names.map((name) => `controlnet_${name}`)) {
      const location = { folder: this.folder, subfolder };
      if (await this.folder.has(`${subfolder}/config.json`)) return location;
    }
    const folder = await this.#findElsewhere(
      id,
      async (found) => this.checkControlnet(id, await readControlnetConfig(found, "")),
    );
    return folder && { folder, subfolder: "" };
  }
}

/**
 * Opens the folder of a teacher and reads the options of its networks, without weights.
 *
 * @throws {TeacherFolderError} If files are missing; it names them. If the family is not supported,
 * or the autoencoder does not fit the UNet.
 * @throws {ModelConfigError} If an option of the UNet or the autoencoder is not supported.
 */
export async function openTeacherFolder(
  folder: ModelFolder,
  options: TeacherFolderOptions = {},
): Promise<TeacherFolder> {
  const { name = folder.location, autoencoder, loras = [], findControlnet } = options;
  const { family, unet } = await readFamily(folder);
  const vaeLocation = autoencoder
    ? { folder: await openAutoencoder(autoencoder, { name, family }), subfolder: "" }
    : { folder, subfolder: "vae" };
  await requireAutoencoder(vaeLocation);
  const vae = await readAutoencoder(vaeLocation.folder, vaeLocation.subfolder);
  if (vae.latentChannels !== unet.inChannels) {
    throw new TeacherFolderError(
      vaeLocation.folder.location,
      `expected an autoencoder with ${unet.inChannels} channels of latents, as the UNet of ` +
        `"${name}", got ${vae.latentChannels}; check diffusion.vae_id`,
    );
  }
  const promptEncoder = await family.openPromptEncoder({ name, folder, loras }, unet);
  return new TeacherFolder(
    { name, folder, unet, vae, vaeLocation, loras, promptEncoder },
    findControlnet && (async (id, check) => {
      const known = /[\\/]/.test(id) ? id : family.controlnetId(id, unet);
      return known === undefined ? undefined : await findControlnet(known, check);
    }),
  );
}

/** Opens another autoencoder, if its name does not tell that it makes other latents. */
async function openAutoencoder(
  autoencoder: ModelFolder | OtherAutoencoder,
  { name, family }: { readonly name: string; readonly family: ModelFamily },
): Promise<ModelFolder> {
  if (!("open" in autoencoder)) return autoencoder;
  const { id } = autoencoder;
  const latents = latentsOf(id) ?? family.latents;
  if (latents === family.latents) return await autoencoder.open();
  throw new TeacherFolderError(
    name,
    `"${id}" is an autoencoder of ${latents}, and the UNet takes latents of ${family.latents}; ` +
      `check diffusion.vae_id`,
  );
}

/**
 * Checks by the configs of a folder that a teacher of it can be used, without its weights.
 *
 * @throws {TeacherFolderError} If files are missing, or the family is not supported.
 * @throws {ModelConfigError} If an option of the UNet or of a text encoder is not supported.
 */
export async function checkTeacherFolder(folder: ModelFolder, name: string): Promise<void> {
  const { family, unet } = await readFamily(folder);
  await family.openPromptEncoder({ name, folder, loras: [] }, unet);
}

/** Reads the UNet, finds its family and checks that the folder has the files of the family. */
async function readFamily(
  folder: ModelFolder,
): Promise<{ readonly family: ModelFamily; readonly unet: UnetConfig }> {
  if (!await folder.has("unet/config.json")) throw await missingFiles(folder, MODEL_FAMILIES[0]);
  const unet = await readUnetConfig(folder);
  const family = MODEL_FAMILIES.find((known) => known.hasUnet(unet));
  if (!family) {
    if (unet.inChannels !== unet.outChannels) throw furtherChannels(folder, unet);
    const names = MODEL_FAMILIES.map(({ name }) => name).join(" or ");
    throw new TeacherFolderError(
      folder.location,
      `expected a UNet of ${names}, got another kind; check diffusion.model_id`,
    );
  }
  const error = await missingFiles(folder, family);
  if (error) throw error;
  return { family, unet };
}

/** A UNet that takes more than latents: a mask, an image or a depth map. */
function furtherChannels(
  folder: ModelFolder,
  { inChannels, outChannels }: UnetConfig,
): TeacherFolderError {
  return new TeacherFolderError(
    folder.location,
    `its UNet takes ${inChannels} channels instead of ${outChannels}, so it is for inpainting or ` +
      `for editing an image; use a model that makes images from text`,
  );
}

/** Returns the error that names all missing files; undefined if there are none. */
async function missingFiles(
  folder: ModelFolder,
  { name, encoders }: ModelFamily,
): Promise<TeacherFolderError | undefined> {
  const choices = [
    ...COMMON_FILES.map((path) => [[path]]),
    ...encoders.flatMap(({ encoder, tokenizer }) => [
      [[`${encoder}/config.json`]],
      VOCABULARY_FILES.map((files) => files.map((file) => `${tokenizer}/${file}`)),
    ]),
  ];
  const missing: string[] = [];
  for (const alternatives of choices) {
    const absent: string[][] = [];
    for (const paths of alternatives) {
      const there = await Promise.all(paths.map((path) => folder.has(path)));
      absent.push(paths.filter((_, i) => !there[i]));
    }
    if (absent.every(({ length }) => length > 0)) missing.push(...absent[0]!);
  }
  if (missing.length === 0) return undefined;
  const named = missing.length > 3 ? missing.slice(0, 2) : missing;
  const more = missing.length - named.length;
  const list = named.join(", ") + (more > 0 ? ` and ${more} more` : "");
  return new TeacherFolderError(
    folder.location,
    `expected the files of ${name} in diffusers' layout, but there is no ${list}; ` +
      `check diffusion.model_id`,
  );
}

async function requireAutoencoder({ folder, subfolder }: NetworkLocation): Promise<void> {
  const path = subfolderPath(subfolder, "config.json");
  if (await folder.has(path)) return;
  throw new TeacherFolderError(
    folder.location,
    `expected an autoencoder, but there is no ${path}; check diffusion.vae_id`,
  );
}

/** Describes the inputs of a UNet or ControlNet that come from the prompts. */
function promptInputs({ crossAttentionDim, addedConditions }: UnetTrunkConfig): string {
  const pooled = addedConditions
    ? `pooled prompts of width ${addedConditions.textEmbedDim}`
    : "no pooled prompts";
  return `tokens of width ${crossAttentionDim} and ${pooled}`;
}
