import { FolderStore } from "./folder_store.ts";
import { parseBucketAddress } from "./bucket_address.ts";
import { S3Store } from "./s3_store.ts";
import type { Store } from "./store.ts";

/** What a store needs besides its name. */
export interface StoreOptions {
  /** Environment variables of `STORE_VARIABLES`. */
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/** A store that can be checked. */
export interface CheckedStore extends Store {
  /**
   * Checks that objects can be written.
   *
   * @throws If they cannot.
   */
  probe(): Promise<void>;
}

/**
 * Opens a store: a folder, or a bucket of an S3-compatible store.
 *
 * @throws {AddressError} If the address of a bucket is damaged.
 * @throws {QueueError} If its keys are missing.
 */
export function openStore(name: string, { variables }: StoreOptions): CheckedStore {
  const bucket = parseBucketAddress(name, variables.AWS_REGION);
  if (bucket === undefined) return new FolderStore(name);
  return new S3Store(bucket, {
    accessKeyId: variables.AWS_ACCESS_KEY_ID,
    secretAccessKey: variables.AWS_SECRET_ACCESS_KEY,
    sessionToken: variables.AWS_SESSION_TOKEN,
    region: variables.AWS_REGION,
  });
}
