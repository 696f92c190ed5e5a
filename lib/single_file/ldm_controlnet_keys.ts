import { ldmUnetKeys } from "./ldm_unet_keys.ts";
import type { KeyMap, TensorList } from "./tensor_list.ts";

const HINT = /^input_hint_block\.(\d+)\.(weight|bias)$/;
const ZERO = /^zero_convs\.(\d+)\.0\.(weight|bias)$/;
const MIDDLE = /^middle_block_out\.0\.(weight|bias)$/;

/**
 * Maps the keys of a ControlNet in its author's layout to those of diffusers. Its first half is
 * that of a UNet. The layers of the control image's embedding are numbered with the activations
 * between them.
 *
 * Source: cldm/cldm.py of https://github.com/lllyasviel/ControlNet.
 *
 * @param tensors All tensors of the network, without its prefix.
 */
export function ldmControlnetKeys(tensors: TensorList): KeyMap {
  const trunk = ldmUnetKeys(tensors);
  const numbers = new Set([...tensors.keys()].flatMap((key) => HINT.exec(key)?.[1] ?? []));
  const last = numbers.size - 1;
  return (key, info) => {
    const { shape } = info;
    const [, hint, hintEnd] = HINT.exec(key) ?? [];
    if (hint !== undefined) {
      const index = Number(hint) / 2;
      const layer = index === 0 ? "conv_in" : index === last ? "conv_out" : `blocks.${index - 1}`;
      return [{ key: `controlnet_cond_embedding.${layer}.${hintEnd}`, shape }];
    }
    const [, zero, zeroEnd] = ZERO.exec(key) ?? [];
    if (zero !== undefined) return [{ key: `controlnet_down_blocks.${zero}.${zeroEnd}`, shape }];
    const [, middleEnd] = MIDDLE.exec(key) ?? [];
    if (middleEnd !== undefined) return [{ key: `controlnet_mid_block.${middleEnd}`, shape }];
    return trunk(key, info);
  };
}
