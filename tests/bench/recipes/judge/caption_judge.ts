import type { Image } from "../../../../lib/image/image.ts";
import { hash } from "../fingerprint.ts";
import { type Captions, Judge } from "./judge.ts";
import names from "./names.json" with { type: "json" };

/**
 * The judge with a fixed set of captions: 2,000 names, drawn once from those of the training
 * pictures, and the captions of the benchmark's prompts. A probability is a share among them.
 */
export class CaptionJudge implements AsyncDisposable {
  /** The captions, in the order of the output. */
  readonly names: readonly string[];
  readonly #judge: Judge;
  #captions: Captions | undefined;
  #fingerprint: Promise<string> | undefined;

  private constructor(judge: Judge, texts: readonly string[]) {
    this.#judge = judge;
    this.names = texts;
  }

  /**
   * Loads a judge.
   *
   * @param folder Folder of its weights and tokenizer.
   * @param captions Captions beside the 2,000 names.
   * @throws As {@linkcode Judge.open}.
   */
  static async open(folder: string, captions: readonly string[] = []): Promise<CaptionJudge> {
    return new CaptionJudge(await Judge.open(folder), [...new Set([...names, ...captions])]);
  }

  /** Hashes the weights and the captions. */
  fingerprint(): Promise<string> {
    this.#fingerprint ??= this.#hash();
    return this.#fingerprint;
  }

  async #hash(): Promise<string> {
    const weights = await Deno.readFile(`${this.#judge.folder}/model.safetensors`);
    return await hash([weights, new TextEncoder().encode(JSON.stringify(this.names))]);
  }

  /** Returns a logit for each caption, shape [names]. The first call encodes the captions. */
  async classify(picture: Image): Promise<Float32Array> {
    this.#captions ??= await this.#judge.encodeCaptions(this.names);
    return this.#judge.logits(await this.#judge.encodePicture(picture), this.#captions);
  }

  /** Frees the networks. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#judge[Symbol.asyncDispose]();
  }
}
