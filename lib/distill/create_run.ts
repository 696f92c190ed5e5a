import type { RunConfig } from "../../config/run_config.ts";
import { Gpu } from "../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../kernels/gpu/tensor.ts";
import { Augmenter } from "../augment/augmenter.ts";
import { encodePrompts } from "../conditioning/encode_prompts.ts";
import { PixelGenerator } from "../generator/pixel_generator.ts";
import type { ControlnetChoice } from "../guidance/controlnet_residuals.ts";
import { Denoiser } from "../guidance/denoiser.ts";
import { LatentDecoder } from "../guidance/latent_decoder.ts";
import { NoiseSchedule } from "../guidance/noise_schedule.ts";
import { ScoreDistillation, type ScoreStage } from "../guidance/score_distillation.ts";
import type { Image, ImageSize } from "../image/image.ts";
import { chooseRuntime } from "../onnx/runtime/choose_runtime.ts";
import { choosePrecision, type NetworkPrecision } from "../onnx/runtime/network_precision.ts";
import { CancelableSessions } from "../onnx/runtime/cancelable_sessions.ts";
import { OrtSessions } from "../onnx/runtime/ort_sessions.ts";
import type { SessionLoader } from "../onnx/runtime/session.ts";
import type { BatchSlot } from "../onnx/batching/batch_scheduler.ts";
import { BatchedSessions } from "../onnx/batching/batched_sessions.ts";
import { PooledSessions, type SessionPool } from "../onnx/batching/session_pool.ts";
import { AdamW } from "../optimizer/adamw.ts";
import { defined } from "../text/defined.ts";
import { findPalette } from "../palette/find_palette.ts";
import type { Palette } from "../palette/palette.ts";
import type { HubModelOptions } from "../hub/hub_model.ts";
import { captionPrompt } from "./caption_prompt.ts";
import { checkCheckpoint, type RunCheckpoint } from "../run/checkpoint.ts";
import { chooseControlnets, Control } from "./control_images.ts";
import type { StepParts } from "./distill_step.ts";
import { findTeacher, nativeSize, openAuxiliaryModel } from "./find_teacher.ts";
import type { MemoryPlan } from "./memory/memory_plan.ts";
import { createPictureLosses } from "./picture_losses.ts";
import { planRun } from "./memory/plan_run.ts";
import { OwningRun, type Run } from "./run.ts";
import { runNotes } from "./run_notes.ts";
import { prepareStartImage } from "../initialization/start_image.ts";
import {
  asksNegativePrompt,
  beginAnew,
  derivedPaletteName,
  drawsImage,
  goOn,
  type StartState,
} from "./start_state.ts";
import { chooseTeacherSize, sideMultiple } from "./teacher_size.ts";

/** What a run begins with besides its config. */
export interface RunInputs {
  /** The palette. Default: the built-in one that `config.generator.palette` names. */
  readonly palette?: Palette;
  /** The input image. Default: the teacher draws one. */
  readonly image?: Image;
  /** What the run goes on from. Default: it begins anew. */
  readonly checkpoint?: RunCheckpoint;
  /**
   * The device to compute on; it is borrowed. Nothing of it is replaced: onnxruntime gets a proxy of
   * it, which overrides some of onnxruntime's shaders and uploads. The first network that is loaded
   * with a WebAssembly runtime replaces the global `WebAssembly.Memory` until onnxruntime has
   * created its memory. Default: the run requests its own.
   */
  readonly gpu?: Gpu;
  /** Networks that runs share, all on one `gpu`; it is borrowed. Default: the run loads its own. */
  readonly pool?: SessionPool;
  /** The slot in a batch of pictures, from `runTogether`; it needs a pool. Default: no batch. */
  readonly slot?: BatchSlot;
  /** Where models of the Hub are, and whether they are downloaded. Default: they are not. */
  readonly hub?: HubModelOptions;
  /** Whether `gradientImage` will be asked for: the plan then has what it takes. Default: false. */
  readonly decodesGradient?: boolean;
  /** Stops the loading. */
  readonly signal?: AbortSignal;
  /** Told what begins: "load", "caption", "sample". */
  readonly onStage?: (stage: string) => void;
  /** Told what the user should know, a sentence each. */
  readonly onNote?: (message: string) => void;
  /** Told what the run will take, before anything large is loaded. */
  readonly onPlan?: (plan: MemoryPlan) => void;
  /** Told how long each part of a step with the teacher took, in milliseconds. */
  readonly onTiming?: (part: ScoreStage, milliseconds: number) => void;
}

