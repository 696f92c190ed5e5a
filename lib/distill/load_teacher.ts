import type { RunConfig } from "../../config/run_config.ts";
import type { Gpu } from "../../kernels/gpu/gpu.ts";
import type { OpenClip } from "../conditioning/choose_by_clip.ts";
import type { HubModelOptions } from "../hub/hub_model.ts";
import { compositeAlpha } from "../image/composite_alpha.ts";
import type { Image, Rgb } from "../image/image.ts";
import { findBackground } from "../initialization/background.ts";
import { cutOut } from "../initialization/cut_out.ts";
import { prepareStartImage } from "../initialization/start_image.ts";
import type { SessionLoader } from "../onnx/runtime/session.ts";
import type { Palette } from "../palette/palette.ts";
import { keyColor } from "../palette/transparent_class.ts";
import { defined } from "../text/defined.ts";
import { captionPrompt } from "./caption_prompt.ts";
import { AugmentedControlImages } from "./control_images.ts";
import { openChoosingClip } from "./choosing_clip.ts";
import { openAuxiliaryModel } from "./find_teacher.ts";
import { loadNetworks, type NetworkParts } from "./load_networks.ts";
import { planRun } from "./memory/plan_run.ts";
import type { RunInputs } from "./run_inputs.ts";
import { runNotes } from "./run_notes.ts";
import { type RunSetup, setUpRun } from "./set_up_run.ts";

/** Options of {@linkcode loadTeacher}. */
export interface LoadTeacherOptions {
  /** Inputs of the run. */
  readonly inputs: RunInputs;
  /** Palette of the config. */
  readonly palette: Palette;
  /** Loads the networks. */
  readonly sessions: SessionLoader;
  /** Where models of the Hub are, and whether they are downloaded. */
  readonly hub: HubModelOptions;
  /** Takes the ownership of what is loaded. */
  readonly owned: AsyncDisposableStack;
}

/** A teacher with its networks, and the images that it gets. */
export interface LoadedTeacher extends RunSetup, NetworkParts {
  /** The prepared input image. */
  readonly image: Image | undefined;
  /**
   * Which pixels of the picture show the opaque part of the input image: 1, else 0, shape [H, W].
   * Undefined if there is no image, or all of it is opaque. With `generator.transparent`, a plain
   * background of an opaque image counts as transparent.
   */
  readonly mask: Uint8Array | undefined;
  /** What chooses among samples of the teacher; undefined for its denoising errors. */
  readonly clip: OpenClip | undefined;
  /** Input images of the ControlNets in use. */
  readonly control: AugmentedControlImages | undefined;
}

/** Captions the input image if asked to, sets the run up, and loads the networks of the teacher. */
export async function loadTeacher(
  gpu: Gpu,
  asked: RunConfig,
  { inputs, palette, sessions, hub, owned }: LoadTeacherOptions,
): Promise<LoadedTeacher> {
  const { checkpoint, slot, signal, onStage = () => {}, onNote = () => {} } = inputs;
  signal?.throwIfAborted();
  onStage("load");
  const background = backgroundOf(asked, inputs.image, palette);
  const opaque = inputs.image && background && compositeAlpha(inputs.image, background);
  const captioning = { image: opaque ?? inputs.image, hub, onStage, onNote };
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
  // A resumed run told it when it started.
  if (!checkpoint) {
    for (const note of backgroundNotes(config, inputs.image, background)) onNote(note);
  }
  inputs.onPlan?.(await planRun(gpu, setup));
  // An unusable CLIP is found before anything is loaded.
  const clip = await openChoosingClip(setup, hub);
  if (clip) owned.use(clip);
  const start = inputs.image && prepareStartImage(inputs.image, {
    picture: { height: config.generator.imageH, width: config.generator.imageW },
    teacher: setup.teacherSize,
    fit: config.generator.imageFit,
    ...defined({ background }),
  });
  const image = start?.image;
  // The depth estimator is freed before the networks of the teacher are loaded.
  const control = await createControlImages(gpu, setup, { image, sessions, hub });
  if (control) owned.use(control);
  const networks = await loadNetworks(gpu, setup, {
    sessions,
    owned,
    ...defined({ onTiming: inputs.onTiming }),
  });
  return {
    ...setup,
    ...networks,
    clip,
    image,
    mask: start?.mask ?? cutMask(config, image),
    control,
  };
}

/** Returns the mask of an opaque image in a transparent picture; undefined if there is none. */
function cutMask(
  { generator: { transparent, imageH, imageW } }: RunConfig,
  image: Image | undefined,
): Uint8Array | undefined {
  if (!transparent || image === undefined) return undefined;
  return cutOut(image, { height: imageH, width: imageW })?.mask;
}

/** Returns the background of an input image; undefined for an opaque one if none is asked for. */
function backgroundOf(
  { generator: { background, transparent } }: RunConfig,
  image: Image | undefined,
  palette: Palette,
): Rgb | undefined {
  if (transparent && image?.isTransparent()) return keyColor(palette);
  if (!image || (background === "auto" && !image.isTransparent())) return undefined;
  return findBackground(background, image, palette);
}

/** Says what the transparent parts of an image become, or why a background has no effect. */
function backgroundNotes(
  { generator: { background, imageFit, transparent } }: RunConfig,
  image: Image | undefined,
  color: Rgb | undefined,
): string[] {
  if (transparent) {
    if (background === "auto") return [];
    return ['"generator.background" has no effect: the background is transparent'];
  }
  if (color !== undefined && image?.isTransparent()) {
    const hex = color.map((value) => value.toString(16).padStart(2, "0")).join("");
    const chosen = background === "auto"
      ? "the palette color most unlike its border; --background chooses another one"
      : "as asked for";
    return [`Transparent parts of the image become #${hex}, ${chosen}`];
  }
  if (background === "auto" || (image && imageFit === "pad")) return [];
  const reason = image ? "the image is opaque" : "there is no input image";
  return [`"generator.background" has no effect: ${reason}`];
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
