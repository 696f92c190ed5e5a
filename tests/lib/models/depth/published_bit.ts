/** The backbone_config of Intel/dpt-hybrid-midas. */
export const PUBLISHED_BIT = {
  depths: [3, 4, 9],
  drop_path_rate: 0,
  embedding_dynamic_padding: true,
  embedding_size: 64,
  global_padding: "SAME",
  hidden_act: "relu",
  hidden_sizes: [256, 512, 1024, 2048],
  layer_type: "bottleneck",
  model_type: "bit",
  num_channels: 3,
  num_groups: 32,
  out_features: ["stage1", "stage2", "stage3"],
  output_stride: 32,
  stage_names: ["stem", "stage1", "stage2", "stage3"],
  width_factor: 1,
};
