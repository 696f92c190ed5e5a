import assert from "node:assert/strict";
import { inspectModel } from "../../../lib/inspect/inspect_model.ts";
import { ModelConfig } from "../../../lib/models/model_config.ts";
import { recordWeights } from "../../../lib/tools/record_weights.ts";
import { writeSparse } from "../../support/sparse_weights.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";
import { unetKey, type UnetStructure } from "../single_file/ldm_layout.ts";

interface Case {
  readonly family: string;
  readonly isUsable: boolean;
  readonly structure: UnetStructure;
  readonly config: Readonly<Record<string, unknown>>;
}

const ADDED = { addition_embed_type: "text_time", addition_time_embed_dim: 256 };
const XL = {
  ...ADDED,
  block_out_channels: [320, 640, 1280],
  down_block_types: ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
  up_block_types: ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
  attention_head_dim: [5, 10, 20],
  cross_attention_dim: 2048,
  projection_class_embeddings_input_dim: 2816,
  use_linear_projection: true,
  transformer_layers_per_block: [1, 2, 10],
};
const SD = {
  block_out_channels: [320, 640, 1280, 1280],
  down_block_types: [
    "CrossAttnDownBlock2D",
    "CrossAttnDownBlock2D",
    "CrossAttnDownBlock2D",
    "DownBlock2D",
  ],
  up_block_types: [
    "UpBlock2D",
    "CrossAttnUpBlock2D",
    "CrossAttnUpBlock2D",
    "CrossAttnUpBlock2D",
  ],
  attention_head_dim: 8,
  cross_attention_dim: 768,
};
const XL_STRUCTURE = { layers: 2, plainUps: [2] };
const SD_STRUCTURE = { layers: 2, plainUps: [0] };

/** Structures of published UNets. Source: their config.json in diffusers. */
const CASES: readonly Case[] = [
  { family: "SDXL base", isUsable: true, structure: XL_STRUCTURE, config: XL },
  {
    family: "SDXL inpainting",
    isUsable: false,
    structure: XL_STRUCTURE,
    config: { ...XL, in_channels: 9 },
  },
  {
    family: "SSD-1B",
    isUsable: true,
    structure: XL_STRUCTURE,
    config: {
      ...XL,
      mid_block_type: "UNetMidBlock2D",
      transformer_layers_per_block: [1, [2, 2], [4, 4]],
      reverse_transformer_layers_per_block: [[4, 4, 10], [2, 1, 1], 1],
    },
  },
  {
    family: "Segmind Vega",
    isUsable: true,
    structure: XL_STRUCTURE,
    config: {
      ...XL,
      mid_block_type: "UNetMidBlock2D",
      transformer_layers_per_block: [1, 1, 2],
    },
  },
  {
    family: "SDXL refiner",
    isUsable: false,
    structure: { layers: 2, plainUps: [0, 3] },
    config: {
      ...ADDED,
      block_out_channels: [384, 768, 1536, 1536],
      down_block_types: [
        "DownBlock2D",
        "CrossAttnDownBlock2D",
        "CrossAttnDownBlock2D",
        "DownBlock2D",
      ],
      up_block_types: ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
      attention_head_dim: [6, 12, 24, 24],
      cross_attention_dim: 1280,
      projection_class_embeddings_input_dim: 2560,
      use_linear_projection: true,
      transformer_layers_per_block: 4,
    },
  },
  {
    family: "Stable Diffusion 1.5",
    isUsable: true,
    structure: SD_STRUCTURE,
    config: SD,
  },
  {
    family: "Stable Diffusion 2",
    isUsable: true,
    structure: SD_STRUCTURE,
    config: {
      ...SD,
      attention_head_dim: [5, 10, 20, 20],
      cross_attention_dim: 1024,
      use_linear_projection: true,
    },
  },
  {
    family: "Stable Diffusion 1.5 inpainting",
    isUsable: false,
    structure: SD_STRUCTURE,
    config: { ...SD, in_channels: 9 },
  },
];

for (const { family, isUsable, structure, config } of CASES) {
  const entries = recordWeights(
    new ModelConfig("config.json", { _class_name: "UNet2DConditionModel", ...config }),
  );
  for (const layout of ["LDM", "diffusers"] as const) {
    Deno.test(`every tensor of ${family} in the layout of ${layout} is accounted for`, async () => {
      await inTemporaryFolder(async (folder) => {
        const keys = entries.map(({ key, shape }) => {
          const name = layout === "LDM" ? `model.diffusion_model.${unetKey(key, structure)}` : key;
          return `${name} [${shape.join()}]`;
        });
        const report = await inspectModel(await writeSparse(folder, keys));
        assert.equal(report.family, family);
        assert.equal(report.parts[0]!.layout, layout);
        const { used, total, unknown, missing, misshapen } = report.tensors;
        assert.deepEqual([...unknown, ...missing, ...misshapen], []);
        assert.equal(used, total);
        assert.equal(report.isUsable, isUsable, report.use);
      });
    });
  }
}
