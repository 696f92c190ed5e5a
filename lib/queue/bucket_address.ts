import { AddressError } from "./queue_error.ts";

/** A bucket of an S3-compatible store. */
export interface BucketAddress {
  /** Address of the bucket with a prefix of keys, without a final slash. */
  readonly url: string;
  /** Its host, with its port if it has one. */
  readonly host: string;
}

/** Environment variables with the keys and the region of an S3-compatible store. */
export const STORE_VARIABLES: readonly string[] = [
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "AWS_REGION",
];

/** Region of a store that has none, such as one that is not at AWS. */
export const DEFAULT_REGION = "us-east-1";

/**
 * Reads the address of a bucket: `s3://bucket/prefix` at AWS, or `s3+https://host/bucket/prefix`
 * and `s3+http://host:9000/bucket` elsewhere.
 *
 * @param region Region at AWS. Default: us-east-1.
 * @returns undefined if the text is no such address, but a folder.
 * @throws {AddressError} If it is a damaged one.
 */
export function parseBucketAddress(
  text: string,
  region: string = DEFAULT_REGION,
): BucketAddress | undefined {
  const scheme = /^s3(?:\+(https?))?:\/\//i.exec(text);
  if (scheme === null) return undefined;
  const rest = text.slice(scheme[0].length).replace(/\/+$/, "");
  const address = scheme[1]
    ? `${scheme[1]}://${rest}`
    : `https://s3.${region}.amazonaws.com/${rest}`;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const isRead = url !== undefined && /^(\/[\w.-]+)+$/.test(url.pathname) &&
    /^[a-z0-9.:[\]-]+$/.test(url.host) && url.username === "" && url.search + url.hash === "";
  if (isRead) return { url: url.href, host: url.host };
  throw new AddressError(
    `Cannot use the store "${text}": expected s3://bucket/prefix or s3+https://host/bucket/prefix`,
  );
}
