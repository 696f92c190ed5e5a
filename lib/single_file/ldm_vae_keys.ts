import type { KeyMap, TensorList } from "./tensor_list.ts";

/** Names of layers, inside of blocks and outside. */
const RENAMED: readonly (readonly [RegExp, string])[] = [
  [/^(encoder)\.down\.(\d+)\.block\.(\d+)\./, "$1.down_blocks.$2.resnets.$3."],
  [/^(encoder)\.down\.(\d+)\.downsample\./, "$1.down_blocks.$2.downsamplers.0."],
  [/^(decoder)\.up\.(\d+)\.block\.(\d+)\./, "$1.up_blocks.$2.resnets.$3."],
  [/^(decoder)\.up\.(\d+)\.upsample\./, "$1.up_blocks.$2.upsamplers.0."],
  [/^(encoder|decoder)\.mid\.block_1\./, "$1.mid_block.resnets.0."],
  [/^(encoder|decoder)\.mid\.block_2\./, "$1.mid_block.resnets.1."],
  [/^(encoder|decoder)\.mid\.attn_1\.norm\./, "$1.mid_block.attentions.0.group_norm."],
  [/^(encoder|decoder)\.mid\.attn_1\.([qkv])\./, "$1.mid_block.attentions.0.to_$2."],
  [/^(encoder|decoder)\.mid\.attn_1\.proj_out\./, "$1.mid_block.attentions.0.to_out.0."],
  [/^(encoder|decoder)\.norm_out\./, "$1.conv_norm_out."],
  [/\.nin_shortcut\./, ".conv_shortcut."],
];

/** Keys that have the same name in both layouts. */
const SAME =
  /^((encoder|decoder)\.(conv_in|conv_out|conv_norm_out|mid_block|(down|up)_blocks)\.|(post_)?quant_conv\.)/;
/** Projections of the attention. */
const PROJECTION = /\.attentions\.0\.(to_[qkv]|to_out\.0)\.weight$/;

/**
 * Maps the keys of an AutoencoderKL in the layout of Latent Diffusion to those of diffusers.
 *
 * The decoder of LDM numbers its levels from the highest resolution, that of diffusers from the
 * lowest. The attention's projections are 1x1 convolutions in the file and linear layers in
 * diffusers: the same values with two dimensions less.
 *
 * Source: ldm/modules/diffusionmodules/model.py of https://github.com/CompVis/latent-diffusion.
 *
 * @param tensors All tensors of the network, without its prefix.
 */
export function ldmVaeKeys(tensors: TensorList): KeyMap {
  const levels = 1 + [...tensors.keys()].reduce((top, key) => {
    const [, level] = /^decoder\.up\.(\d+)\./.exec(key) ?? [];
    return Math.max(top, Number(level ?? -1));
  }, -1);
  return (key, { shape }) => {
    const turned = key.replace(
      /^decoder\.up\.(\d+)\./,
      (_, level) => `decoder.up.${levels - 1 - Number(level)}.`,
    );
    const name = RENAMED.reduce((text, [pattern, now]) => text.replace(pattern, now), turned);
    if (!SAME.test(name)) return undefined;
    const isProjection = PROJECTION.test(name) && shape.length === 4 && shape[2] === 1 &&
      shape[3] === 1;
    return [{ key: name, shape: isProjection ? shape.slice(0, 2) : shape }];
  };
}
