import { basename } from "node:path";
import { resolveRunConfig } from "../../config/resolve_run_config.ts";
import { CONFIG_KEYS } from "../../config/run_config.ts";
import { flagsOf } from "../cli/flags/flag_table.ts";
import { findOwnClip } from "../conditioning/clip_location.ts";
import { VOCABULARY_FILE } from "../conditioning/vocabulary.ts";
import { findTeacher } from "../distill/find_teacher.ts";
import { builtInPalettes } from "../palette/formats/built_in_palettes.ts";
import { LATTICE_STEPS, latticeName } from "../palette/lattice.ts";
import { FREE_FLAGS, type PaletteInfo, type StudioSettings } from "./protocol/studio_api.ts";
import type { Timings } from "./timings.ts";
import { describePalette, UPLOAD_LIMITS, type Uploads } from "./uploads.ts";

/** What the settings depend on. */
export interface SettingsContext {
  /** The teacher, as `--model` names it. */
  readonly model: string;
  /** Path of the output folder. */
  readonly output: string;
  readonly uploads: Uploads;
  readonly timings: Timings;
}

/** What the page tells of the teacher. */
interface TeacherFacts extends Pick<StudioSettings, "vocabulary"> {
  /** Whether it has a CLIP, which chooses among its samples. */
  readonly hasClip: boolean;
}

const NO_WORDS: StudioSettings["vocabulary"] = { names: [], backgrounds: [] };

/** What does not change while a studio runs: its palettes take the longest. */
export class FixedSettings {
  /** The built-in palettes. */
  readonly palettes: readonly PaletteInfo[] = builtInInfos();
  readonly #model: string;
  #teacher: TeacherFacts | undefined;

  /** @param model The teacher, as `--model` names it. */
  constructor(model: string) {
    this.#model = model;
  }

  /** Reads what the page tells of the teacher; until it is there, at each call. */
  async teacher(): Promise<TeacherFacts> {
    this.#teacher ??= await readTeacher(this.#model);
    return this.#teacher ?? { vocabulary: NO_WORDS, hasClip: false };
  }
}

/** Reads what the forms of the page need. */
export async function readSettings(
  { model, output, uploads, timings }: SettingsContext,
  fixed: FixedSettings,
): Promise<StudioSettings> {
  const { preset } = CONFIG_KEYS;
  const free = flagsOf("generate").map(({ name }) => name)
    .filter((name) => Object.hasOwn(FREE_FLAGS, name));
  const { vocabulary, hasClip } = await fixed.teacher();
  return {
    teacher: basename(model),
    output,
    palettes: [...uploads.palettes, ...fixed.palettes],
    presets: timings.presets(basename(model), preset.choices, { hasClip }),
    vocabulary,
    defaults: {
      prompt: "",
      size: [32, 32],
      palette: "sweetie-16",
      preset: "standard",
      seed: "random",
    },
    flags: free,
    limits: UPLOAD_LIMITS,
  };
}

/** Describes the built-in palettes. */
function builtInInfos(): PaletteInfo[] {
  const lattices = new Set<string>();
  for (let steps = LATTICE_STEPS.min; steps <= LATTICE_STEPS.max; steps++) {
    lattices.add(latticeName(steps));
  }
  return builtInPalettes().map(({ name, credit, load }) => {
    const palette = load();
    const kind = palette.materials ? "material" : lattices.has(name) ? "lattice" : "picture";
    return describePalette(palette, { id: name, credit, kind });
  });
}

/** Reads the words that a teacher tells, and looks for its CLIP; undefined if it is not there. */
async function readTeacher(model: string): Promise<TeacherFacts | undefined> {
  try {
    const { folder } = await findTeacher(
      resolveRunConfig({ diffusion: { modelId: model } }).diffusion,
    );
    const hasClip = await findOwnClip(folder) !== undefined;
    if (!await folder.has(VOCABULARY_FILE)) return { vocabulary: NO_WORDS, hasClip };
    const { names = [], backgrounds = [] } = JSON.parse(await folder.text(VOCABULARY_FILE));
    return { vocabulary: { names, backgrounds }, hasClip };
  } catch {
    // A teacher that is not there is reported when it is used.
    return undefined;
  }
}
