import type { DiffusionConfig, RunConfig, SdConfig } from "../../config/run_config.ts";
import { findOwnClip } from "../conditioning/clip_location.ts";
import type { TeacherFolder } from "../conditioning/teacher_folder.ts";
import { VOCABULARY_FILE } from "../conditioning/vocabulary.ts";
import { isBuiltInTeacher } from "../hub/model_ids.ts";
import { takesTimesteps } from "../../config/check_run_config.ts";
import { ConfigError } from "../../config/config_source.ts";
import { countGuidedSteps, isGuided } from "./sample_calls.ts";
import { type FastKind, findFastName } from "./fast_teachers.ts";

/** A kind of teachers that are sampled in the same way. */
export type SamplingKind = "mini" | "sdxl" | "sd" | FastKind;

/** Values of the keys that a config leaves to the teacher's kind. */
export interface KindSettings {
  /** Keys of `diffusion`. */
  readonly diffusion: {
    readonly sampler: NonNullable<DiffusionConfig["sampler"]>;
    readonly numInferenceSteps: number;
    readonly guidanceScale: number;
    /** Share of the steps with guidance, in (0, 1]. */
    readonly guidanceEnd: number;
    /** Whether prompts beyond the token limit are encoded in chunks. */
    readonly promptChunks: boolean;
    /** Default: that of the scheduler file. */
    readonly timestepSpacing?: NonNullable<DiffusionConfig["timestepSpacing"]>;
  };
  /** Keys of `sd`. */
  readonly sd: { readonly guidanceScale: number };
}

/** A config in which the keys that depend on the teacher's kind have values. */
export type SettledRunConfig = RunConfig & {
  readonly diffusion:
    & DiffusionConfig
    & Omit<KindSettings["diffusion"], "timestepSpacing">
    & {
      /**
       * What ranks the samples; "clip" wherever `clipId` names a CLIP, or a CLIP is there and no
       * evidence.
       */
      readonly choice: NonNullable<DiffusionConfig["choice"]>;
    };
  readonly sd: SdConfig & KindSettings["sd"];
};

/** A few-step model has guidance built in: its networks are run with the prompt alone. */
const PROMPT_ALONE = { guidanceScale: 0 } as const;

/**
 * The settings of each kind of teacher. A key that becomes null in the config can be added here.
 *
 * Sources: "mini": measurements of this project. "sdxl" and "sd": the defaults of common programs.
 * Others: the model cards of sdxl-turbo, SDXL-Lightning, Hyper-SD, lcm-lora-sdxl, TCD and DMD2.
 */
export const SAMPLING_SETTINGS: Readonly<Record<SamplingKind, KindSettings>> = {
  mini: {
    diffusion: {
      sampler: "ddim",
      numInferenceSteps: 6,
      guidanceScale: 4,
      guidanceEnd: 0.67,
      promptChunks: false,
    },
    sd: { guidanceScale: 10 },
  },
  sdxl: {
    diffusion: {
      sampler: "dpmpp_2m_karras",
      numInferenceSteps: 30,
      guidanceScale: 7,
      guidanceEnd: 1,
      promptChunks: true,
    },
    sd: { guidanceScale: 10 },
  },
  sd: {
    diffusion: {
      sampler: "dpmpp_2m_karras",
      numInferenceSteps: 30,
      guidanceScale: 7.5,
      guidanceEnd: 1,
      promptChunks: true,
    },
    sd: { guidanceScale: 10 },
  },
  turbo: fewSteps("euler", 4),
  lightning: fewSteps("euler", 4),
  hyper: fewSteps("ddim", 8),
  lcm: fewSteps("lcm", 8),
  tcd: fewSteps("tcd", 8),
  dmd2: fewSteps("lcm", 4),
};

/** Names of the kinds in notes. */
const TITLES: Readonly<Record<SamplingKind, string>> = {
  mini: "the project's own teachers",
  sdxl: "SDXL",
  sd: "Stable Diffusion 1 and 2",
  turbo: "Turbo",
  lightning: "Lightning",
  hyper: "Hyper-SD",
  lcm: "LCM",
  tcd: "TCD",
  dmd2: "DMD2",
};

function fewSteps(
  sampler: KindSettings["diffusion"]["sampler"],
  numInferenceSteps: number,
): KindSettings {
  return {
    diffusion: {
      sampler,
      numInferenceSteps,
      guidanceScale: 1,
      guidanceEnd: 1,
      timestepSpacing: "trailing",
      promptChunks: true,
    },
    sd: PROMPT_ALONE,
  };
}

/** The kind of a teacher, and how it was found. */
export interface FoundKind {
  /** The kind. */
  readonly kind: SamplingKind;
  /** Such as `by the name "sdxl-turbo"`. */
  readonly source: string;
  /** Number of steps that the name says; undefined if it says none. */
  readonly steps?: number | undefined;
  /** Whether the teacher has a CLIP, which then helps to rank its samples. Default: false. */
  readonly hasClip?: boolean;
}

/**
 * Finds the kind of a teacher: by `diffusion.fast`, by the names of its LoRAs and its model, by its
 * vocabulary, or by its UNet. Tells also whether it has a CLIP.
 */
export async function findSamplingKind(
  config: Pick<DiffusionConfig, "fast" | "modelId" | "loraPath">,
  teacher: Pick<TeacherFolder, "folder" | "unet">,
): Promise<FoundKind> {
  const hasClip = await findOwnClip(teacher.folder) !== undefined;
  return { ...await findKind(config, teacher), hasClip };
}

