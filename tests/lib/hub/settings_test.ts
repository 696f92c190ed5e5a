import assert from "node:assert/strict";
import { HUB_VARIABLES, resolveHubSettings } from "../../../lib/hub/settings.ts";

/** Reads settings from variables and files that are given. */
function settings(
  variables: Readonly<Record<string, string>>,
  files: Readonly<Record<string, string>> = {},
) {
  return resolveHubSettings({
    variable: (name) => {
      assert.equal(HUB_VARIABLES.includes(name), true, name);
      return variables[name];
    },
    readText: (path) => files[path.replaceAll("\\", "/")],
  });
}

Deno.test("resolveHubSettings() takes the defaults of the Python library", () => {
  assert.deepEqual(settings({ HOME: "/home/me" }), {
    endpoint: "https://huggingface.co",
    cacheFolder: "/home/me/.cache/huggingface/hub",
    isOffline: false,
  });
  assert.equal(settings({ HOME: "/h", XDG_CACHE_HOME: "/c" }).cacheFolder, "/c/huggingface/hub");
});

Deno.test("resolveHubSettings() takes HF_HOME, and HF_HUB_CACHE before it", () => {
  assert.equal(settings({ HF_HOME: "/hf", HOME: "/h" }).cacheFolder, "/hf/hub");
  assert.equal(settings({ HF_HOME: "~/hf", HOME: "/h" }).cacheFolder, "/h/hf/hub");
  assert.equal(settings({ HF_HOME: "/hf", HUGGINGFACE_HUB_CACHE: "/old" }).cacheFolder, "/old");
  const all = { HF_HOME: "/hf", HUGGINGFACE_HUB_CACHE: "/old", HF_HUB_CACHE: "/new" };
  assert.equal(settings(all).cacheFolder, "/new");
  assert.throws(() => settings({}), /expected HF_HOME, HF_HUB_CACHE or HOME in the environment/);
});

Deno.test("resolveHubSettings() finds the token in HF_TOKEN, then in its file", () => {
  const files = { "/hf/token": "hf_file\n", "/other": "hf_other" };
  assert.equal(settings({ HF_HOME: "/hf" }, files).token, "hf_file");
  assert.equal(settings({ HF_HOME: "/hf", HF_TOKEN: " hf_env\n" }, files).token, "hf_env");
  assert.equal(settings({ HF_HOME: "/hf", HF_TOKEN_PATH: "/other" }, files).token, "hf_other");
  assert.equal(settings({ HF_HOME: "/hf", HF_TOKEN: "" }).token, undefined);
  const none = { HF_HOME: "/hf", HF_TOKEN: "hf_env", HF_HUB_DISABLE_IMPLICIT_TOKEN: "1" };
  assert.equal(settings(none, files).token, undefined);
  assert.throws(
    () => settings({ HF_HOME: "/hf", HF_TOKEN: "two\nlines" }),
    (error: Error) => /Cannot use the token/.test(error.message) && !/lines/.test(error.message),
  );
});

Deno.test("resolveHubSettings() checks HF_ENDPOINT and reads HF_HUB_OFFLINE", () => {
  const at = (endpoint: string) => settings({ HOME: "/h", HF_ENDPOINT: endpoint }).endpoint;
  assert.equal(at("https://mirror.example/hub//"), "https://mirror.example/hub");
  assert.equal(at("http://localhost:8080"), "http://localhost:8080");
  for (const wrong of ["mirror.example", "ftp://x", "https://me:pw@x.org", "https://x.org?a=1"]) {
    assert.throws(() => at(wrong), /Cannot use HF_ENDPOINT: expected an address such as/, wrong);
  }
  assert.equal(settings({ HOME: "/h", HF_HUB_OFFLINE: "1" }).isOffline, true);
  assert.equal(settings({ HOME: "/h", HF_HUB_OFFLINE: "0" }).isOffline, false);
});
