import assert from "node:assert/strict";
import { shapeSize } from "../../../kernels/gpu/shape_size.ts";
import { openTeacherFolder } from "../../../lib/conditioning/teacher_folder.ts";
import { readClipTextConfig } from "../../../lib/models/clip/clip_text_config.ts";
import { buildClipTextModel } from "../../../lib/models/clip/clip_text_model.ts";
import { openClipTokenizer } from "../../../lib/models/tokenizers/clip_tokenizer.ts";
import { readControlnetConfig } from "../../../lib/models/unet/controlnet_config.ts";
import { buildControlnet } from "../../../lib/models/unet/controlnet_model.ts";
import {
  RANDOM_CONTROLNETS,
  RANDOM_TEACHERS,
  randomTeacherFiles,
  type TeacherFile,
} from "../../../lib/tools/random_teacher.ts";
import { buildUnet } from "../../../lib/models/unet/unet_2d_condition_model.ts";
import { memorySource } from "../../../lib/weights/byte_source.ts";
import type { ModelFolder } from "../../../lib/weights/model_folder.ts";
import { StateDict } from "../../../lib/weights/state_dict.ts";
import { runGraph, scatter } from "../onnx/run_graph.ts";

/** Generates files in memory. */
function folderOf(files: readonly TeacherFile[]): ModelFolder {
  const paths = new Map(files.map((file) => [file.path, file]));
  const bytes = async (path: string) =>
    await new Blob([...paths.get(path)!.content()]).bytes() as Uint8Array<ArrayBuffer>;
  return {
    location: "random teacher",
    has: (path) => Promise.resolve(paths.has(path)),
    text: async (path) => new TextDecoder().decode(await bytes(path)),
    source: async (path) => memorySource(await bytes(path), path),
  };
}

const parametersOf = (files: readonly TeacherFile[]) =>
  Object.fromEntries(
    files.filter(({ parameters }) => parameters > 0)
      .map(({ path, parameters }) => [path.split("/")[0]!, parameters]),
  );

Deno.test("randomTeacherFiles() has the parameters of the published SDXL", async () => {
  const files = await randomTeacherFiles("sdxl", { controlnets: RANDOM_CONTROLNETS });
  // Sources: the counts that the model cards of stabilityai/stable-diffusion-xl-base-1.0 and
  // madebyollin/taesdxl lead to (fp16 files of 5.14 GB, 246 MB, 1.39 GB and 4.9 MB), and the fp16
  // files of diffusers/controlnet-{canny,depth}-sdxl-1.0: 320 MB, 545 MB and 2.50 GB.
  assert.deepEqual(parametersOf(files), {
    unet: 2_567_463_684,
    text_encoder: 123_060_480,
    text_encoder_2: 694_659_840,
    vae: 2_445_063,
    controlnet_canny_small: 160_111_120,
    controlnet_canny_mid: 272_586_000,
    controlnet_canny_full: 1_251_014_160,
    controlnet_depth_small: 160_111_120,
    controlnet_depth_mid: 272_586_000,
    controlnet_depth_full: 1_251_014_160,
  });
});

Deno.test("randomTeacherFiles() has half of SDXL's parameters for SSD-1B", async () => {
  const files = await randomTeacherFiles("ssd1b");
  // Source: Gupta et al. 2024, https://arxiv.org/abs/2401.02677: 1.3 billion.
  assert.equal(parametersOf(files)["unet"], 1_331_334_404);
});

Deno.test("randomTeacherFiles() has the parameters of Stable Diffusion 1.5 and 2.1", async () => {
  // Sources: the sizes of the float16 files of stable-diffusion-v1-5/stable-diffusion-v1-5
  // (1.72 GB, 246 MB, 167 MB), lllyasviel/control_v11p_sd15_canny (723 MB) and
  // stabilityai/stable-diffusion-2-1 (1.73 GB, 681 MB).
  const vae = 83_653_863;
  assert.deepEqual(parametersOf(await randomTeacherFiles("sd15", { controlnets: ["canny"] })), {
    unet: 859_520_964,
    text_encoder: 123_060_480,
    vae,
    controlnet_canny: 361_279_120,
  });
  assert.deepEqual(parametersOf(await randomTeacherFiles("sd21")), {
    unet: 865_910_724,
    text_encoder: 340_387_840,
    vae,
  });
  await assert.rejects(
    randomTeacherFiles("sd15", { controlnets: ["canny_mid"] }),
    /Cannot create the ControlNet "canny_mid": expected one of canny, depth$/,
  );
});