async function findKind(
  { fast, modelId, loraPath }: Pick<DiffusionConfig, "fast" | "modelId" | "loraPath">,
  { folder, unet }: Pick<TeacherFolder, "folder" | "unet">,
): Promise<FoundKind> {
  if (fast !== null && fast !== "none") return { kind: fast, source: "by diffusion.fast" };
  const named = fast === null ? findFastName({ modelId, loraPath }) : undefined;
  if (named) return { ...named, source: `by the name "${named.name}"` };
  if (isBuiltInTeacher(modelId)) return { kind: "mini", source: "built in" };
  if (await folder.has(VOCABULARY_FILE)) return { kind: "mini", source: "by its vocabulary" };
  return { kind: unet.addedConditions ? "sdxl" : "sd", source: "by its UNet" };
}

/**
 * Completes a config with the settings of a kind. Values that the config has stay. Timesteps of the
 * config determine the number of steps.
 *
 * @throws {ConfigError} If the config has timesteps, and the sampler of the kind takes none.
 */
export function settleConfig(
  config: RunConfig,
  { kind, steps, hasClip = false }: FoundKind,
): SettledRunConfig {
  const { diffusion, sd } = SAMPLING_SETTINGS[kind];
  const { timesteps } = config.diffusion;
  const sampler = config.diffusion.sampler ?? diffusion.sampler;
  if (timesteps !== null && !takesTimesteps(sampler)) {
    const path = "diffusion.timesteps";
    const problem = `expected ~ or "diffusion.sampler" with another value, since the sampler ` +
      `${sampler} has its own noise levels`;
    throw new ConfigError("", path, problem);
  }
  const settled = fillIn(config.diffusion, {
    ...diffusion,
    numInferenceSteps: timesteps?.length ?? steps ?? diffusion.numInferenceSteps,
  });
  return {
    ...config,
    diffusion: { ...settled, choice: settleChoice(settled, hasClip) },
    sd: fillIn(config.sd, sd),
  };
}

/** Returns what ranks the samples. */
function settleChoice(
  diffusion: Omit<SettledRunConfig["diffusion"], "choice"> & Pick<DiffusionConfig, "choice">,
  hasClip: boolean,
): SettledRunConfig["diffusion"]["choice"] {
  if (diffusion.clipId !== null) return "clip";
  const asked = diffusion.choice ?? (hasClip ? "clip-and-evidence" : "evidence");
  // Without the negative prompt there is no evidence, and the error has another range.
  const hasEvidence = countGuidedSteps(diffusion) > 0;
  return asked === "clip-and-evidence" && !hasEvidence ? "clip" : asked;
}

/** Tells whether a CLIP takes part in the choice among samples. */
export function usesClip(choice: SettledRunConfig["diffusion"]["choice"]): boolean {
  return choice === "clip" || choice === "clip-and-evidence";
}

/** Fills the values that are null. */
function fillIn<T extends object, V extends object>(section: T, values: V): T & V {
  const entries = Object.entries(values).filter(([name]) => section[name as keyof T] === null);
  return { ...section, ...Object.fromEntries(entries) } as T & V;
}

/** For what a run uses sampling settings. */
export interface SamplingUse {
  /** Whether the teacher samples an image. */
  readonly samples: boolean;
  /** Whether the teacher edits a picture. */
  readonly edits: boolean;
}

/**
 * Says in one sentence which settings a run takes from the teacher's kind, and how the kind was
 * found.
 *
 * @returns undefined if the run takes none.
 */
export function describeSampling(
  asked: RunConfig,
  found: FoundKind,
  { samples, edits }: SamplingUse,
): string | undefined {
  const { kind, source } = found;
  const { diffusion, sd } = settleConfig(asked, found);
  const parts: readonly (readonly [isUsed: boolean, asked: unknown, text: string])[] = [
    [samples, asked.diffusion.sampler, `sampler ${diffusion.sampler}`],
    [
      samples,
      asked.diffusion.timesteps ?? asked.diffusion.numInferenceSteps,
      countSteps(diffusion.numInferenceSteps),
    ],
    [
      samples && diffusion.timesteps !== null,
      asked.diffusion.timesteps,
      `timesteps ${diffusion.timesteps?.join(" ")}`,
    ],
    [
      (edits || (samples && diffusion.timesteps === null)) && diffusion.timestepSpacing !== null,
      asked.diffusion.timestepSpacing,
      `${diffusion.timestepSpacing} timesteps`,
    ],
    [samples || edits, asked.diffusion.guidanceScale, `guidance ${diffusion.guidanceScale}`],
    [
      samples && diffusion.guidanceEnd < 1 && isGuided(diffusion.guidanceScale),
      asked.diffusion.guidanceEnd,
      `guidance in the first ${countSteps(countGuidedSteps(diffusion))}`,
    ],
    [
      asked.training.steps > 0,
      asked.sd.guidanceScale,
      `guidance of the score ${sd.guidanceScale}`,
    ],
  ];
  const told = parts.filter(([isUsed]) => isUsed).map(([, value, text]) => [value, text] as const);
  const taken = told.filter(([value]) => value === null).map(([, text]) => text);
  const own = told.filter(([value]) => value !== null).map(([, text]) => text);
  if (taken.length === 0) return undefined;
  const rest = own.length === 0 ? "" : `; as configured: ${own.join(", ")}`;
  return `Settings for ${TITLES[kind]} (${source}): ${taken.join(", ")}${rest}`;
}

function countSteps(steps: number): string {
  return `${steps} ${steps === 1 ? "step" : "steps"}`;
}
