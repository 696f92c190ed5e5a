/** Random numbers of each purpose are a stream of their own; the numbers spell what they are for. */
export const RANDOM_STREAMS = {
  /** Timesteps of score distillation: "time". */
  timestep: 0x74696d65,
  /** Noise of score distillation: "nois". */
  noise: 0x6e6f6973,
  /** Noise that samplers begin with: "samp". */
  sample: 0x73616d70,
  /** Noise by which drawn images are judged: "choi". */
  choice: 0x63686f69,
} as const;
