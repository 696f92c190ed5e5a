/**
 * Smalti turns a prompt, a size and a palette into pixel art, by score distillation.
 *
 * ```ts
 * import {
 *   createRun,
 *   distill,
 *   encodeIndexedPng,
 *   findPalette,
 *   resolveRunConfig,
 * } from "./mod.ts";
 *
 * const config = resolveRunConfig({
 *   prompt: "a castle on a blue background",
 *   generator: { imageH: 32, imageW: 48 },
 *   seed: 7,
 * });
 * const palette = await findPalette("sweetie-16");
 * await using run = await createRun(config, { palette, onNote: (note) => console.warn(note) });
 * for await (const { step, steps, losses } of distill(run)) {
 *   console.log(`step ${step} of ${steps}`, losses);
 * }
 * const picture = await run.picture();
 * const png = encodeIndexedPng(picture, picture.indices, picture.palette.colors);
 * await Deno.writeFile("castle.png", png);
 * ```
 *
 * Several runs share the networks of one teacher by a device and a session pool. The teacher scores
 * how well each picture fits its prompt:
 *
 * ```ts
 * import { createRun, distill, Gpu, resolveRunConfig, SessionPool } from "./mod.ts";
 *
 * using gpu = await Gpu.request();
 * await using pool = new SessionPool();
 * for (const seed of [7, 8, 9]) {
 *   const config = resolveRunConfig({ prompt: "a castle on a blue background", seed });
 *   await using run = await createRun(config, { gpu, pool });
 *   for await (const _ of distill(run));
 *   console.log(seed, await run.score());
 * }
 * ```
 *
 * In a batch, runs also share the teacher calls. On a GPU, a call for several pictures takes hardly
 * longer than for one:
 *
 * ```ts
 * import { createRun, distill, Gpu, resolveRunConfig, runTogether, SessionPool } from "./mod.ts";
 *
 * using gpu = await Gpu.request();
 * await using pool = new SessionPool();
 * const images = await runTogether([7, 8, 9, 10], async (seed, inputs) => {
 *   const config = resolveRunConfig({ prompt: "a castle on a blue background", seed });
 *   await using run = await createRun(config, inputs);
 *   for await (const _ of distill(run));
 *   return await run.image();
 * }, { gpu, pool, batch: 4 });
 * ```
 *
 * The library needs a WebGPU adapter, which can be a software adapter. The adapter needs no
 * permission. Reading the teacher needs `--allow-read` of its folder, or `--allow-net` of its host
 * if the teacher or this module is on a server. onnxruntime reads one file in Deno's npm cache,
 * which needs `--allow-read`; the error names the path.
 *
 * Importing has no side effects. The library prints nothing and writes no file.
 *
 * @module
 */

export type {
  ConfigOf,
  ItemOfKey,
  KeySpec,
  KeySpecs,
  KeyValue,
  ValueOfKey,
} from "./config/keys/key_spec.ts";
export { ConfigError } from "./config/config_source.ts";
export { type PartialConfig, resolveRunConfig } from "./config/resolve_run_config.ts";
export {
  type AugmentationConfig,
  type CaptionConfig,
  CONFIG_KEYS,
  type ControlnetConfig,
  type DiffusionConfig,
  type GeneratorConfig,
  type RunConfig,
  type SdConfig,
  type TrainingConfig,
} from "./config/run_config.ts";

export { DeviceLostError, type GpuContext, type GpuResource } from "./kernels/gpu/device.ts";
export { Gpu, NoGpuError } from "./kernels/gpu/gpu.ts";
export type { Readback } from "./kernels/gpu/readback.ts";
export type { Access, Kernel, ParamType, ParamValues, Prelude } from "./kernels/gpu/kernel.ts";
export type { Command, Copy, Dispatch, Pass } from "./kernels/gpu/pass.ts";
export { ShaderError } from "./kernels/gpu/shader_error.ts";
export type { Seed } from "./kernels/random/philox.ts";
export type { GpuTensor, TensorData, TensorType } from "./kernels/gpu/tensor.ts";

