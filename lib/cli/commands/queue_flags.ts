import { STORE_VARIABLES } from "../../queue/bucket_address.ts";
import type { StoreOptions } from "../../queue/open_store.ts";
import {
  parseServerAddress,
  PASSWORD_VARIABLE,
  type ServerAddress,
} from "../../queue/server_address.ts";
import type { FlagsOf } from "../flags/flag_table.ts";
import { UsageError } from "../flags/flag.ts";

/**
 * Reads the address of the queue; its password may be in the environment.
 *
 * @param action What needs it, for the message. Default: no matter.
 * @throws {UsageError} If there is none.
 * @throws {AddressError} If it is no address.
 */
export function serverAddressOf(
  { queue }: { readonly queue?: string },
  action: string = "Cannot use a queue",
): ServerAddress {
  if (queue === undefined) {
    throw new UsageError(`${action}: expected --queue with an address such as redis://host:6379`);
  }
  const address = parseServerAddress(queue);
  const password = address.password ?? variable(PASSWORD_VARIABLE);
  return { ...address, password };
}

/** Returns the keys of an S3-compatible store from the environment. */
export function storeOptions(): StoreOptions {
  const values = STORE_VARIABLES.map((name) => [name, variable(name)] as const);
  return { variables: Object.fromEntries(values) };
}

function variable(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch {
    return undefined;
  }
}

/**
 * Refuses flags that ask for what workers do not do.
 *
 * @throws {UsageError} If there are such flags.
 */
export function refuseForQueue(flags: FlagsOf<"generate">): void {
  const refused = [
    ["--resume", flags.resume],
    ["--make-video", flags.makeVideo],
    ["--frames", flags.frames],
    ["--verbose", flags.verbose],
    ["--tensorboard", flags.tensorboard],
    ["--score", flags.score],
    ["--output", flags.output],
    ["--inventory", flags.inventory],
    ["--runtime", flags.runtime],
    ["--batch", flags.batch],
    ["--mask", flags.mask],
    ["--keep", flags.keep],
    ["--importance", flags.importance],
    ["--download", flags.download ?? flags.forceDownload],
  ].flatMap(([name, value]) => value === undefined ? [] : [name]);
  if (refused.length === 0) return;
  throw new UsageError(
    `Cannot use ${refused.join(", ")} with --queue: the workers make the pictures; leave it out`,
  );
}
