import { join } from "node:path";
import { defined } from "../text/defined.ts";
import { HubError } from "./hub_error.ts";

/** Address of the Hub, folder of the cache, and access. */
export interface HubSettings {
  /** Address of the Hub, without a slash at the end. */
  readonly endpoint: string;
  /** Folder of the cache, which the Python library shares. */
  readonly cacheFolder: string;
  /** Access token. It is sent only to the host of the endpoint. */
  readonly token?: string;
  /** Whether HF_HUB_OFFLINE forbids downloads. */
  readonly isOffline: boolean;
}

/** Environment variables that {@linkcode resolveHubSettings} reads. */
export const HUB_VARIABLES: readonly string[] = [
  "HF_ENDPOINT",
  "HF_HOME",
  "HF_HUB_CACHE",
  "HF_HUB_DISABLE_IMPLICIT_TOKEN",
  "HF_HUB_OFFLINE",
  "HF_TOKEN",
  "HF_TOKEN_PATH",
  "HOME",
  "HUGGINGFACE_HUB_CACHE",
  "HUGGING_FACE_HUB_TOKEN",
  "USERPROFILE",
  "XDG_CACHE_HOME",
];

const DEFAULT_ENDPOINT = "https://huggingface.co";

/** Environment and files from which settings are read. */
export interface HubSettingsSource {
  /** Returns the value of an environment variable; undefined if it is not set or not permitted. */
  variable(name: string): string | undefined;
  /** Returns the text of a file; undefined if it cannot be read. */
  readText(path: string): string | undefined;
}

/**
 * Reads the settings of the Hub as the Python library does.
 *
 * Source: huggingface_hub, `constants.py` and `utils/_auth.py`.
 *
 * @throws {HubError} If the endpoint is not an address, or no cache folder can be derived.
 */
export function resolveHubSettings(source: HubSettingsSource): HubSettings {
  // An empty variable counts as not set.
  const get = (name: string) => source.variable(name)?.trim() || undefined;
  const user = get("HOME") ?? get("USERPROFILE");
  const expand = (path: string | undefined) =>
    path !== undefined && user !== undefined && /^~(?=$|[\\/])/.test(path)
      ? join(user, path.slice(1))
      : path;
  const caches = get("XDG_CACHE_HOME") ?? (user === undefined ? undefined : join(user, ".cache"));
  const home = expand(get("HF_HOME") ?? (caches && join(caches, "huggingface")));
  const cacheFolder = expand(get("HF_HUB_CACHE") ?? get("HUGGINGFACE_HUB_CACHE")) ??
    (home && join(home, "hub"));
  if (!cacheFolder) {
    throw new HubError(
      `Cannot find the cache of the Hugging Face Hub: expected HF_HOME, HF_HUB_CACHE or HOME ` +
        `in the environment (run with --allow-env=${HUB_VARIABLES.join(",")})`,
    );
  }
  const tokenFile = expand(get("HF_TOKEN_PATH")) ?? (home && join(home, "token"));
  const token = isTrue(get("HF_HUB_DISABLE_IMPLICIT_TOKEN"))
    ? undefined
    : get("HF_TOKEN") ?? get("HUGGING_FACE_HUB_TOKEN") ??
      (tokenFile && source.readText(tokenFile)?.trim());
  return {
    endpoint: checkEndpoint(get("HF_ENDPOINT") ?? DEFAULT_ENDPOINT),
    cacheFolder,
    ...defined({ token: token ? checkToken(token) : undefined }),
    isOffline: isTrue(get("HF_HUB_OFFLINE")),
  };
}

function isTrue(value: string | undefined): boolean {
  return value !== undefined && /^(1|on|yes|true)$/i.test(value);
}

/** Checks the address of a Hub and removes final slashes. */
function checkEndpoint(endpoint: string): string {
  const url = URL.parse(endpoint);
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.search || url.hash) {
    throw new HubError(
      `Cannot use HF_ENDPOINT: expected an address such as ${DEFAULT_ENDPOINT}, got "${endpoint}"`,
    );
  }
  return url.href.replace(/\/+$/, "");
}

/** Checks a token. Messages never show it. */
function checkToken(token: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new HubError("Cannot use the token of the Hugging Face Hub: expected letters and digits");
}