/** Size of the teacher's images, length of a prompt, and last tokenizer. */
const FACTS = {
  sdxl: [1024, 77, "_2"],
  ssd1b: [1024, 77, "_2"],
  mini: [128, 24, "_2"],
  sd15: [512, 77, ""],
  sd21: [768, 77, ""],
  "tiny-sd15": [64, 77, ""],
} as const;

for (const kind of RANDOM_TEACHERS) {
  Deno.test(`randomTeacherFiles() creates a teacher folder of ${kind}`, async () => {
    const [side, length, suffix] = FACTS[kind];
    const controlnet = suffix === "" ? "canny" : "canny_mid";
    const files = await randomTeacherFiles(kind, { controlnets: [controlnet] });
    const folder = folderOf(files);
    const teacher = await openTeacherFolder(folder);
    assert.deepEqual(teacher.imageSize, { height: side, width: side });
    const { subfolder } = await teacher.controlnetLocation(controlnet);
    assert.equal(subfolder, `controlnet_${controlnet}`);
    const config = await readControlnetConfig(folder, subfolder);
    // Those of SDXL are too wide for it.
    if (kind !== "mini") teacher.checkControlnet(controlnet, config);
    const tokenizer = await openClipTokenizer(folder, `tokenizer${suffix}`);
    const { vocabSize } = await readClipTextConfig(folder, `text_encoder${suffix}`);
    const ids = tokenizer.encode("A kiwi 🥝");
    assert.deepEqual(ids.length, length);
    // "a" is byte 0x61, with the end of a word; the begin token is the second to last.
    assert.deepEqual(ids.slice(0, 2), [vocabSize - 2, 256 + 0x61 - 0x21]);
    // "!" is the first token.
    const padding = kind === "sd15" || kind === "tiny-sd15" ? vocabSize - 1 : 0;
    assert.equal(ids.at(-1), padding);
  });
}

Deno.test("a random teacher runs: text encoders, ControlNet and UNet stay finite", async () => {
  const folder = folderOf(await randomTeacherFiles("mini"));
  const isFinite = (values: ArrayLike<unknown>) =>
    Array.from(values, Number).every((value) => Number.isFinite(value) && Math.abs(value) < 1e3);
  for (const subfolder of ["text_encoder", "text_encoder_2"]) {
    using weights = await StateDict.open(folder, subfolder);
    const config = await readClipTextConfig(folder, subfolder);
    const graph = buildClipTextModel(weights, config, { batch: 1, length: 24 });
    const ids = { data: new BigInt64Array(24).fill(7n), shape: [1, 24] };
    const outputs = await runGraph(graph, { input_ids: ids });
    assert(Object.values(outputs).every(({ data }) => isFinite(data)));
  }
  const { unet } = await openTeacherFolder(folder);
  const controlnet = await readControlnetConfig(folder, "controlnet_canny");
  const sizes = { batch: 1, height: 8, width: 8, promptLength: 24 };
  using unetWeights = await StateDict.open(folder, "unet");
  using controlnetWeights = await StateDict.open(folder, "controlnet_canny");
  for (
    const graph of [
      buildUnet(unetWeights, unet, sizes),
      buildControlnet(controlnetWeights, controlnet, sizes),
    ]
  ) {
    const feeds = graph.inputs.map(({ name, shape }) => {
      const size = shapeSize(shape);
      return [name, { data: scatter(size), shape }] as const;
    });
    const outputs = await runGraph(graph, Object.fromEntries(feeds));
    for (const { data } of Object.values(outputs)) {
      assert(isFinite(data));
      assert(Array.from(data, Number).some((value) => Math.abs(value) > 1e-4));
    }
  }
});

Deno.test("randomTeacherFiles() refuses an unknown ControlNet", async () => {
  await assert.rejects(
    randomTeacherFiles("sdxl", { controlnets: ["pose_mid"] }),
    /Cannot create the ControlNet "pose_mid": expected one of canny_small/,
  );
});
