/**
 * Where workers leave results, and what another worker needs to continue: objects by key. Each
 * object appears whole or not at all, for all that read it.
 */
export interface Store {
  /** Name for people, such as its folder or address. */
  readonly name: string;
  /** Returns where people find what lies below a key. */
  locate(key: string): string;
  /**
   * Reads an object.
   *
   * @returns undefined if there is none.
   * @throws {StoreError} If the store cannot be read.
   */
  get(key: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /**
   * Writes an object, or replaces it.
   *
   * @throws {StoreError} If it cannot be written; an older object stays.
   */
  put(key: string, content: Uint8Array<ArrayBuffer>): Promise<void>;
  /**
   * Writes an object if there is none of that key. Of several that do so at once, one succeeds.
   *
   * @returns Whether it was written.
   * @throws {StoreError} If it cannot be written.
   */
  putNew(key: string, content: Uint8Array<ArrayBuffer>): Promise<boolean>;
  /**
   * Removes an object, if it is there.
   *
   * @throws {StoreError} If it cannot be removed.
   */
  remove(key: string): Promise<void>;
}

/** The store cannot be used now: it is full, cannot be reached, or grants no rights. */
export class StoreError extends Error {
  /** Name of the class, as it is printed. */
  override readonly name = "StoreError";
}

/** Keys consist of such parts with slashes between. */
const KEY = /^[a-z0-9][a-zA-Z0-9._-]*(\/[a-z0-9][a-zA-Z0-9._-]*)*$/;

/**
 * Checks a key.
 *
 * @throws {TypeError} If it could name something outside of the store.
 */
export function checkKey(key: string): string {
  if (KEY.test(key) && !key.includes("..")) return key;
  throw new TypeError(`Cannot use "${key}" as a key of a store`);
}
