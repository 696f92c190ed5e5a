import { accessErrorText } from "../text/access_error.ts";
import { IdleTimeout } from "../http/idle_timeout.ts";
import { defined } from "../text/defined.ts";
import { HubError } from "./hub_error.ts";
import { readRetryAfter, type RetryPolicy } from "./retry.ts";

/** Connection to the Hub. */
export interface HubClient {
  /** Address of the Hub, without a slash at the end. */
  readonly endpoint: string;
  /** Access token. */
  readonly token?: string;
  /** Sends requests; the global `fetch`, or a replacement. */
  readonly fetch: typeof fetch;
  /** Number of tries, and time limits. */
  readonly retry: RetryPolicy;
  /** Called with a sentence when a request waits. */
  readonly onNote?: (message: string) => void;
}

/** A request to the Hub. */
export interface HubRequest {
  /** Repository, for messages. */
  readonly repo: string;
  /** Path below the endpoint, encoded, with a leading slash. */
  readonly path: string;
  /** Index of the first byte. Default: 0. */
  readonly start?: number;
  /** Number of bytes; a server may send more. Default: all that follow `start`. */
  readonly length?: number;
  /** Aborts the request. */
  readonly signal?: AbortSignal;
}

const MAX_REDIRECTS = 10;

/**
 * Sends one request to the Hub and follows redirects.
 *
 * The token is sent only to the scheme, host and port of the endpoint. Once a redirect has left
 * them, it is no longer sent, even if a later redirect leads back.
 *
 * @returns A response with status 200 or 206. The caller reads or cancels its body.
 * @throws {HubError} For every other status, and if the server cannot be reached.
 */
export async function requestHub(client: HubClient, request: HubRequest): Promise<Response> {
  const response = await followRedirects(client, request);
  if (response.status === 200 || response.status === 206) return response;
  await response.body?.cancel();
  throw describeStatus(client, request, response);
}

/** Watches a transfer from an address: it is aborted if the server is silent, which is noted. */
export function watchIdle({ retry, onNote }: HubClient, url: string): IdleTimeout {
  const { host } = new URL(url);
  return new IdleTimeout({
    limit: retry.idleTimeout,
    ...(onNote && {
      onSilence: (seconds) =>
        onNote(`Waiting for data from ${host}; the request ends after ${seconds} more seconds`),
    }),
  });
}

async function followRedirects(client: HubClient, request: HubRequest): Promise<Response> {
  const { path, signal } = request;
  const home = new URL(client.endpoint);
  let url = new URL(`${client.endpoint}${path}`);
  let isHome = true;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    isHome &&= url.origin === home.origin;
    const response = await fetchOnce(client, url, {
      redirect: "manual",
      headers: {
        // An encoded body has neither the size nor the ranges of the file.
        "accept-encoding": "identity",
        ...rangeOf(request),
        ...(client.token !== undefined && isHome
          ? { authorization: `Bearer ${client.token}` }
          : {}),
      },
      ...defined({ signal }),
    });
    const target = response.headers.get("location");
    if (![301, 302, 303, 307, 308].includes(response.status) || target === null) return response;
    await response.body?.cancel();
    url = nextAddress(client, request, { url, target });
  }
  throw new HubError(
    `Cannot download ${addressOf(client, request)}: more than ${MAX_REDIRECTS} redirects`,
    { url: addressOf(client, request) },
  );
}

function rangeOf({ start = 0, length }: HubRequest): { range?: string } {
  if (length === undefined) return start > 0 ? { range: `bytes=${start}-` } : {};
  return { range: `bytes=${start}-${start + length - 1}` };
}

async function fetchOnce(client: HubClient, url: URL, init: RequestInit): Promise<Response> {
  try {
    return await client.fetch(url, init);
  } catch (cause) {
    init.signal?.throwIfAborted();
    // The address of a redirect is signed: only its host is shown.
    const detail = accessErrorText(cause, `--allow-net=${url.host}`);
    if (cause instanceof Deno.errors.NotCapable) {
      throw new HubError(`Cannot reach ${url.host}: ${detail}`, { cause });
    }
    throw new HubError(
      `Cannot reach ${url.host}: ${detail}; check the network, or HF_ENDPOINT`,
      { cause, isTransient: true },
    );
  }
}

function nextAddress(
  client: HubClient,
  request: HubRequest,
  { url, target }: { url: URL; target: string },
): URL {
  const next = URL.parse(target, url);
  const isSafe = next?.protocol === "https:" ||
    (next?.protocol === "http:" && url.protocol === "http:");
  if (next && isSafe) return next;
  const address = addressOf(client, request);
  throw new HubError(
    `Cannot download ${address}: expected a redirect to an ${url.protocol} address, ` +
      `got one to ${next?.protocol ?? "none"}`,
    { url: address },
  );
}

function addressOf(client: HubClient, { path }: HubRequest): string {
  return `${client.endpoint}${path}`;
}

function describeStatus(client: HubClient, request: HubRequest, response: Response): HubError {
  const { status, headers } = response;
  const url = addressOf(client, request);
  const retryAfter = readRetryAfter(headers, Date.now());
  const isTransient = status === 408 || status === 429 || status >= 500;
  return new HubError(`Cannot download ${url}: ${reasonOf(client, request, response)}`, {
    ...defined({ retryAfter }),
    status,
    url,
    isTransient,
  });
}

function reasonOf(client: HubClient, { repo }: HubRequest, response: Response): string {
  const { status, statusText, headers } = response;
  const code = headers.get("x-error-code");
  const page = `${client.endpoint}/${repo}`;
  const answer = `the server answered ${status} ${statusText}`.trim();
  const token = client.token === undefined
    ? "set HF_TOKEN to a token of that account"
    : "check that HF_TOKEN is a valid token of that account";
  if (code === "GatedRepo") {
    return `access is gated (status ${status}): accept the license at ${page} and ${token}`;
  }
  if (status === 401 || status === 403) {
    return `access is denied (status ${status}): the repository is gated, private or does not ` +
      `exist; check its name, accept the license at ${page} and ${token}`;
  }
  if (code === "RevisionNotFound") return `the repository has no such revision (status ${status})`;
  if (code === "EntryNotFound") return `the repository has no such file (status ${status})`;
  if (status === 404) return `there is no such repository, revision or file (status 404)`;
  const wait = readRetryAfter(headers, Date.now());
  if (status === 429 && wait !== undefined) {
    return `${answer}; try again in ${Math.ceil(wait / 1000)} seconds`;
  }
  return answer;
}
