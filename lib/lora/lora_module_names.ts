import type { StateDict } from "../weights/state_dict.ts";

const WEIGHT = ".weight";

/**
 * Finds the weights that a LoRA can change, by every name that files give them.
 *
 * A name is spelled with underscores instead of dots, so that one look-up serves diffusers' and
 * kohya's layouts. A module of a text encoder is found without `text_model.`, which checkpoints
 * have or do not have; one of a UNet also by the name that it had in Stability's own code (SGM),
 * which kohya's files for SDXL use.
 *
 * @returns Keys of weights by name of their module.
 */
export function findLoraModules(weights: StateDict): ReadonlyMap<string, string> {
  const modules = weights.keys()
    .filter((key) => key.endsWith(WEIGHT) && weights.get(key).shape.length >= 2)
    .map((key) => key.slice(0, -WEIGHT.length));
  const found = new Map<string, string>();
  for (const module of modules) found.set(flatLoraName(module), module + WEIGHT);
  for (const [module, name] of sgmNames(modules)) found.set(flatLoraName(name), module + WEIGHT);
  return found;
}

/** Spells the name of a module as {@linkcode findLoraModules} does. */
export function flatLoraName(module: string): string {
  return module.replace(/^text_model[._]/, "").replaceAll(".", "_");
}

/** Layers outside of blocks, by SGM's names. */
const SGM_TOP: Readonly<Record<string, string>> = {
  "conv_in": "input_blocks.0.0",
  "conv_out": "out.2",
  "time_embedding.linear_1": "time_embed.0",
  "time_embedding.linear_2": "time_embed.2",
  "add_embedding.linear_1": "label_emb.0.0",
  "add_embedding.linear_2": "label_emb.0.2",
};

/** Layers of a residual block, by SGM's names. */
const SGM_RESNET: Readonly<Record<string, string>> = {
  conv1: "in_layers.2",
  time_emb_proj: "emb_layers.1",
  conv2: "out_layers.3",
  conv_shortcut: "skip_connection",
};

const BLOCK_MODULE =
  /^((?:down_blocks|up_blocks)\.\d+|mid_block)\.(resnets|attentions|downsamplers|upsamplers)\.(\d+)\.(.+)$/;

/**
 * Names the modules of a UNet as Stability's own code does.
 *
 * There, blocks are numbered through: a residual block and the attention behind it share a number,
 * as do an enlargement and the layer before it; a reduction has a number of its own.
 *
 * Source: openaimodel.py of https://github.com/Stability-AI/generative-models.
 */
function sgmNames(modules: readonly string[]): [string, string][] {
  const numbers = numberBlocks(modules);
  return modules.flatMap((module): [string, string][] => {
    const top = SGM_TOP[module];
    if (top !== undefined) return [[module, top]];
    const parts = BLOCK_MODULE.exec(module);
    if (!parts) return [];
    const [, block, kind, index, layer] = parts as unknown as string[];
    const place = numbers.get(`${block}.${kind}.${index}`)!;
    if (kind === "resnets") return [[module, `${place}.${SGM_RESNET[layer!] ?? layer}`]];
    // The window of a reduction is called "op".
    return [[module, `${place}.${kind === "downsamplers" ? "op" : layer}`]];
  });
}

/** Numbers the parts of all blocks: "down_blocks.1.attentions.0" is "input_blocks.4.1". */
function numberBlocks(modules: readonly string[]): ReadonlyMap<string, string> {
  const parts = new Set(modules.flatMap((module) => {
    const [, block, kind, index] = BLOCK_MODULE.exec(module) ?? [];
    return block === undefined ? [] : [`${block}.${kind}.${index}`];
  }));
  const numbers = new Map<string, string>();
  // Number 0 is the first convolution.
  let input = 1;
  for (let i = 0; parts.has(`down_blocks.${i}.resnets.0`); i++) {
    const block = `down_blocks.${i}`;
    for (let j = 0; parts.has(`${block}.resnets.${j}`); j++, input++) {
      numbers.set(`${block}.resnets.${j}`, `input_blocks.${input}.0`);
      numbers.set(`${block}.attentions.${j}`, `input_blocks.${input}.1`);
    }
    if (!parts.has(`${block}.downsamplers.0`)) continue;
    numbers.set(`${block}.downsamplers.0`, `input_blocks.${input}.0`);
    input++;
  }
  numbers.set("mid_block.resnets.0", "middle_block.0");
  numbers.set("mid_block.attentions.0", "middle_block.1");
  numbers.set("mid_block.resnets.1", "middle_block.2");
  let output = 0;
  for (let i = 0; parts.has(`up_blocks.${i}.resnets.0`); i++) {
    const block = `up_blocks.${i}`;
    for (let j = 0; parts.has(`${block}.resnets.${j}`); j++, output++) {
      numbers.set(`${block}.resnets.${j}`, `output_blocks.${output}.0`);
      numbers.set(`${block}.attentions.${j}`, `output_blocks.${output}.1`);
    }
    const place = parts.has(`${block}.attentions.0`) ? 2 : 1;
    numbers.set(`${block}.upsamplers.0`, `output_blocks.${output - 1}.${place}`);
  }
  return numbers;
}
