import { createClient, type RedisClientType } from "npm:@redis/client@6.3.1";
import { addressText, type ServerAddress } from "./server_address.ts";
import { QueueError } from "./queue_error.ts";

/** A connection to a server. */
export type RedisClient = RedisClientType;

/** Time in which a server must answer at first. */
const FIRST_ANSWER_MS = 10_000;
/** Longest time between two attempts to connect again. */
const MAX_RETRY_MS = 2000;

/**
 * Connects to a Redis or Valkey server. After a failure it connects again and again, and commands
 * wait until it has.
 *
 * @param onState Called with false when the server is lost, and with true when it is back.
 * @throws {QueueError} If the server does not answer within 10 s, or refuses the password.
 */
export async function connectServer(
  address: ServerAddress,
  onState: (isConnected: boolean) => void = () => {},
): Promise<RedisClient> {
  const { host, port, database, tls, user, password } = address;
  const socket = { host: host.replace(/^\[|\]$/g, ""), port, connectTimeout: FIRST_ANSWER_MS };
  const reconnectStrategy = (retries: number) => Math.min(100 * 2 ** retries, MAX_RETRY_MS);
  const client = withHarmlessErrors(createClient({
    socket: tls ? { ...socket, reconnectStrategy, tls: true } : { ...socket, reconnectStrategy },
    database,
    // It would read an environment variable.
    maintNotifications: "disabled",
    // So that a cut cable is noticed, which closes no connection.
    pingInterval: 5000,
    ...user === undefined ? {} : { username: user },
    ...password === undefined ? {} : { password },
  }) as RedisClient);
  // It is told only when it is lost, and when it is back.
  let isConnected = true;
  let hasAnswered = false;
  let lastError: Error | undefined;
  const tell = (now: boolean) => {
    if (now === isConnected) return;
    isConnected = now;
    if (hasAnswered) onState(now);
  };
  client.on("error", (error: Error) => {
    lastError = error;
    tell(false);
  });
  client.on("ready", () => {
    tell(true);
    hasAnswered = true;
  });
  try {
    await within(client.connect(), FIRST_ANSWER_MS, () => lastError);
  } catch (cause) {
    if (client.isOpen) client.destroy();
    throw new QueueError(
      `Cannot reach the queue at ${addressText(address)}: ${reasonOf(cause)}; ` +
        "is a Redis or Valkey server running there?",
      { cause },
    );
  }
  return client;
}

/**
 * Keeps an error event from ending the process: of a client, and of those that BullMQ duplicates
 * from it. BullMQ passes the event on to its own object, which throws when nobody listens there any
 * more; the client's ping, which is late when a server is slow, then rejects where nobody catches.
 */
function withHarmlessErrors(client: RedisClient): RedisClient {
  const emit = client.emit.bind(client);
  client.emit = (name: string | symbol, ...values: unknown[]) => {
    try {
      return emit(name, ...values);
    } catch (error) {
      if (name !== "error") throw error;
      return false;
    }
  };
  const duplicate = client.duplicate.bind(client);
  client.duplicate =
    ((...options: Parameters<typeof duplicate>) =>
      withHarmlessErrors(duplicate(...options) as RedisClient)) as typeof client.duplicate;
  return client;
}

/** Time for the answers that are on their way, in milliseconds. */
const CLOSE_MS = 2000;

/** Closes a connection: after the last answers, unless the server is lost. */
export async function closeClient(client: RedisClient): Promise<void> {
  if (!client.isOpen) return;
  try {
    await within(client.close(), CLOSE_MS, () => undefined);
  } catch {
    if (client.isOpen) client.destroy();
  }
}

async function within<T>(promise: Promise<T>, ms: number, error: () => unknown): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(error() ?? new Error("it does not answer")), ms);
  try {
    promise.catch(() => undefined);
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function reasonOf(cause: unknown): string {
  const code = (cause as { code?: string }).code;
  if (code === "ECONNREFUSED") return "the connection was refused";
  if (code === "ENOTFOUND") return "there is no such host";
  return cause instanceof Error && cause.message !== "" ? cause.message : String(cause);
}
