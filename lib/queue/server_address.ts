import { AddressError } from "./queue_error.ts";

/** Where a Redis or Valkey server listens. */
export interface ServerAddress {
  /** Host name or address, as Deno's permissions name it. */
  readonly host: string;
  /** Port. */
  readonly port: number;
  /** Number of the database. */
  readonly database: number;
  /** Whether the connection is encrypted. */
  readonly tls: boolean;
  /** Name of the user; undefined for the default one. */
  readonly user: string | undefined;
  /** Password; undefined for none. */
  readonly password: string | undefined;
}

/** Environment variable with the password of the server, so that no list of processes shows it. */
export const PASSWORD_VARIABLE = "SMALTI_QUEUE_PASSWORD";

/** Environment variables that the clients of the server read when they are loaded. */
export const CLIENT_VARIABLES: readonly string[] = [
  "NODE_ENV",
  "MSGPACKR_NATIVE_ACCELERATION_DISABLED",
];

const HOST = /^([a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])$/i;

/**
 * Reads the address of a server: `redis://host:6379`, or `rediss://` with TLS. A user and a
 * password may stand before the host, the number of a database behind it: `redis://host:6379/2`.
 *
 * @throws {AddressError} If it is none.
 */
export function parseServerAddress(text: string): ServerAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const database = /^\/?(\d{0,4})$/.exec(url?.pathname ?? "x")?.[1];
  const isRead = url !== undefined && /^rediss?:$/.test(url.protocol) && HOST.test(url.hostname) &&
    database !== undefined && url.search === "" && url.hash === "";
  if (!isRead) {
    // It may contain a password.
    const shown = text.replace(/\/\/[^@/]*@/, "//…@");
    throw new AddressError(
      `Cannot use the queue "${shown}": expected an address such as redis://127.0.0.1:6379`,
    );
  }
  const decoded = (part: string) => part === "" ? undefined : decodeURIComponent(part);
  return {
    host: url.hostname.toLowerCase(),
    port: Number(url.port || 6379),
    database: Number(database || 0),
    tls: url.protocol === "rediss:",
    user: decoded(url.username),
    password: decoded(url.password),
  };
}

/** Returns the address without its password, for messages. */
export function addressText({ host, port, database }: ServerAddress): string {
  return `${host}:${port}${database === 0 ? "" : `/${database}`}`;
}
