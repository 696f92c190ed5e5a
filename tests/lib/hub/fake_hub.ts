import { createHash } from "node:crypto";
import type { HubModelOptions } from "../../../lib/hub/hub_model.ts";
import type { RetryPolicy } from "../../../lib/hub/retry.ts";
import { defined } from "../../../lib/text/defined.ts";

/** A received request. */
export interface SeenRequest {
  /** The server that received it. */
  readonly server: "hub" | "store";
  /** Path without the query. */
  readonly path: string;
  readonly query: string;
  readonly authorization: string | null;
  readonly range: string | null;
}

/** Answers a request differently; undefined for the usual answer. */
export type Fault = (request: SeenRequest) => Response | undefined;

/** Tries without pauses. */
export const QUICK_RETRY: RetryPolicy = {
  tries: 3,
  firstPause: 1,
  maxPause: 2,
  maxRetryAfter: 3000,
  idleTimeout: 5000,
};

export const COMMIT = "a".repeat(40);

/**
 * A Hub on this machine: a server that answers as huggingface.co does and, on another port, the
 * store of large files to which it redirects.
 */
export class FakeHub implements AsyncDisposable {
  /** Files by path; a Uint8Array is a large file (LFS). */
  readonly files = new Map<string, string | Uint8Array<ArrayBuffer>>();
  readonly seen: SeenRequest[] = [];
  /** Commit of the branch "main". */
  commit: string = COMMIT;
  /** Answers first, unless it returns undefined. */
  fault: Fault = () => undefined;
  readonly #hub: Deno.HttpServer<Deno.NetAddr>;
  readonly #store: Deno.HttpServer<Deno.NetAddr>;
  readonly #repo: string;

  constructor(files: Readonly<Record<string, string | Uint8Array<ArrayBuffer>>>, repo = "a/b") {
    for (const [path, content] of Object.entries(files)) this.files.set(path, content);
    this.#repo = repo;
    const options = { port: 0, hostname: "localhost", onListen() {} };
    this.#hub = Deno.serve(options, (request) => this.#answer("hub", request));
    this.#store = Deno.serve(options, (request) => this.#answer("store", request));
  }

  get endpoint(): string {
    return `http://localhost:${this.#hub.addr.port}`;
  }

  get store(): string {
    return `http://localhost:${this.#store.addr.port}`;
  }

  /** Options that use this Hub and a cache, and try quickly. */
  options(cacheFolder: string, more: HubModelOptions & { token?: string } = {}): HubModelOptions {
    const { token, ...rest } = more;
    return {
      settings: {
        endpoint: this.endpoint,
        cacheFolder,
        isOffline: false,
        ...defined({ token }),
      },
      retry: QUICK_RETRY,
      freeBytes: () => Promise.resolve(undefined),
      ...rest,
    };
  }

  /** Requests for the content of a file, at the server that gives it. */
  contentRequests(path: string): SeenRequest[] {
    const content = this.files.get(path)!;
    return this.seen.filter((request) =>
      typeof content === "string"
        ? request.path.endsWith(`/${path}`)
        : request.path === `/${sha256(content)}`
    );
  }

  #answer(server: "hub" | "store", request: Request): Response {
    const { pathname, search } = new URL(request.url);
    const seen = {
      server,
      path: decodeURIComponent(pathname),
      query: search,
      authorization: request.headers.get("authorization"),
      range: request.headers.get("range"),
    };
    this.seen.push(seen);
    const answer = this.fault(seen) ??
      (server === "hub" ? this.#answerHub(seen) : this.#answerStore(seen));
    return answer;
  }

  #answerHub({ path, range }: SeenRequest): Response {
    const api = `/api/models/${this.#repo}/revision/`;
    if (path.startsWith(api)) {
      const revision = path.slice(api.length);
      if (["main", "refs/pr/1", this.commit].includes(revision)) return Response.json(this.#info());
      return new Response(null, { status: 404, headers: { "x-error-code": "RevisionNotFound" } });
    }
    const headers = new Headers({ "x-repo-commit": this.commit });
    const resolve = [this.commit, "main"].map((name) => `/${this.#repo}/resolve/${name}/`)
      .find((start) => path.startsWith(start));
    const content = resolve === undefined ? undefined : this.files.get(path.slice(resolve.length));
    if (content === undefined) {
      headers.set("x-error-code", "EntryNotFound");
      return new Response(null, { status: 404, headers });
    }
    if (typeof content === "string") {
      headers.set("etag", `"${gitSha1(content)}"`);
      return serveBytes(encode(content), range, headers);
    }
    headers.set("location", `${this.store}/${sha256(content)}?signature=secret`);
    headers.set("x-linked-etag", `"${sha256(content)}"`);
    headers.set("x-linked-size", String(content.byteLength));
    return new Response(null, { status: 302, headers });
  }

