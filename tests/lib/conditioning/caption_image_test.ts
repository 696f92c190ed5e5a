import assert from "node:assert/strict";
import { captionImage, writeCaption } from "../../../lib/conditioning/caption_image.ts";
import { CLIP_STATISTICS, makePixelValues } from "../../../lib/conditioning/pixel_values.ts";
import { Image } from "../../../lib/image/image.ts";
import { readBlipConfig } from "../../../lib/models/blip/blip_config.ts";
import { openModelFolder } from "../../../lib/weights/open_model_folder.ts";
import { goldenPath, readGolden } from "../../support/goldens.ts";
import { gpuTest } from "../../support/gpu_test.ts";
import { OrtSessions } from "../../../lib/onnx/runtime/ort_sessions.ts";
import { scatter, WASM_SESSIONS } from "../onnx/run_graph.ts";
import { memoryFolder } from "./memory_folder.ts";

const base = openModelFolder(goldenPath("tiny-blip"));
const golden = readGolden("blip");
const config = await readBlipConfig(base);
/** The reference has no end token. */
const endless = { folder: base, config: { ...config, text: { ...config.text, sepTokenId: -1 } } };
const pixelValues = golden.tensor("pixel_values");
const [, ...greedy] = golden.tensor("greedy_ids").data;
const SIDE = config.vision.imageSize;

Deno.test("writeCaption() generates the tokens of the reference with greedy search", async () => {
  const options = { maxNewTokens: greedy.length, query: [] } as const;
  assert.deepEqual(await writeCaption(WASM_SESSIONS, endless, pixelValues, options), greedy);
});

gpuTest("writeCaption() generates the tokens of the reference on WebGPU", async (gpu) => {
  const options = { maxNewTokens: greedy.length, query: [] } as const;
  assert.deepEqual(
    await writeCaption(new OrtSessions({ runtime: "webgpu", gpu }), endless, pixelValues, options),
    greedy,
  );
});

Deno.test("writeCaption() continues a query and stops at the end token", async () => {
  const query = greedy.slice(0, 5);
  const options = { maxNewTokens: 6, query } as const;
  const rest = await writeCaption(WASM_SESSIONS, endless, pixelValues, options);
  assert.deepEqual(rest, greedy.slice(5, 11));
  const stop = greedy.find((token, i) => i >= 2 && greedy.indexOf(token) === i)!;
  const stopping = {
    folder: base,
    config: { ...config, text: { ...config.text, sepTokenId: stop } },
  };
  const short = { maxNewTokens: 14, query: [] } as const;
  const tokens = await writeCaption(WASM_SESSIONS, stopping, pixelValues, short);
  assert.deepEqual(tokens, greedy.slice(0, greedy.indexOf(stop)));
});

Deno.test("writeCaption() respects the min and max number of tokens with beams", async () => {
  const options = {
    beams: 3,
    minNewTokens: 6,
    maxNewTokens: 6,
    query: [],
  } as const;
  const tokens = await writeCaption(WASM_SESSIONS, endless, pixelValues, options);
  assert.equal(tokens.length, 6);
});

Deno.test("captionImage() returns a text", async () => {
  const pieces = Array.from({ length: 300 }, (_, i) => i === 1 ? "[UNK]" : `w${i}`);
  const folder = memoryFolder({
    "vocab.txt": pieces.join("\n"),
    "tokenizer_config.json": "{}",
  }, base);
  const values = scatter(40 * 50 * 3).map((value) => (value + 1) / 2);
  const image = Image.fromFloats({ height: 40, width: 50 }, values);
  const options = { minNewTokens: 5, maxNewTokens: 5 } as const;
  const caption = await captionImage(WASM_SESSIONS, folder, image, { ...options, query: "W7 w8" });
  assert.match(caption, /^w7 w8( w\d+){5}$/);
  const square = Image.fromFloats({ height: SIDE, width: SIDE }, scatter(SIDE * SIDE * 3));
  const ids = await writeCaption(
    WASM_SESSIONS,
    { folder, config },
    makePixelValues([square], CLIP_STATISTICS),
    {
      ...options,
      query: [],
    },
  );
  const expected = ids.map((id) => `w${id}`).join(" ");
  assert.equal(await captionImage(WASM_SESSIONS, folder, square, options), expected);
});
