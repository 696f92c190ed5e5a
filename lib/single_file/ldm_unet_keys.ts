import type { KeyMap, TensorList } from "./tensor_list.ts";

/** Names of the layers outside of blocks. */
const TOP: Readonly<Record<string, string>> = {
  "input_blocks.0.0": "conv_in",
  "time_embed.0": "time_embedding.linear_1",
  "time_embed.2": "time_embedding.linear_2",
  "time_embed.cond_proj": "time_embedding.cond_proj",
  "label_emb.0.0": "add_embedding.linear_1",
  "label_emb.0.2": "add_embedding.linear_2",
  "out.0": "conv_norm_out",
  "out.2": "conv_out",
};

/** Names of the layers of a residual block. */
const RESNET: Readonly<Record<string, string>> = {
  "in_layers.0": "norm1",
  "in_layers.2": "conv1",
  "emb_layers.1": "time_emb_proj",
  "out_layers.0": "norm2",
  "out_layers.3": "conv2",
  "skip_connection": "conv_shortcut",
};

const BLOCK = /^((?:input_blocks|output_blocks)\.\d+\.\d+|middle_block\.\d+)\.(.+)$/;

/**
 * Maps the keys of a UNet in the layout of Latent Diffusion (LDM and SGM) to those of diffusers.
 *
 * LDM numbers the layers of all levels consecutively. Where a level ends follows from its keys: at
 * a downsampler ("op") or an upsampler ("conv"). So any number of levels and layers is mapped.
 *
 * Source: openaimodel.py of https://github.com/Stability-AI/generative-models.
 *
 * @param tensors All tensors of the network, without its prefix.
 */
export function ldmUnetKeys(tensors: TensorList): KeyMap {
  const blocks = nameBlocks(tensors);
  return (key, { shape }) => {
    const name = renamed(key, blocks);
    return name === undefined ? undefined : [{ key: name, shape }];
  };
}

function renamed(key: string, blocks: ReadonlyMap<string, string>): string | undefined {
  const dot = key.lastIndexOf(".");
  const [module, end] = [key.slice(0, dot), key.slice(dot)];
  const top = TOP[module];
  if (top !== undefined) return top + end;
  const [, block, layer] = BLOCK.exec(module) ?? [];
  const name = block === undefined ? undefined : blocks.get(block);
  if (name === undefined || layer === undefined) return undefined;
  if (name.includes(".resnets.")) {
    const inner = RESNET[layer];
    return inner === undefined ? undefined : `${name}.${inner}${end}`;
  }
  // The convolution of a downsampler is called "op", that of an upsampler "conv".
  if (name.includes("samplers.")) return `${name}.conv${end}`;
  return `${name}.${layer}${end}`;
}

/** Names blocks: "input_blocks.4.1" is "down_blocks.1.attentions.0". */
function nameBlocks(tensors: TensorList): ReadonlyMap<string, string> {
  const parts = layersByBlock(tensors);
  const names = new Map<string, string>();
  nameInputs(parts, names);
  nameOutputs(parts, names);
  names.set("middle_block.0", "mid_block.resnets.0");
  names.set("middle_block.1", "mid_block.attentions.0");
  names.set("middle_block.2", "mid_block.resnets.1");
  return names;
}

/** Lists the first names of the layers of each block. */
function layersByBlock(tensors: TensorList): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const key of tensors.keys()) {
    const [, block, rest] = BLOCK.exec(key) ?? [];
    if (block === undefined) continue;
    const layers = found.get(block) ?? new Set();
    layers.add(rest!.split(".")[0]!);
    found.set(block, layers);
  }
  return found;
}

type Blocks = ReadonlyMap<string, ReadonlySet<string>>;

function nameInputs(blocks: Blocks, names: Map<string, string>): void {
  let [level, layer] = [0, 0];
  // Number 0 is the first convolution.
  for (let n = 1; blocks.has(`input_blocks.${n}.0`); n++) {
    if (blocks.get(`input_blocks.${n}.0`)!.has("op")) {
      names.set(`input_blocks.${n}.0`, `down_blocks.${level++}.downsamplers.0`);
      layer = 0;
      continue;
    }
    names.set(`input_blocks.${n}.0`, `down_blocks.${level}.resnets.${layer}`);
    names.set(`input_blocks.${n}.1`, `down_blocks.${level}.attentions.${layer}`);
    layer++;
  }
}

function nameOutputs(blocks: Blocks, names: Map<string, string>): void {
  let [level, layer] = [0, 0];
  for (let n = 0; blocks.has(`output_blocks.${n}.0`); n++) {
    names.set(`output_blocks.${n}.0`, `up_blocks.${level}.resnets.${layer}`);
    const ends = [1, 2].find((part) => blocks.get(`output_blocks.${n}.${part}`)?.has("conv"));
    if (ends !== 1) names.set(`output_blocks.${n}.1`, `up_blocks.${level}.attentions.${layer}`);
    layer++;
    if (ends === undefined) continue;
    names.set(`output_blocks.${n}.${ends}`, `up_blocks.${level++}.upsamplers.0`);
    layer = 0;
  }
}
