import type { WeightSource } from "../../weights/weight_source.ts";
import type { Graph, Value } from "../../onnx/graph/graph.ts";
import { addBackward } from "../../onnx/autodiff/backward.ts";
import { GraphBuilder } from "../../onnx/graph/graph_builder.ts";
import { quantizeLinears } from "../../onnx/rewrite/quantize_linears.ts";
import { WeightScope } from "../../onnx/graph/weight_scope.ts";
import { conv2d, groupNorm } from "../layers/weighted_layers.ts";
import { type UnetBlockContext, upBlock2d } from "./unet_2d_blocks.ts";
import type { UnetConfig } from "./unet_config.ts";
import { downBlocks, midBlock, type UnetGraphOptions, unetInputs } from "./unet_trunk.ts";

/** Options of {@linkcode buildUnet}. */
export interface UnetOptions extends UnetGraphOptions {
  /** Whether the graph takes residuals of ControlNets. Default: false. */
  readonly residuals?: boolean;
  /**
   * Whether the graph has the input `grad_noise_pred`, the gradient with respect to `noise_pred`,
   * and the output `grad_sample`. Default: false.
   */
  readonly gradient?: boolean;
}

/**
 * Builds diffusers' UNet2DConditionModel, which predicts the noise in latents.
 *
 * Inputs, all float32: `sample` [N, C, h, w], `timestep` [B] for B pictures,
 * `encoder_hidden_states` [N, L, D] and those of {@linkcode AddedConditions}; with residuals also
 * `down_block_residual_0`… and `mid_block_residual`, in the shapes of a ControlNet's outputs.
 * Output: `noise_pred` [N, C, h, w].
 *
 * Source:
 * https://github.com/huggingface/diffusers/blob/58eb52c0/src/diffusers/models/unets/unet_2d_condition.py.
 *
 * @throws {RangeError} If a weight is missing or left over, or its shape differs.
 */
export function buildUnet(weights: WeightSource, config: UnetConfig, options: UnetOptions): Graph {
  const g = new GraphBuilder("unet", options);
  const w = new WeightScope(g, weights);
  const { sample, context } = unetInputs(g, w, config, options);
  const first = conv2d(g, w.at("conv_in"), sample, {
    channels: config.downBlocks[0]!.channels,
    kernel: config.convInKernel,
  });
  let skips = downBlocks(context, w, first, config.downBlocks);
  let h = midBlock(context, w, skips.at(-1)!, config.midBlock);
  if (options.residuals) {
    skips = skips.map((skip, i) => g.add(skip, g.input(`down_block_residual_${i}`, skip.shape)));
    h = g.add(h, g.input("mid_block_residual", h.shape));
  }
  h = upBlocks(context, w, h, { blocks: config.upBlocks, skips });
  const { normNumGroups: groups, normEps: epsilon } = config;
  h = g.silu(groupNorm(g, w.at("conv_norm_out"), h, { groups, epsilon }));
  const { outChannels: channels, convOutKernel: kernel } = config;
  const output = conv2d(g, w.at("conv_out"), h, { channels, kernel });
  g.output("noise_pred", output);
  if (options.gradient) {
    const gradOutput = g.input("grad_noise_pred", output.shape);
    g.output("grad_sample", addBackward(g, { output, gradOutput, input: sample }));
  }
  w.assertAllUsed();
  return quantizeLinears(g.build(), options);
}

function upBlocks(
  context: UnetBlockContext,
  w: WeightScope,
  x: Value,
  options: { readonly blocks: UnetConfig["upBlocks"]; readonly skips: readonly Value[] },
): Value {
  const { blocks } = options;
  const skips = [...options.skips];
  let h = x;
  for (const [i, block] of blocks.entries()) {
    const blockSkips = skips.splice(-block.layers);
    const [height, width] = skips.at(-1)?.shape.slice(2) ?? [];
    const isLast = i === blocks.length - 1;
    h = upBlock2d(context, w.at("up_blocks").at(i), h, {
      block,
      skips: blockSkips,
      size: isLast ? undefined : [height!, width!],
    });
  }
  return h;
}