export {
  decodeImage,
  type DecodeImageOptions,
  ImageError,
} from "./lib/image/formats/decode_image.ts";
export {
  encodeIndexedPng,
  encodePng,
  type IndexedPngOptions,
  type PngOptions,
} from "./lib/image/encode_png.ts";
export { Image, type ImageSize, type Rgb } from "./lib/image/image.ts";
export { type BuiltInPalette, builtInPalettes } from "./lib/palette/formats/built_in_palettes.ts";
export {
  findPalette,
  type ReadBytes,
  UnknownPaletteError,
} from "./lib/palette/formats/find_palette.ts";
export { type Material, Palette } from "./lib/palette/palette.ts";
export { PaletteError } from "./lib/palette/palette_format.ts";
export { parsePalette } from "./lib/palette/formats/palette_formats.ts";

export { TeacherFolderError } from "./lib/conditioning/teacher_folder.ts";
export type { GeneratorStatistics } from "./lib/generator/generator_statistics.ts";
export type { ScoreStage } from "./lib/guidance/score_distillation.ts";
export { WrongInputError } from "./lib/text/wrong_input_error.ts";
export { ModelConfigError } from "./lib/models/model_config_error.ts";
export type { PrecisionName } from "./lib/onnx/runtime/network_precision.ts";
export type { Runtime } from "./lib/onnx/runtime/session.ts";
export { SessionError } from "./lib/onnx/runtime/session_error.ts";
export type { BatchSlot } from "./lib/onnx/batching/batch_scheduler.ts";
export { SessionPool } from "./lib/onnx/batching/session_pool.ts";
export type { FloatType } from "./lib/weights/float16.ts";
export type { ByteSource } from "./lib/weights/byte_source.ts";
export { type ModelFolder, ModelFolderError } from "./lib/weights/model_folder.ts";
export { HubError, type HubErrorOptions, type MissingFile } from "./lib/hub/hub_error.ts";
export type { FileChoice } from "./lib/hub/repo_files.ts";
export type { HubModelOptions } from "./lib/hub/hub_model.ts";
export type { HubProgress } from "./lib/hub/progress.ts";
export type { RetryPolicy } from "./lib/hub/retry.ts";
export type { HubSettings } from "./lib/hub/settings.ts";
export { type VerifiedFile, verifyCache, type VerifyCacheOptions } from "./lib/hub/verify_cache.ts";
export { LoraError } from "./lib/lora/lora_error.ts";
export { hasTransparency, type IndexedPicture } from "./lib/finish/indexed_picture.ts";
export type { ColorDistance } from "./lib/palette/color_metric.ts";
export type { DitherPattern } from "./lib/finish/threshold_maps.ts";
export {
  pixelize,
  type Pixelized,
  PixelizeError,
  type PixelizeOptions,
} from "./lib/pixelize/pixelize.ts";
export { inspectModel, type InspectOptions } from "./lib/inspect/inspect_model.ts";
export { describeReport } from "./lib/inspect/describe_report.ts";
export type { ModelKind } from "./lib/inspect/families/key_family.ts";
export type {
  LoraReport,
  MisshapenTensor,
  ModelReport,
  PartReport,
  TensorName,
  TensorsReport,
} from "./lib/inspect/model_report.ts";

export {
  CheckpointError,
  type EditCheckpoint,
  encodeCheckpoint,
  type RunCheckpoint,
} from "./lib/run/checkpoint.ts";
export { type BatchInputs, chooseBatch } from "./lib/distill/choose_batch.ts";
export { createRun } from "./lib/distill/create_run.ts";
export type { RunInputs } from "./lib/distill/run_inputs.ts";
export type { RuleImages } from "./lib/initialization/config_rules.ts";
export { decodeCheckpoint } from "./lib/run/decode_checkpoint.ts";
export { describeMemoryPlan } from "./lib/distill/memory/describe_memory_plan.ts";
export type { References } from "./lib/distill/sample_references.ts";
export { distill, type DistillOptions } from "./lib/distill/distill.ts";
export type { MemoryPlan, NetworkMemory, NetworkPhase } from "./lib/distill/memory/memory_plan.ts";
export type { Run } from "./lib/distill/run.ts";
export type { StepViews } from "./lib/distill/step_views.ts";
export type { RunPicture } from "./lib/run/run_picture.ts";
export type { StepMetrics, StepReport } from "./lib/run/step_report.ts";
export {
  runTogether,
  type RunTogetherOptions,
  type SharedInputs,
} from "./lib/distill/run_together.ts";