  #answerStore({ path, range }: SeenRequest): Response {
    for (const content of this.files.values()) {
      if (typeof content !== "string" && path === `/${sha256(content)}`) {
        return serveBytes(content, range);
      }
    }
    return new Response(null, { status: 404 });
  }

  #info(): unknown {
    return {
      id: this.#repo,
      sha: this.commit,
      siblings: [...this.files].map(([rfilename, content]) =>
        typeof content === "string"
          ? { rfilename, size: encode(content).byteLength, blobId: gitSha1(content) }
          : {
            rfilename,
            size: content.byteLength,
            blobId: gitSha1(`pointer to ${sha256(content)}`),
            lfs: { sha256: sha256(content), size: content.byteLength, pointerSize: 134 },
          }
      ),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#hub.shutdown(), this.#store.shutdown()]);
  }
}

/** Answers with bytes, or with a range of them. */
export function serveBytes(
  bytes: Uint8Array<ArrayBuffer>,
  range: string | null,
  headers: Headers = new Headers(),
): Response {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(range ?? "") ?? [];
  if (from === undefined) return new Response(bytes, { headers });
  const start = Number(from);
  const size = bytes.byteLength;
  const end = to === "" ? size : Math.min(size, Number(to) + 1);
  const status = start >= size ? 416 : 206;
  headers.set(
    "content-range",
    status === 416 ? `bytes */${size}` : `bytes ${start}-${end - 1}/${size}`,
  );
  return new Response(bytes.subarray(start, end), { status, headers });
}

/** Answers with the first bytes only, and ends as if the file were complete. */
export function serveCut(bytes: Uint8Array<ArrayBuffer>, range: string | null, count: number) {
  const whole = serveBytes(bytes, range);
  const start = Number(/\d+/.exec(range ?? "")?.[0] ?? 0);
  return new Response(bytes.subarray(start, start + count), whole);
}

/** Bytes that depend on the seed, and are the same in every run. */
export function bytesOf(size: number, seed: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: size }, (_, i) => Math.imul(i * 7 + seed, 2654435761) >>> 24);
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

export function gitSha1(text: string): string {
  const size = encode(text).byteLength;
  return createHash("sha1").update(`blob ${size}\0${text}`).digest("hex");
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Files of a small repository in the layout of SDXL. */
export function pipelineFiles(): Record<string, string | Uint8Array<ArrayBuffer>> {
  const network = (folder: string, stem: string, seed: number) => ({
    [`${folder}/config.json`]: `{"folder":"${folder}"}`,
    [`${folder}/${stem}.safetensors`]: bytesOf(4000, seed),
    [`${folder}/${stem}.fp16.safetensors`]: bytesOf(2000, seed + 1),
  });
  const tokenizer = (folder: string) => ({
    [`${folder}/vocab.json`]: `{"a":0}`,
    [`${folder}/merges.txt`]: "#version: 0.2\n",
    [`${folder}/tokenizer_config.json`]: `{"pad":"${folder}"}`,
    [`${folder}/special_tokens_map.json`]: "{}",
  });
  return {
    "model_index.json": JSON.stringify({
      _class_name: "StableDiffusionXLPipeline",
      scheduler: ["diffusers", "EulerDiscreteScheduler"],
      text_encoder: ["transformers", "CLIPTextModel"],
      tokenizer: ["transformers", "CLIPTokenizer"],
      unet: ["diffusers", "UNet2DConditionModel"],
      vae: ["diffusers", "AutoencoderKL"],
      image_encoder: [null, null],
    }),
    "README.md": "not needed",
    "sd_xl_base_1.0.safetensors": bytesOf(9000, 90),
    "scheduler/scheduler_config.json": `{"kind":"euler"}`,
    ...tokenizer("tokenizer"),
    ...tokenizer("tokenizer_2"),
    ...network("text_encoder", "model", 10),
    ...network("unet", "diffusion_pytorch_model", 20),
    ...network("vae", "diffusion_pytorch_model", 30),
    ...network("vae_1_0", "diffusion_pytorch_model", 40),
    "unet/diffusion_pytorch_model.bin": bytesOf(3000, 50),
    "unet/model.onnx": bytesOf(3000, 51),
    "unet/diffusion_flax_model.msgpack": bytesOf(3000, 52),
    "text_encoder/pytorch_model.bin": bytesOf(3000, 53),
    "text_encoder/openvino_model.xml": "<xml/>",
  };
}

/** The needed files of {@linkcode pipelineFiles}, in half precision. */
export const NEEDED: readonly string[] = [
  "model_index.json",
  "scheduler/scheduler_config.json",
  "text_encoder/config.json",
  "text_encoder/model.fp16.safetensors",
  ...["merges.txt", "special_tokens_map.json", "tokenizer_config.json", "vocab.json"]
    .map((name) => `tokenizer/${name}`),
  ...["merges.txt", "special_tokens_map.json", "tokenizer_config.json", "vocab.json"]
    .map((name) => `tokenizer_2/${name}`),
  "unet/config.json",
  "unet/diffusion_pytorch_model.fp16.safetensors",
  "vae/config.json",
  "vae/diffusion_pytorch_model.fp16.safetensors",
];
