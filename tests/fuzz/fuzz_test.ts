import assert from "node:assert/strict";
import { fuzz } from "./fuzz.ts";
import { mutate, seededUniforms } from "./mutate.ts";
import { fuzzTargets } from "./targets.ts";

Deno.test("damaged files are read or refused with the error of their reader", async () => {
  const { count, failures } = await fuzz(fuzzTargets(), { seed: 1, count: 3000 });
  assert.equal(count, 3000);
  assert.deepEqual(failures, []);
});

Deno.test("sound files are read by all fuzz targets", async () => {
  for (const { samples, read, errors } of fuzzTargets()) {
    let sound = 0;
    for (const { name, bytes } of samples) {
      try {
        await read(bytes, name);
        sound++;
      } catch (error) {
        assert(errors.includes((error as Error).name), `${name}: ${error}`);
      }
    }
    assert(sound > 0.9 * samples.length);
  }
});

Deno.test("fuzz() reports a wrong error with the seed that repeats it", async () => {
  const bytes = Uint8Array.of(1, 2, 3);
  const read = () => {
    throw new TypeError("oops");
  };
  const target = { errors: ["ImageError"], samples: [{ name: "x", bytes }], read };
  const { failures } = await fuzz([target], { seed: 5, count: 2 });
  assert.deepEqual(failures.map(({ name, seed }) => [name, seed]), [["x", 5], ["x", 6]]);
  assert.match(failures[0]!.found, /oops/);
  assert.deepEqual(mutate(bytes, seededUniforms(5)), mutate(bytes, seededUniforms(5)));
});
