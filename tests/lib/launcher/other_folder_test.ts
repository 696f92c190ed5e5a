import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";
import { goldenPath } from "../../support/goldens.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** Runs `generate` by its task, from a folder of the user. */
async function generate(args: readonly string[], cwd: string) {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "--config", `${ROOT}/deno.json`, "generate", ...args],
    // The task that runs the tests has set INIT_CWD.
    env: { NO_COLOR: "1", INIT_CWD: cwd },
    cwd,
    stdin: "null",
    stdout: "null",
  }).output();
  return { code, error: new TextDecoder().decode(stderr).trimEnd().split("\n").at(-1) ?? "" };
}

Deno.test("a run's config repeats it from another folder, and resumes it", async () => {
  await inTemporaryFolder(async (root) => {
    const [here, there] = [`${root}/here`, `${root}/there`];
    for (const folder of [here, there]) await Deno.mkdir(folder);
    const image = fileURLToPath(new URL("../../fixtures/images/check8.png", import.meta.url));
    await Deno.copyFile(image, `${here}/a.png`);
    await Deno.writeTextFile(`${here}/p.hex`, "1a1c2c\nf4f4f4\n");
    const made = await generate([
      ...["--input-image", "a.png", "--palette", "p.hex", "--size", "8,8", "--steps", "1"],
      ...["--prompt", "a board", "--seed", "18446744073709551615", "--strength", "0"],
      ...["--model", goldenPath("tiny-sdxl"), "--set", "sd.im_size=32", "--runtime", "wasm"],
      ...["--set", "controlnet.use_controlnet=false", "--output", "out"],
    ], here);
    assert.equal(made.code, 0, made.error);
    const run = await onlyFolder(`${here}/out/standard`);
    const text = await Deno.readTextFile(`${run}/config.yaml`);
    for (const line of [`image: ${here}/a.png`, `palette: ${here}/p.hex`, "seed: 1844674407"]) {
      assert(text.includes(line), text);
    }
    // Both folders are below the project, so that nothing need be typed.
    const repeated = await generate(["--config", `${run}/config.yaml`], there);
    assert.equal(repeated.code, 0, repeated.error);
    const other = await onlyFolder(`${there}/out/config`);
    const picture = await Deno.readFile(`${run}/final_argmax.png`);
    assert.deepEqual(await Deno.readFile(`${other}/final_argmax.png`), picture);
    const resumed = await generate(["--resume", run, "--steps", "2"], there);
    assert.equal(resumed.code, 0, resumed.error);
    assert((await Deno.stat(`${run}/checkpoint_2.safetensors`)).isFile);
  });
});

async function onlyFolder(folder: string): Promise<string> {
  const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  assert.equal(names.length, 1);
  return `${folder}/${names[0]}`;
}
