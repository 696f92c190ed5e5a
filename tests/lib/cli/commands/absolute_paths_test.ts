import assert from "node:assert/strict";
import { relative, resolve } from "node:path";
import { resolveRunConfig } from "../../../../config/resolve_run_config.ts";
import { withAbsolutePaths } from "../../../../lib/cli/commands/absolute_paths.ts";
import { inTemporaryFolder } from "../../../support/temporary_folder.ts";

Deno.test("withAbsolutePaths() makes paths of inputs absolute and keeps names", async () => {
  await inTemporaryFolder(async (folder) => {
    for (const name of ["a.png", "own.hex", "b.safetensors"]) {
      await Deno.writeTextFile(`${folder}/${name}`, "");
    }
    const near = relative(Deno.cwd(), folder);
    const typed = resolveRunConfig({
      seed: 2n ** 63n,
      image: `./${near}/a.png`,
      generator: { palette: `${near}/own.hex` },
      diffusion: {
        loraPath: `owner/name,${near}/b.safetensors,${near}:b.safetensors`,
        vaeId: "https://x.example/vae",
      },
      controlnet: { modelsId: ["canny", near], controlnetConditioningScale: [1, 1] },
    });
    const { image, generator, diffusion, controlnet, output, seed } = await withAbsolutePaths(
      typed,
    );
    assert.equal(seed, typed.seed);
    assert.equal(image, resolve(folder, "a.png"));
    assert.equal(generator.palette, resolve(folder, "own.hex"));
    assert.equal(
      diffusion.loraPath,
      `owner/name,${resolve(folder, "b.safetensors")},${resolve(folder)}:b.safetensors`,
    );
    assert.equal(diffusion.vaeId, "https://x.example/vae");
    assert.equal(diffusion.modelId, "mini");
    assert.deepEqual(controlnet.modelsId, ["canny", resolve(folder)]);
    assert.equal(output, "workdir");
  });
});

Deno.test("withAbsolutePaths() keeps names of palettes and files that are not there", async () => {
  const typed = resolveRunConfig({
    image: "no/such.png",
    generator: { palette: "sweetie-16" },
    diffusion: { modelId: "sdxl" },
  });
  assert.deepEqual(await withAbsolutePaths(typed), typed);
});
