import { FREE, type PictureRules } from "../constraint/picture_rules.ts";
import type { Gpu } from "../../kernels/gpu/gpu.ts";
import { drawNormal } from "../../kernels/random/philox.ts";
import { RANDOM_STREAMS } from "../../kernels/random/streams.ts";
import type { TeacherFolder } from "../conditioning/teacher_folder.ts";
import { constrainNoise, constrainPrediction } from "../guidance/constrained_prediction.ts";
import { tiledDecode, tiledEncode } from "../guidance/tiled_codec.ts";
import type { LatentDecoder } from "../guidance/latent_decoder.ts";
import {
  type EditNetworks,
  type EditState,
  editStep,
  type ImageCodec,
  startEdit,
} from "../guidance/projected_sampling.ts";
import { guide } from "../guidance/sample_image.ts";
import type { SettledRunConfig } from "../guidance/sampling_settings.ts";
import { Image, type ImageSize } from "../image/image.ts";
import { planesFromImage } from "../image/image_planes.ts";
import { resizeImage } from "../image/resize_image.ts";
import { ditherOf, makeableOf } from "../initialization/config_finish.ts";
import { pictureGrid, projectPicture } from "../initialization/project_picture.ts";
import { nearestColors } from "../palette/nearest_color.ts";
import type { Palette } from "../palette/palette.ts";
import { withoutTransparentClass } from "../palette/transparent_class.ts";
import type { EditCheckpoint } from "../run/checkpoint.ts";
import { defined } from "../text/defined.ts";
import { chooseStrength, type StrengthChoice } from "./choose_strength.ts";
import type { StepParts } from "./distill_step.ts";
import { countEditSteps, type EditPlan, type PlannedEdit } from "./edit_plan.ts";

/** What edits a picture; borrowed. */
export interface EditParts
  extends Pick<StepParts, "schedule" | "denoiser" | "distillation" | "teacherSize" | "control"> {
  /** The teacher. */
  readonly teacher: TeacherFolder;
  /** The decoder of the autoencoder. */
  readonly decoder: LatentDecoder;
  /** Palette of the picture; with `generator.transparent`, with the transparent class. */
  readonly palette: Palette;
  /** Which pixels of a transparent picture are opaque, shape [H, W]; undefined: the image tells. */
  readonly mask: Uint8Array | undefined;
  /** Config of the run. */
  readonly config: SettledRunConfig;
  /** Count of each color that the picture may have; undefined: no limit. */
  readonly inventory: readonly number[] | undefined;
  /** The edits. */
  readonly plan: EditPlan;
  /** What the picture obeys besides; undefined for nothing. */
  readonly rules: PictureRules | undefined;
}

/** State of the edits of a run, from which they resume. */
export interface EditProgress {
  /** Steps done. */
  readonly step: number;
  /** The first picture, and that of each finished edit. */
  readonly pictures: readonly Image[];
  /** State of the edit in progress; undefined between two edits. */
  readonly current: EditState | undefined;
}

/** Outcome of a step. */
export interface EditStepOutcome {
  /** Its timestep. */
  readonly timestep: number;
  /** The picture so far; after the last step, the result. */
  readonly picture: Image;
  /** Teacher calls of the step. */
  readonly teacherCalls: number;
  /** What was chosen; only after the last step of edits of which one is chosen. */
  readonly choice: StrengthChoice | undefined;
}

/**
 * Lets the teacher edit the first picture of a run, under the constraint of its grid and palette,
 * one step at a time. See {@linkcode editStep}.
 */
export class PictureEdit {
  readonly #gpu: Gpu;
  readonly #parts: EditParts;
  readonly #networks: EditNetworks;
  #progress: EditProgress;

  /** All parts are borrowed. */
  constructor(gpu: Gpu, parts: EditParts, progress: EditProgress) {
    this.#gpu = gpu;
    this.#parts = parts;
    this.#networks = createNetworks(parts);
    this.#progress = progress;
  }

  /** State from which the edits resume. */
  get progress(): EditProgress {
    return this.#progress;
  }

  /** Makes the next step. */
  async makeStep(): Promise<EditStepOutcome> {
    const { plan } = this.#parts;
    const { step, pictures } = this.#progress;
    const { edit, number, index } = locateStep(plan, step);
    const state = this.#progress.current ?? await this.#start(edit, number);
    const current = await editStep(state, this.#networks, edit.timesteps, index);
    const isDone = index === edit.timesteps.length - 1;
    this.#progress = {
      step: step + 1,
      pictures: isDone ? [...pictures, current.picture] : pictures,
      current: isDone ? undefined : current,
    };
    const isLast = step + 1 === countEditSteps(plan);
    const choice = isLast && plan.isChosen ? await this.#choose() : undefined;
    const picture = choice ? this.#progress.pictures[choice.index]! : current.picture;
    const teacherCalls = 1 + (choice?.teacherCalls ?? 0);
    return { timestep: edit.timesteps[index]!, picture, teacherCalls, choice };
  }

