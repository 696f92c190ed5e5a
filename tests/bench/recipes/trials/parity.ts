/**
 * Writes what the toolkit makes of two samples, for parity.py: noises, latents, images, first
 * pictures and scores.
 *
 *     deno run --allow-read --allow-write=FOLDER --allow-env=XDG_RUNTIME_DIR parity.ts FOLDER
 */
import { resolveSources } from "../../../../config/resolve_run_config.ts";
import { sourceOf } from "../../../../config/parse_run_config.ts";
import { Gpu } from "../../../../kernels/gpu/gpu.ts";
import { drawNormal } from "../../../../kernels/random/philox.ts";
import { RANDOM_STREAMS } from "../../../../kernels/random/streams.ts";
import { composeSessions, loadNetworks } from "../../../../lib/distill/load_networks.ts";
import { setUpRun } from "../../../../lib/distill/set_up_run.ts";
import { denoisingErrors } from "../../../../lib/guidance/denoising_errors.ts";
import { sampleImages } from "../../../../lib/guidance/sample_image.ts";
import { planesFromImage } from "../../../../lib/image/image_planes.ts";
import { resizeImage } from "../../../../lib/image/resize_image.ts";
import { pictureGrid, projectPicture } from "../../../../lib/initialization/project_picture.ts";
import { findPalette } from "../../../../lib/palette/formats/find_palette.ts";
import { nearestColors } from "../../../../lib/palette/nearest_color.ts";

const [folder] = Deno.args;
const PROMPTS = ["bone golem", "emoji of a woman elf"];
await Deno.mkdir(folder!, { recursive: true });
const gpu = await Gpu.request();
const write = (name: string, data: Float32Array | Uint32Array) =>
  Deno.writeFile(
    `${folder}/${name}`,
    new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  );

for (const [p, prompt] of PROMPTS.entries()) {
  const { config: asked } = resolveSources([sourceOf({ prompt, seed: 5 }, "parity")]);
  const palette = await findPalette("sweetie-16");
  const setup = await setUpRun(gpu, asked, { palette, hub: {} as never });
  await using owned = new AsyncDisposableStack();
  const sessions = composeSessions(gpu, asked, {});
  const networks = await loadNetworks(gpu, setup, { sessions, owned });
  const parts = { sessions, teacher: setup.teacher, ...networks };
  const { seed, diffusion } = setup.config;
  const shape = [1, 4, 32, 32];
  await write(
    `noise_${p}.f32`,
    await drawNormal(gpu, shape, { seed, stream: RANDOM_STREAMS.sample, step: 0 }),
  );
  await write(
    `choice_${p}.f32`,
    await drawNormal(gpu, shape, { seed, stream: RANDOM_STREAMS.choice, step: 0 }),
  );
  const [sample] = await sampleImages(gpu, parts, {
    config: { ...diffusion, numReferences: 1 },
    seed,
  });
  await write(`latents_${p}.f32`, sample!.latents);
  await write(`image_${p}.f32`, planesFromImage(sample!.image));
  for (const size of [12, 16, 24, 32]) {
    for (const name of ["sweetie-16", "game-boy"]) {
      const colors = await findPalette(name);
      const generator = { ...setup.config.generator, imageH: size, imageW: size };
      const picture = projectPicture(sample!.image, pictureGrid(generator, colors));
      await write(`picture_${p}_${size}_${name}.u32`, nearestColors(picture, colors));
      if (size !== 16 || name !== "sweetie-16") continue;
      const enlarged = resizeImage(picture, { height: 128, width: 128 }, {
        fit: "stretch",
        filter: "nearest",
      });
      const planes = { data: planesFromImage(enlarged), shape: [1, 3, 128, 128] };
      const candidates = [await networks.distillation.encode(planes)];
      const errors = await denoisingErrors(gpu, { parts, candidates }, { times: [0.8], seed });
      await write(`errors_${p}.f32`, Float32Array.from(errors[0]![0]!));
    }
  }
}
Deno.exit(0);