/**
 * Loads the teacher and prepares a run.
 *
 * It asks for a WebGPU device, which needs no permission. What reading the teacher needs depends on
 * where it lies: `--allow-read` of its folder, or `--allow-net` of its host. onnxruntime reads one
 * file, whose path its error names.
 *
 * @returns The run; the caller disposes of it.
 * @throws {TypeError} If there is neither prompt nor image, or the image is missing.
 * @throws {CheckpointError} If the checkpoint is of another size or palette.
 * @throws {TeacherFolderError} If the teacher cannot be used.
 * @throws {HubError} If a model of the Hub is not on this machine, or cannot be downloaded.
 * @throws {SessionError} If a network cannot be loaded.
 * @throws {NoGpuError} If there is no WebGPU adapter.
 */
export async function createRun(asked: RunConfig, inputs: RunInputs = {}): Promise<Run> {
  const { checkpoint, signal, onStage = () => {} } = inputs;
  const palette = inputs.palette ?? await findPalette(asked.generator.palette);
  const size = { height: asked.generator.imageH, width: asked.generator.imageW };
  checkInputs(asked, inputs);
  if (checkpoint) {
    checkCheckpoint(checkpoint, { size, palette: derivedPaletteName(asked) ?? palette });
  }
  signal?.throwIfAborted();
  await using owned = new AsyncDisposableStack();
  const gpu = inputs.gpu ?? owned.use(await Gpu.request());
  const all = composeSessions(gpu, asked, inputs);
  const sessions = signal ? new CancelableSessions(all, signal) : all;
  const hub = { ...inputs.hub, ...(signal ? { signal } : {}) };
  const load = () => loadRun(gpu, asked, { inputs, palette, size, sessions, hub, owned });
  // The first picture of a batch downloads and loads the networks for all of them.
  const { parts, begun, draws } = await (inputs.slot?.scheduler.runExclusive(load) ?? load());
  const { config, teacherSize } = parts;
  if (draws) onStage("sample");
  const start = checkpoint
    ? await goOn(gpu, { ...begun, checkpoint }, { ...defined({ signal }), config, hub })
    : await beginAnew(gpu, begun, { ...defined({ signal }), config, hub });
  const own = createOwn(gpu, { config, size, teacherSize, start }, owned);
  // It is loaded later, when `signal` no longer counts.
  const loadDecoder = () =>
    LatentDecoder.load(all, parts.teacher, {
      latentSize: parts.teacher.latentSize(teacherSize),
    });
  return new OwningRun({ ...parts, ...own, start, loadDecoder, owned: owned.move() });
}

/** Composes what loads the networks of a run. */
function composeSessions(
  gpu: Gpu,
  { runtime }: RunConfig,
  { pool, slot }: Pick<RunInputs, "pool" | "slot">,
): SessionLoader {
  const sessions = new OrtSessions({ runtime: chooseRuntime(gpu, runtime), gpu });
  if (!pool) {
    if (slot) throw new TypeError("Cannot create a run: expected a pool with the slot, got none");
    return sessions;
  }
  const pooled = new PooledSessions(sessions, pool);
  return slot ? new BatchedSessions(pooled, slot) : pooled;
}

/** Loads all networks of a run. */
async function loadRun(
  gpu: Gpu,
  asked: RunConfig,
  options: {
    readonly inputs: RunInputs;
    readonly palette: Palette;
    readonly size: ImageSize;
    readonly sessions: SessionLoader;
    readonly hub: HubModelOptions;
    /** Gets what is to be freed. */
    readonly owned: AsyncDisposableStack;
  },
) {
  const { inputs, palette, size, sessions, hub, owned } = options;
  const { checkpoint, signal, onStage = () => {}, onNote = () => {} } = inputs;
  signal?.throwIfAborted();
  onStage("load");
  const captioning = { image: inputs.image, hub, onStage, onNote };
  const config = await captionPrompt(sessions, asked, captioning);
  const { runtime } = sessions;
  const precision = choosePrecision(config.diffusion.precision, { runtime, gpu });
  const teacher = await findTeacher(config.diffusion, { hub });
  const teacherSize = chooseTeacherSize(size, {
    native: nativeSize(teacher, config.sd),
    multiple: sideMultiple(teacher),
  });
  const image = inputs.image && prepareStartImage(inputs.image, {
    ...{ picture: size, teacher: teacherSize, fit: config.generator.imageFit },
  });
  const draws = drawsImage(config, { image, checkpoint });
  const asksNegative = asksNegativePrompt(config, draws);
  const hasImage = draws || image !== undefined;
  const noted = {
    palette,
    teacher,
    checkpoint,
    hasImage,
    drawsImage: draws,
    asksNegative,
    precision,
  };
  for (const note of await runNotes(config, noted)) onNote(note);
  const controlnets = image ? await chooseControlnets(teacher, config.controlnet, onNote) : [];
  const source: Source = { config, teacher, teacherSize, controlnets, precision };
  inputs.onPlan?.(
    await planRun(gpu, {
      ...source,
      runtime,
      asksNegative,
      decodes: draws || (inputs.decodesGradient ?? false),
      colors: palette.colors.length,
      pictures: inputs.slot?.scheduler.batchSize ?? 1,
    }),
  );
  // What sees depth is gone before the networks come.
  const control = image && controlnets.length > 0
    ? owned.use(
      await Control.create(gpu, {
        ...{ image, sessions, size: teacherSize, choices: controlnets, config: config.controlnet },
        openDepthModel: () => openAuxiliaryModel(config.controlnet.depthModelId, hub),
      }),
    )
    : undefined;
  const networks = await loadNetworks(gpu, source, { sessions, asksNegative, inputs, owned });
  const begun = { sessions, teacher, teacherSize, ...networks, palette, image };
  const parts = { gpu, ...source, ...networks, control };
  return { parts, begun, draws };
}