  /** Starts the edit of a number, from 0. */
  async #start(edit: PlannedEdit, number: number): Promise<EditState> {
    const { plan, config: { seed, constraint } } = this.#parts;
    const { pictures } = this.#progress;
    const shape = latentShape(this.#parts);
    const drawn = await drawNormal(this.#gpu, shape, {
      seed,
      stream: RANDOM_STREAMS.edit,
      // Edits of which one is chosen differ in their strength only.
      step: plan.isChosen ? 0 : number,
    });
    const noise = constrainNoise(drawn, shape, constraint);
    const picture = plan.isChosen ? pictures[0]! : pictures.at(-1)!;
    return await startEdit(picture, noise, this.#networks, edit.timesteps);
  }

  /** Chooses among the first picture and the edited ones. */
  async #choose(): Promise<StrengthChoice> {
    const { codec, constraint } = this.#networks;
    const candidates = [];
    for (const [i, picture] of this.#progress.pictures.entries()) {
      const strength = i === 0 ? 0 : this.#parts.plan.edits[i - 1]!.strength;
      const latents = await codec.encode(constraint.render(picture));
      candidates.push({ strength, picture, latents });
    }
    const { config: { seed }, rules } = this.#parts;
    const options = { parts: this.#parts, seed, importance: rules?.importance };
    return await chooseStrength(this.#gpu, candidates, options);
  }
}

/** Finds the edit of a step, and the index of the step in it. */
function locateStep({ edits }: EditPlan, step: number) {
  let index = step;
  for (const [number, edit] of edits.entries()) {
    if (index < edit.timesteps.length) return { edit, number, index };
    index -= edit.timesteps.length;
  }
  throw new RangeError(`Cannot make step ${step + 1} of an edit: all steps are done`);
}

function latentShape({ teacher, denoiser: { latentSize } }: EditParts): number[] {
  return [1, teacher.vae.latentChannels, latentSize.height, latentSize.width];
}

function createNetworks(parts: EditParts): EditNetworks {
  const { schedule, denoiser, decoder, distillation, teacherSize, control } = parts;
  const { config, palette, rules, inventory, mask } = parts;
  const { generator, diffusion, constraint } = config;
  const colors = generator.transparent ? withoutTransparentClass(palette) : palette;
  const makeable = makeableOf(config);
  const grid = {
    ...pictureGrid(generator, colors, inventory),
    mask,
    ...defined({ rules, makeable }),
  };
  const dither = ditherOf(config);
  const latents = latentShape(parts);
  const shape = [1, 3, teacherSize.height, teacherSize.width];
  const codec: ImageCodec = {
    decode: tiledDecode((values) => decoder.decode(values), latents, constraint.tile),
    encode: tiledEncode(
      (image) => distillation.encode({ data: planesFromImage(image), shape }),
      latents,
      constraint.tile,
    ),
  };
  return {
    predict: constrainPrediction(
      guide(denoiser, latents, diffusion.guidanceScale, control?.originals),
      latents,
      constraint,
    ),
    codec,
    constraint: {
      project: (image) => projectPicture(image, grid),
      ...dither && { projectLast: (image) => projectPicture(image, { ...grid, dither }) },
      render: (picture) => resizeImage(picture, teacherSize, { fit: "stretch", filter: "nearest" }),
    },
    schedule,
    ...defined({ keptCells: rules?.kept && keptCells(rules, denoiser.latentSize) }),
  };
}

/** Returns which cells of the latents show kept pixels: 1, else 0, shape [h, w]. */
function keptCells({ kept, size }: PictureRules, { height, width }: ImageSize): Float32Array {
  return Float32Array.from({ length: height * width }, (_, i) => {
    const row = Math.floor((Math.floor(i / width) + 0.5) * size.height / height);
    const column = Math.floor((i % width + 0.5) * size.width / width);
    return kept![row * size.width + column] === FREE ? 0 : 1;
  });
}

/** Returns the progress of edits as the part of a checkpoint. */
export function checkpointOf(
  { pictures, current }: EditProgress,
  palette: Palette,
): EditCheckpoint {
  return {
    pictures: pictures.map((picture) => nearestColors(picture, palette)),
    current: current && {
      picture: nearestColors(current.picture, palette),
      latents: current.latents,
    },
  };
}

/** Returns the progress of edits after a number of steps from the part of a checkpoint. */
export function progressOf(
  { pictures, current }: EditCheckpoint,
  step: number,
  { size, palette }: { readonly size: ImageSize; readonly palette: Palette },
): EditProgress {
  const imageOf = (indices: Uint32Array) => Image.fromIndices(size, indices, palette.colors);
  return {
    step,
    pictures: pictures.map(imageOf),
    current: current && { picture: imageOf(current.picture), latents: current.latents },
  };
}
