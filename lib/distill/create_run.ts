import type { RunConfig } from "../../config/run_config.ts";
import { Gpu } from "../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../kernels/gpu/tensor.ts";
import { Augmenter } from "../augment/augmenter.ts";
import { PixelGenerator } from "../generator/pixel_generator.ts";
import { LatentDecoder } from "../guidance/latent_decoder.ts";
import type { HubModelOptions } from "../hub/hub_model.ts";
import type { Image } from "../image/image.ts";
import { derivedPaletteName } from "../initialization/initialize.ts";
import { prepareStartImage } from "../initialization/start_image.ts";
import { CancelableSessions } from "../onnx/runtime/cancelable_sessions.ts";
import type { SessionLoader } from "../onnx/runtime/session.ts";
import { AdamW } from "../optimizer/adamw.ts";
import { findPalette } from "../palette/find_palette.ts";
import type { Palette } from "../palette/palette.ts";
import { checkCheckpoint } from "../run/checkpoint.ts";
import { defined } from "../text/defined.ts";
import { captionPrompt } from "./caption_prompt.ts";
import { AugmentedControlImages } from "./control_images.ts";
import { DistillRun } from "./distill_run.ts";
import type { StepParts } from "./distill_step.ts";
import { openAuxiliaryModel } from "./find_teacher.ts";
import { composeSessions, loadNetworks, type NetworkParts } from "./load_networks.ts";
import { planRun } from "./memory/plan_run.ts";
import { createPictureLosses } from "./picture_losses.ts";
import type { Run } from "./run.ts";
import { checkInputs, type RunInputs } from "./run_inputs.ts";
import { runNotes } from "./run_notes.ts";
import { type RunSetup, setUpRun } from "./set_up_run.ts";
import { createStartState, type StartState } from "./start_state.ts";

/**
 * Loads the teacher and prepares a run.
 *
 * It requests a WebGPU device, which needs no permission. Reading the teacher needs `--allow-read`
 * of its folder, or `--allow-net` of its host. onnxruntime reads one file, whose path is named by
 * the error without the permission.
 *
 * @returns The run; the caller disposes of it.
 * @throws {TypeError} If there is neither prompt nor image, or the image is missing.
 * @throws {CheckpointError} If the checkpoint has another size or palette.
 * @throws {TeacherFolderError} If the teacher cannot be used.
 * @throws {HubError} If a model of the Hub is not on this machine, or cannot be downloaded.
 * @throws {SessionError} If a network cannot be loaded.
 * @throws {NoGpuError} If there is no WebGPU adapter.
 */
export async function createRun(asked: RunConfig, inputs: RunInputs = {}): Promise<Run> {
  const { checkpoint, signal, slot, onStage = () => {} } = inputs;
  const palette = inputs.palette ?? await findPalette(asked.generator.palette);
  checkInputs(asked, inputs);
  if (checkpoint) {
    const size = { height: asked.generator.imageH, width: asked.generator.imageW };
    checkCheckpoint(checkpoint, { size, palette: derivedPaletteName(asked) ?? palette });
  }
  signal?.throwIfAborted();
  await using owned = new AsyncDisposableStack();
  const gpu = inputs.gpu ?? owned.use(await Gpu.request());
  const allSessions = composeSessions(gpu, asked, inputs);
  const sessions = signal ? new CancelableSessions(allSessions, signal) : allSessions;
  const hub = { ...inputs.hub, ...defined({ signal }) };
  const load = () => loadTeacher(gpu, asked, { inputs, palette, sessions, hub, owned });
  // The first picture of a batch downloads and loads the networks for all of them.
  const teacher = await (slot?.scheduler.runExclusive(load) ?? load());
  const { config, teacher: folder, teacherSize } = teacher;
  if (teacher.samplesImage) onStage("sample");
  const start = await createStartState(
    gpu,
    { ...teacher, sessions, checkpoint },
    { config, hub, ...defined({ signal }) },
  );
  const picture = createPictureParts(gpu, teacher, { start, owned });
  // Loaded later, when `signal` no longer applies.
  const loadDecoder = () =>
    LatentDecoder.load(allSessions, folder, { latentSize: folder.latentSize(teacherSize) });
  return new DistillRun({ gpu, ...teacher, ...picture, start, loadDecoder, owned: owned.move() });
}

