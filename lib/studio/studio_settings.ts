import { basename } from "node:path";
import { resolveRunConfig } from "../../config/resolve_run_config.ts";
import { CONFIG_KEYS } from "../../config/run_config.ts";
import { flagsOf } from "../cli/flags/flag_table.ts";
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

/** What does not change while a studio runs: its palettes take the longest. */
export class FixedSettings {
  /** The built-in palettes. */
  readonly palettes: readonly PaletteInfo[] = builtInInfos();
  readonly #model: string;
  #words: StudioSettings["vocabulary"] | undefined;

  /** @param model The teacher, as `--model` names it. */
  constructor(model: string) {
    this.#model = model;
  }

  /** Reads the words of the teacher; until it is there, at each call. */
  async vocabulary(): Promise<StudioSettings["vocabulary"]> {
    this.#words ??= await readWords(this.#model);
    return this.#words ?? { names: [], backgrounds: [] };
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
  return {
    teacher: basename(model),
    output,
    palettes: [...uploads.palettes, ...fixed.palettes],
    presets: timings.presets(basename(model), preset.choices),
    vocabulary: await fixed.vocabulary(),
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

/** Reads the names and backgrounds that a teacher knows; undefined if it does not tell them. */
async function readWords(model: string): Promise<StudioSettings["vocabulary"] | undefined> {
  try {
    const { folder } = await findTeacher(
      resolveRunConfig({ diffusion: { modelId: model } }).diffusion,
    );
    if (!await folder.has(VOCABULARY_FILE)) return undefined;
    const { names = [], backgrounds = [] } = JSON.parse(await folder.text(VOCABULARY_FILE));
    return { names, backgrounds };
  } catch {
    // A teacher that is not there is reported when it is used.
    return undefined;
  }
}
