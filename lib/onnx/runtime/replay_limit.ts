/**
 * Max activations of a network, in bytes, whose runs are recorded and replayed: 128 MiB.
 *
 * A replay needs separate buffers for them, which all networks of a device share. Larger networks
 * keep the GPU busy for longer than onnxruntime needs on the processor, so they gain little.
 */
export const MAX_REPLAYED_BYTES = 2 ** 27;
