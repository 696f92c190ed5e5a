import { HubError } from "./hub_error.ts";
import { type HubFile, type HubListing, parseModelInfo } from "./repo_listing.ts";
import { type HubClient, requestHub } from "./request.ts";
import { withRetries } from "./retry.ts";

/**
 * Asks the Hub for the files of a repository, with sizes and hashes.
 *
 * @param revision Branch, tag or commit.
 * @throws {HubError} If the Hub does not answer with such a list.
 */
export async function fetchListing(
  client: HubClient,
  { repo, revision }: { repo: string; revision: string },
  signal?: AbortSignal,
): Promise<HubListing> {
  const path = `/api/models/${repo}/revision/${encodeURIComponent(revision)}?blobs=true`;
  const url = `${client.endpoint}${path}`;
  const text = await withRetries(client.retry, signal, async () => {
    const response = await requestHub(client, { repo, path, ...(signal ? { signal } : {}) });
    return await readText(response, url);
  });
  try {
    return parseModelInfo(JSON.parse(text));
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new HubError(`Cannot use the answer of ${url}: ${detail}`, { url, cause });
  }
}

async function readText(response: Response, url: string): Promise<string> {
  try {
    return await response.text();
  } catch (cause) {
    const message = `Cannot read the answer of ${url}: the transfer was cut off`;
    throw new HubError(message, { url, cause, isTransient: true });
  }
}

/** Returns the path of a file's content below the endpoint, encoded. */
export function resolvePath(repo: string, commit: string, file: HubFile): string {
  const path = file.path.split("/").map(encodeURIComponent).join("/");
  return `/${repo}/resolve/${commit}/${path}`;
}
