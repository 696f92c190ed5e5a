/**
 * Streams of random numbers, one for each purpose. Draws for different purposes are independent.
 *
 * Each number spells its purpose in ASCII. The numbers are part of a run's result: a change of one
 * changes every picture that is made with it.
 */
export const RANDOM_STREAMS = {
  /** Timesteps of score distillation: "time". */
  timestep: 0x74696d65,
  /** Noise of score distillation: "nois". */
  noise: 0x6e6f6973,
  /** Initial noise of samplers: "samp". */
  sample: 0x73616d70,
  /** Noise that stochastic samplers add after a step: "step". */
  sampleStep: 0x73746570,
  /** Noise of the edit under the constraint of grid and palette: "edit". */
  edit: 0x65646974,
  /** Noise for the choice among reference images: "choi". */
  choice: 0x63686f69,
  /** Gumbel noise of the generator: "gumb". */
  gumbel: 0x67756d62,
  /** Initial logits: "init". */
  initialization: 0x696e6974,
  /** Augmentations: "augm". */
  augmentation: 0x6175676d,
} as const;
