import type { RunConfig } from "../../config/run_config.ts";
import type { NoiseSchedule } from "../guidance/noise_schedule.ts";
import { editTimesteps } from "../guidance/projected_sampling.ts";
import { keepsPixels } from "../initialization/config_rules.ts";
import { showsImage } from "../initialization/initialize.ts";

/** One edit of a picture. */
export interface PlannedEdit {
  /** Share of the diffusion time at which it starts, in (0, 1]. */
  readonly strength: number;
  /** Its timesteps, falling; at least one. */
  readonly timesteps: readonly number[];
}

/** The edits of a run. */
export interface EditPlan {
  /** The edits, in their order. */
  readonly edits: readonly PlannedEdit[];
  /**
   * Whether each edit starts from the first picture, and one of all pictures is chosen, the first
   * one included. Else each edit continues the one before.
   */
  readonly isChosen: boolean;
}

/** Tells whether the teacher edits the first picture: it needs a prompt and a start image. */
export function editsPicture(
  config: RunConfig,
  subject: Pick<EditSubject, "hasInputImage">,
): boolean {
  const startsFromImage = config.generator.initializeRenderer && showsImage(config);
  const isAsked = askedStrengths(config, subject).some((strength) => strength > 0);
  return isAsked && startsFromImage && config.prompt !== "";
}

/** What a plan depends on besides the config. */
export interface EditSubject {
  /** Whether the picture shows an input image, not a sample. */
  readonly hasInputImage: boolean;
  /** Words of the prompt that are outside of the teacher's vocabulary. */
  readonly unknownWords: readonly string[];
}

/**
 * Plans the edits of a run. If pixels are kept and no strength is given, the others are edited at
 * 0.9. Strengths below the first timestep are left out. An input image whose prompt has unknown
 * words is not edited unless the config says the strength.
 */
export function planEdits(
  schedule: NoiseSchedule,
  config: RunConfig,
  subject: EditSubject,
): EditPlan {
  const { strength, editSteps: steps } = config.diffusion;
  // A sample shows what the teacher knows, so its edit needs no choice.
  const isChosen = strength === null && subject.hasInputImage && !keepsPixels(config);
  const isKnown = !isChosen || subject.unknownWords.length === 0;
  const edits = (editsPicture(config, subject) && isKnown ? askedStrengths(config, subject) : [])
    .map((strength) => ({
      strength,
      timesteps: editTimesteps({ schedule, steps, strength }),
    }))
    .filter(({ timesteps }) => timesteps.length > 0);
  return { edits, isChosen };
}

/**
 * Strength by default if pixels are kept: the others are painted nearly anew. Their first colors
 * still count a little.
 */
const INPAINTING_STRENGTH = 0.9;

function askedStrengths(
  config: RunConfig,
  { hasInputImage }: Pick<EditSubject, "hasInputImage">,
): readonly number[] {
  const { strength, strengths, sampleStrength, edits } = config.diffusion;
  if (strength === null && keepsPixels(config)) return [INPAINTING_STRENGTH];
  if (strength === null) return hasInputImage ? strengths : [sampleStrength];
  return new Array<number>(edits).fill(strength);
}

/** Returns the number of steps of a plan; each step calls the teacher once. */
export function countEditSteps({ edits }: EditPlan): number {
  return edits.reduce((sum, { timesteps }) => sum + timesteps.length, 0);
}