function checkInputs({ prompt, image }: RunConfig, inputs: RunInputs): void {
  if (inputs.image) return;
  if (image !== null) {
    throw new TypeError(`Cannot create a run: expected the image "${image}", decoded, got none`);
  }
  if (prompt.trim() === "") {
    throw new TypeError("Cannot create a run: expected a prompt or an image");
  }
}

/** What networks are loaded of, and for what. */
interface Source {
  readonly config: RunConfig;
  readonly teacher: Awaited<ReturnType<typeof findTeacher>>;
  readonly teacherSize: ImageSize;
  readonly controlnets: readonly ControlnetChoice[];
  /** Precision of all networks but the autoencoder, which stays in float32. */
  readonly precision: NetworkPrecision;
}

interface LoadOptions {
  readonly sessions: SessionLoader;
  /** Whether the negative prompt is a row of its own. */
  readonly asksNegative: boolean;
  readonly inputs: RunInputs;
  /** Gets what is to be freed. */
  readonly owned: AsyncDisposableStack;
}

async function loadNetworks(
  gpu: Gpu,
  { config, teacher, teacherSize, controlnets, precision }: Source,
  options: LoadOptions,
): Promise<Pick<StepParts, "schedule" | "denoiser" | "distillation">> {
  const { sessions, asksNegative, inputs: { onTiming }, owned } = options;
  const { prompt, negativePrompt, controlnet, seed, sd } = config;
  const schedule = await NoiseSchedule.open(teacher.folder);
  const asked = { prompt, negativePrompt: asksNegative ? negativePrompt : undefined };
  const prompts = await encodePrompts(sessions, teacher, asked, precision);
  const denoiser = owned.use(
    await Denoiser.create(gpu, { sessions, teacher, schedule, prompts }, {
      ...precision,
      size: teacherSize,
      controlnets,
      controlGuidanceStart: controlnet.controlGuidanceStart,
      controlGuidanceEnd: controlnet.controlGuidanceEnd,
    }),
  );
  const distillation = owned.use(
    await ScoreDistillation.create(gpu, { sessions, teacher, schedule, denoiser }, {
      config: sd,
      seed,
      size: teacherSize,
      ...defined({ onStage: onTiming }),
    }),
  );
  return { schedule, denoiser, distillation };
}

/** Creates what is no network: the picture, its changes, its losses and its optimizer. */
function createOwn(
  gpu: Gpu,
  { config, size, teacherSize, start }: {
    readonly config: RunConfig;
    readonly size: ImageSize;
    readonly teacherSize: ImageSize;
    readonly start: StartState;
  },
  owned: AsyncDisposableStack,
): Pick<StepParts, "generator" | "augmenter" | "losses" | "optimizer" | "gradNorm"> {
  const { training } = config;
  const { palette, logits } = start;
  const generator = owned.use(new PixelGenerator(gpu, { palette, size, logits }));
  const augmenter = owned.use(
    new Augmenter(gpu, { imageSize: size, teacherSize, resizeMode: training.resizeMode }),
  );
  const target = { image: start.image, teacherSize };
  const losses = createPictureLosses(gpu, { size, target }, training)
    .map((loss) => owned.use(loss));
  const optimizer = owned.use(new AdamW(gpu, generator.logits, training));
  if (start.optimizer) optimizer.restore(start.optimizer);
  const gradNorm = owned.use(GpuTensor.zeros(gpu, [1], "norm of the gradient"));
  return { generator, augmenter, losses, optimizer, gradNorm };
}
