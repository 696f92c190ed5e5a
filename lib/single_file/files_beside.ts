/** Configs beside a checkpoint in one file, which tell what no tensor does. */
export const CONFIGS_BESIDE: readonly string[] = ["unet", "text_encoder", "text_encoder_2", "vae"]
  .map((name) => `${name}/config.json`);
