import { AwsClient } from "npm:aws4fetch@1.0.20";
import { type BucketAddress, DEFAULT_REGION } from "./bucket_address.ts";
import { QueueError } from "./queue_error.ts";
import { checkKey, type Store, StoreError } from "./store.ts";

/** Keys of a store's account. */
export interface BucketKeys {
  readonly accessKeyId: string | undefined;
  readonly secretAccessKey: string | undefined;
  readonly sessionToken: string | undefined;
  readonly region: string | undefined;
}

/** Time for one request, in milliseconds. */
const TIMEOUT_MS = 60_000;
/** Further attempts if the store is busy. */
const RETRIES = 4;
/** Size of an object above which it is not read: no state of a run is as large. */
const MAX_BYTES = 2 ** 30;

/** A bucket of an S3-compatible store. */
export class S3Store implements Store {
  readonly name: string;
  readonly #client: AwsClient;

  /**
   * Prepares requests; none is made.
   *
   * @throws {QueueError} If the keys are missing.
   */
  constructor({ url }: BucketAddress, keys: BucketKeys) {
    const { accessKeyId, secretAccessKey, sessionToken, region = DEFAULT_REGION } = keys;
    if (!accessKeyId || !secretAccessKey) {
      throw new QueueError(
        `Cannot use the store "${url}": expected its keys in AWS_ACCESS_KEY_ID and ` +
          "AWS_SECRET_ACCESS_KEY",
      );
    }
    this.name = url;
    this.#client = new AwsClient({
      accessKeyId,
      secretAccessKey,
      ...sessionToken ? { sessionToken } : {},
      region,
      service: "s3",
      retries: RETRIES,
    });
  }

  /**
   * Checks that objects can be written.
   *
   * @throws {StoreError} If they cannot.
   */
  async probe(): Promise<void> {
    const key = `probe/${crypto.randomUUID()}`;
    await this.put(key, new Uint8Array(1));
    await this.remove(key);
  }

  locate(key: string): string {
    return `${this.name}/${checkKey(key)}`;
  }

  async get(key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const response = await this.#request("read", key, { method: "GET" }, [200, 404]);
    if (response.status === 404) {
      await response.body?.cancel();
      return undefined;
    }
    if (Number(response.headers.get("content-length") ?? 0) > MAX_BYTES) {
      await response.body?.cancel();
      throw new StoreError(`Cannot read "${this.locate(key)}": it is too large`);
    }
    try {
      return new Uint8Array(await response.arrayBuffer());
    } catch (cause) {
      throw this.#failure("read", key, "the connection was lost", cause);
    }
  }

  async put(key: string, body: Uint8Array<ArrayBuffer>): Promise<void> {
    const response = await this.#request("write", key, { method: "PUT", body }, [200]);
    await response.body?.cancel();
  }

  async putNew(key: string, body: Uint8Array<ArrayBuffer>): Promise<boolean> {
    const init = { method: "PUT", body, headers: { "if-none-match": "*" } };
    // 409: another one is being written at this moment.
    const response = await this.#request("write", key, init, [200, 409, 412]);
    await response.body?.cancel();
    return response.status === 200;
  }

  async remove(key: string): Promise<void> {
    const response = await this.#request("remove", key, { method: "DELETE" }, [200, 204, 404]);
    await response.body?.cancel();
  }

  async #request(
    action: string,
    key: string,
    init: RequestInit,
    expected: readonly number[],
  ): Promise<Response> {
    let response: Response;
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      // A redirect could lead to another host.
      response = await this.#client.fetch(this.locate(key), {
        ...init,
        signal,
        redirect: "manual",
      });
    } catch (cause) {
      throw this.#failure(action, key, "the store does not answer", cause);
    }
    if (expected.includes(response.status)) return response;
    await response.body?.cancel();
    const reason = response.status === 403
      ? "the keys give no right to it (403)"
      : `the store answered with ${response.status}`;
    throw this.#failure(action, key, reason);
  }

  #failure(action: string, key: string, reason: string, cause?: unknown): StoreError {
    return new StoreError(`Cannot ${action} "${this.locate(key)}": ${reason}`, { cause });
  }
}
