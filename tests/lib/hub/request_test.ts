import assert from "node:assert/strict";
import { HubError } from "../../../lib/hub/hub_error.ts";
import { openHubModel } from "../../../lib/hub/hub_model.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";
import { bytesOf, FakeHub } from "./fake_hub.ts";

const FILES = { "config.json": "{}", "diffusion_pytorch_model.safetensors": bytesOf(3000, 3) };
const TOKEN = "hf_secret";

Deno.test("the token goes to the Hub and not to the store to which it redirects", async () => {
  await inTemporaryFolder(async (cache) => {
    await using hub = new FakeHub(FILES);
    await openHubModel("a/b", hub.options(cache, { download: true, token: TOKEN }));
    const sent = (server: string) =>
      hub.seen.filter((request) => request.server === server)
        .map(({ authorization }) => authorization);
    assert.deepEqual(sent("hub"), ["Bearer hf_secret", "Bearer hf_secret", "Bearer hf_secret"]);
    assert.deepEqual(sent("store"), [null]);
    assert.equal(
      hub.seen.at(-1)!.query === "" || hub.seen.at(-1)!.query === "?signature=secret",
      true,
    );
  });
});

Deno.test("the token follows a redirect on the Hub itself, but does not come back from elsewhere", async () => {
  await inTemporaryFolder(async (cache) => {
    await using hub = new FakeHub(FILES);
    const redirect = (location: string) =>
      new Response(null, { status: 307, headers: { location } });
    hub.fault = ({ server, path, query }) => {
      if (server === "hub" && path.endsWith("config.json")) {
        return query === ""
          ? redirect("?moved=1")
          : query === "?moved=1"
          ? redirect(`${hub.store}/away`)
          : new Response("{}");
      }
      return path === "/away" ? redirect(`${hub.endpoint}/config.json?back=1`) : undefined;
    };
    await openHubModel("a/b", hub.options(cache, { download: true, token: TOKEN }));
    const way = hub.seen.filter(({ path }) => path === "/away" || path.endsWith("config.json"));
    assert.deepEqual(
      way.map(({ server, query, authorization }) => [server, query, authorization]),
      [
        ["hub", "", "Bearer hf_secret"],
        ["hub", "?moved=1", "Bearer hf_secret"],
        ["store", "", null],
        ["hub", "?back=1", null],
      ],
    );
  });
});

Deno.test("no token is sent if there is none", async () => {
  await inTemporaryFolder(async (cache) => {
    await using hub = new FakeHub(FILES);
    await openHubModel("a/b", hub.options(cache, { download: true }));
    assert.equal(hub.seen.every(({ authorization }) => authorization === null), true);
  });
});

Deno.test("errors show neither the token nor signed addresses", async () => {
  await inTemporaryFolder(async (cache) => {
    await using hub = new FakeHub(FILES);
    hub.fault = ({ server }) =>
      server === "store" ? new Response(null, { status: 403 }) : undefined;
    await assert.rejects(
      openHubModel("a/b", hub.options(cache, { download: true, token: TOKEN })),
      (error: HubError) => {
        assert.equal(error.status, 403);
        assert.match(error.message, /check that HF_TOKEN is a valid token/);
        assert.doesNotMatch(`${error.message} ${error.url}`, /secret/);
        return error instanceof HubError;
      },
    );
  });
});

Deno.test("redirects to other kinds of addresses, and without end, are refused", async () => {
  await inTemporaryFolder(async (cache) => {
    await using hub = new FakeHub(FILES);
    const options = hub.options(cache, { download: true, token: TOKEN });
    hub.fault = () =>
      new Response(null, { status: 302, headers: { location: "file:///etc/passwd" } });
    await assert.rejects(
      openHubModel("a/b", options),
      /expected a redirect to an http: address, got one to file:/,
    );
    hub.fault = () => new Response(null, { status: 302, headers: { location: "?again" } });
    await assert.rejects(openHubModel("a/b", options), /more than 10 redirects/);
    // From a safe connection to an open one.
    const fetch = () =>
      Promise.resolve(new Response(null, { status: 302, headers: { location: "http://x.org/" } }));
    const settings = { ...options.settings!, endpoint: "https://hub.example" };
    await assert.rejects(
      openHubModel("a/b", { ...options, settings, fetch }),
      /expected a redirect to an https: address, got one to http:/,
    );
  });
});
