import type { RunConfig } from "../../config/run_config.ts";
import { Gpu } from "../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../kernels/gpu/tensor.ts";
import { Augmenter } from "../augment/augmenter.ts";
import { PixelGenerator } from "../generator/pixel_generator.ts";
import { LatentDecoder } from "../guidance/latent_decoder.ts";
import type { Image } from "../image/image.ts";
import { cutOut } from "../initialization/cut_out.ts";
import { derivedPaletteName, initialize, keepPalette } from "../initialization/initialize.ts";
import { CancelableSessions } from "../onnx/runtime/cancelable_sessions.ts";
import { AdamW } from "../optimizer/adamw.ts";
import { findPalette } from "../palette/formats/find_palette.ts";
import { withTransparentClass } from "../palette/transparent_class.ts";
import { checkCheckpoint } from "../run/checkpoint.ts";
import { defined } from "../text/defined.ts";
import { applyRules } from "./apply_rules.ts";
import { DistillRun } from "./distill_run.ts";
import type { StepParts } from "./distill_step.ts";
import { composeSessions } from "./load_networks.ts";
import { type LoadedTeacher, loadTeacher } from "./load_teacher.ts";
import { PictureEdit } from "./picture_edit.ts";
import { createClassLosses } from "./class_losses.ts";
import { createPictureLosses } from "./picture_losses.ts";
import type { Run } from "./run.ts";
import { checkInputs, type RunInputs } from "./run_inputs.ts";
import type { RunSetup } from "./set_up_run.ts";
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
 * @throws {WrongInputError} If the background is no color, and no index of the palette; or if
 * the rules of the picture contradict each other, or do not fit.
 * @throws {CheckpointError} If the checkpoint has another size or palette.
 * @throws {TeacherFolderError} If the teacher cannot be used.
 * @throws {HubError} If a model of the Hub is not on this machine, or cannot be downloaded.
 * @throws {SessionError} If a network cannot be loaded.
 * @throws {NoGpuError} If there is no WebGPU adapter.
 */
export async function createRun(asked: RunConfig, inputs: RunInputs = {}): Promise<Run> {
  const { checkpoint, inventory, signal, slot, onSample } = inputs;
  const { onStage = () => {}, onNote = () => {} } = inputs;
  const palette = inputs.palette ?? await findPalette(asked.generator.palette);
  checkInputs(asked, inputs, palette);
  if (checkpoint) {
    const size = { height: asked.generator.imageH, width: asked.generator.imageW };
    const classes = asked.generator.transparent ? withTransparentClass(palette) : palette;
    checkCheckpoint(checkpoint, { size, palette: derivedPaletteName(asked) ?? classes });
  }
  signal?.throwIfAborted();
  await using owned = new AsyncDisposableStack();
  const gpu = inputs.gpu ?? owned.use(await Gpu.request());
  const allSessions = composeSessions(gpu, asked, inputs);
  const sessions = signal ? new CancelableSessions(allSessions, signal) : allSessions;
  const hub = { refreshed: new Set<string>(), ...inputs.hub, ...defined({ signal }) };
  const load = () => loadTeacher(gpu, asked, { inputs, palette, sessions, hub, owned });
  // The first picture of a batch downloads and loads the networks for all of them.
  const teacher = await (slot?.scheduler.runExclusive(load) ?? load());
  const { config, teacher: folder, teacherSize } = teacher;
  if (teacher.samplesImage) onStage("sample");
  // Its sessions outlive `signal`: a decoder is also loaded later, or used by later steps.
  const loadDecoder = () =>
    LatentDecoder.load(allSessions, folder, { latentSize: folder.latentSize(teacherSize) });
  const decoder = teacher.editsPicture ? owned.use(await loadDecoder()) : undefined;
  const { mask, keep, importance } = inputs;
  const ruleImages = defined({ mask, keep, importance });
  const start = await createStartState(
    gpu,
    { ...teacher, ruleImages, sessions, checkpoint, inventory, ...defined({ decoder }) },
    { config, ...defined({ signal, onCall: onSample }) },
  );
  if (!showsBackground(teacher, start)) onNote(NOTHING_CUT);
  const picture = createPictureParts(gpu, teacher, { start, owned });
  if (!(start.logits instanceof Float32Array)) await applyRules(picture.generator, start.rules);
  const edit = decoder && createEdit(gpu, { ...teacher, start, decoder, inventory });
  const logitsOf = (image: Image) => initialize(image, start.palette, keepPalette(config)).logits;
  const parts = { gpu, ...teacher, ...picture, start, edit, logitsOf, onNote, loadDecoder };
  return new DistillRun({ ...parts, owned: owned.move() });
}

const NOTHING_CUT = "Nothing is transparent: the image has no plain background that can be cut out";

/** Tells whether a background that is to be transparent was found. */
function showsBackground(
  { config: { generator }, mask }: LoadedTeacher,
  { image }: StartState,
): boolean {
  if (!generator.transparent || image === undefined) return true;
  return cutOut(image, { height: generator.imageH, width: generator.imageW }, mask) !== undefined;
}

/** Prepares the edits of a run, if it has any that are not done. */
function createEdit(
  gpu: Gpu,
  { start, ...teacher }: LoadedTeacher & {
    readonly start: StartState;
    readonly decoder: LatentDecoder;
    readonly inventory: readonly number[] | undefined;
  },
): PictureEdit | undefined {
  if (start.edit === undefined) return undefined;
  const { plan, progress } = start.edit;
  const { palette, rules } = start;
  return new PictureEdit(gpu, { ...teacher, palette, plan, rules }, progress);
}

/** Creates the parts of a run without networks: the picture, its losses and its optimizer. */
function createPictureParts(
  gpu: Gpu,
  { config, teacherSize }: RunSetup,
  { start, owned }: { readonly start: StartState; readonly owned: AsyncDisposableStack },
): Pick<
  StepParts,
  "generator" | "augmenter" | "losses" | "classLosses" | "optimizer" | "gradNorm"
> {
  const { training } = config;
  const { palette, logits, image } = start;
  const size = { height: config.generator.imageH, width: config.generator.imageW };
  const generator = owned.use(new PixelGenerator(gpu, { palette, size, logits }));
  const augmenter = owned.use(
    new Augmenter(gpu, { imageSize: size, teacherSize, resizeMode: training.resizeMode }),
  );
  const losses = createPictureLosses(gpu, { size, target: { image, teacherSize } }, training)
    .map((loss) => owned.use(loss));
  const { transparent } = config.generator;
  const classLosses = createClassLosses(
    gpu,
    { ...size, classes: palette.size, transparent, training },
  ).map((loss) => owned.use(loss));
  const optimizer = owned.use(new AdamW(gpu, generator.logits, training));
  if (start.optimizer) optimizer.restore(start.optimizer);
  const gradNorm = owned.use(GpuTensor.zeros(gpu, [1], "norm of the gradient"));
  return { generator, augmenter, losses, classLosses, optimizer, gradNorm };
}
