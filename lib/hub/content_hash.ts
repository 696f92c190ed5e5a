import { createHash, type Hash } from "node:crypto";

/** Tells whether a text is the name of a blob: a SHA-256 or SHA-1 in hexadecimal digits. */
export function isBlobName(name: string): boolean {
  return /^([0-9a-f]{64}|[0-9a-f]{40})$/.test(name);
}

/**
 * Creates the hash whose hexadecimal digest must equal a blob's name.
 *
 * Large files are named by their SHA-256, others by the SHA-1 of Git, which starts with the size.
 *
 * @param name Name of the blob.
 * @param byteLength Size of the content, in bytes.
 */
export function createContentHash(name: string, byteLength: number): Hash {
  if (name.length === 64) return createHash("sha256");
  return createHash("sha1").update(`blob ${byteLength}\0`);
}