/** Options of {@linkcode loadTeacher}. */
interface LoadTeacherOptions {
  readonly inputs: RunInputs;
  readonly palette: Palette;
  readonly sessions: SessionLoader;
  readonly hub: HubModelOptions;
  /** Takes the ownership of what is loaded. */
  readonly owned: AsyncDisposableStack;
}

/** A teacher with its networks, and the images that it gets. */
interface LoadedTeacher extends RunSetup, NetworkParts {
  /** The prepared input image. */
  readonly image: Image | undefined;
  /** Input images of the ControlNets in use. */
  readonly control: AugmentedControlImages | undefined;
}

/** Captions the input image if asked to, sets the run up, and loads the networks of the teacher. */
async function loadTeacher(
  gpu: Gpu,
  asked: RunConfig,
  { inputs, palette, sessions, hub, owned }: LoadTeacherOptions,
): Promise<LoadedTeacher> {
  const { checkpoint, slot, signal, onStage = () => {}, onNote = () => {} } = inputs;
  signal?.throwIfAborted();
  onStage("load");
  const captioning = { image: inputs.image, hub, onStage, onNote };
  const config = await captionPrompt(sessions, asked, captioning);
  const controlNotes: string[] = [];
  const setup = await setUpRun(gpu, config, {
    ...inputs,
    palette,
    hub,
    pictures: slot?.scheduler.batchSize ?? 1,
    onNote: (note) => controlNotes.push(note),
  });
  for (const note of [...await runNotes(setup, checkpoint), ...controlNotes]) onNote(note);
  inputs.onPlan?.(await planRun(gpu, setup));
  const image = inputs.image && prepareStartImage(inputs.image, {
    picture: { height: config.generator.imageH, width: config.generator.imageW },
    teacher: setup.teacherSize,
    fit: config.generator.imageFit,
  });
  // The depth estimator is freed before the networks of the teacher are loaded.
  const control = await createControlImages(gpu, setup, { image, sessions, hub });
  if (control) owned.use(control);
  const networks = await loadNetworks(gpu, setup, {
    sessions,
    owned,
    ...defined({ onTiming: inputs.onTiming }),
  });
  return { ...setup, ...networks, image, control };
}

async function createControlImages(
  gpu: Gpu,
  { config: { controlnet }, controlnets, teacherSize }: RunSetup,
  { image, sessions, hub }: {
    readonly image: Image | undefined;
    readonly sessions: SessionLoader;
    readonly hub: HubModelOptions;
  },
): Promise<AugmentedControlImages | undefined> {
  if (!image || controlnets.length === 0) return undefined;
  return await AugmentedControlImages.create(gpu, {
    choices: controlnets,
    config: controlnet,
    image,
    size: teacherSize,
    sessions,
    openDepthModel: () => openAuxiliaryModel(controlnet.depthModelId, hub),
  });
}

/** Creates the parts of a run without networks: the picture, its losses and its optimizer. */
function createPictureParts(
  gpu: Gpu,
  { config, teacherSize }: RunSetup,
  { start, owned }: { readonly start: StartState; readonly owned: AsyncDisposableStack },
): Pick<StepParts, "generator" | "augmenter" | "losses" | "optimizer" | "gradNorm"> {
  const { training } = config;
  const { palette, logits, image } = start;
  const size = { height: config.generator.imageH, width: config.generator.imageW };
  const generator = owned.use(new PixelGenerator(gpu, { palette, size, logits }));
  const augmenter = owned.use(
    new Augmenter(gpu, { imageSize: size, teacherSize, resizeMode: training.resizeMode }),
  );
  const losses = createPictureLosses(gpu, { size, target: { image, teacherSize } }, training)
    .map((loss) => owned.use(loss));
  const optimizer = owned.use(new AdamW(gpu, generator.logits, training));
  if (start.optimizer) optimizer.restore(start.optimizer);
  const gradNorm = owned.use(GpuTensor.zeros(gpu, [1], "norm of the gradient"));
  return { generator, augmenter, losses, optimizer, gradNorm };
}
