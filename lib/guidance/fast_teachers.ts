import { splitLoraPaths } from "../lora/lora_names.ts";

/** Kinds of few-step models. */
export type FastKind = "turbo" | "lightning" | "hyper" | "lcm" | "tcd" | "dmd2";

/** A few-step model that is known by its name. */
export interface FastName {
  /** Its kind. */
  readonly kind: FastKind;
  /** The name. */
  readonly name: string;
  /** Number of steps in the name; undefined if there is none. */
  readonly steps: number | undefined;
}

/** Names of a kind: of models, and of LoRAs if a style could have the same word. */
interface Pattern {
  readonly kind: FastKind;
  readonly model: RegExp;
  readonly lora?: RegExp;
}

/** Most steps of a few-step model. */
const MAX_STEPS = 16;

const PATTERNS: readonly Pattern[] = [
  { kind: "dmd2", model: /(?<![a-z])dmd2?(?![a-z])/i },
  {
    kind: "lightning",
    model: /lightning/i,
    lora: /(?:sdxl|sd_?xl)[-_ ]?lightning|lightning.*\d[-_ ]?steps?/i,
  },
  { kind: "hyper", model: /hyper[-_ ]?sd|(?<![a-z])hyper[-_ ]?\d+[-_ ]?steps?/i },
  { kind: "tcd", model: /(?<![a-z])tcd(?![a-z])|TCD(?![A-Z])/ },
  { kind: "lcm", model: /(?<![a-z])lcm(?![a-z])|LCM(?![A-Z])/ },
  { kind: "turbo", model: /turbo/i },
];

/**
 * Finds a few-step model by the names of LoRAs and model. A LoRA wins: it makes a few-step model of
 * any model.
 */
export function findFastName(
  { modelId, loraPath }: { readonly modelId: string; readonly loraPath: string | null },
): FastName | undefined {
  for (const location of splitLoraPaths(loraPath)) {
    const found = matchName(lastPart(location), true);
    if (found) return found;
  }
  return matchName(lastPart(modelId), false);
}

function matchName(name: string, isLora: boolean): FastName | undefined {
  const found = PATTERNS.find(({ model, lora = model }) => (isLora ? lora : model).test(name));
  return found && { kind: found.kind, name, steps: stepsIn(name) };
}

/** Returns the last part of a path, a URL or an id. */
function lastPart(location: string): string {
  return location.replace(/[\\/]+$/, "").split(/[\\/]/).at(-1)!;
}

function stepsIn(name: string): number | undefined {
  const steps = Number(/(\d+)[-_ ]?steps?/i.exec(name)?.[1]);
  return steps >= 1 && steps <= MAX_STEPS ? steps : undefined;
}
