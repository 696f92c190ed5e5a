import assert from "node:assert/strict";
import { decodeTree, encodeTree, parseModelInfo } from "../../../lib/hub/repo_listing.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const SHA1 = "b".repeat(40);
const SHA256 = "c".repeat(64);
const INFO = {
  sha: COMMIT,
  siblings: [
    { rfilename: "unet/config.json", size: 519, blobId: SHA1 },
    {
      rfilename: "model.safetensors",
      size: 134,
      blobId: SHA1,
      lfs: { sha256: SHA256, size: 5_135_149_760, pointerSize: 135 },
    },
  ],
};
const LISTING = {
  commit: COMMIT,
  files: [
    { path: "unet/config.json", byteLength: 519, gitHash: SHA1 },
    { path: "model.safetensors", byteLength: 5_135_149_760, gitHash: SHA1, sha256: SHA256 },
  ],
};

Deno.test("parseModelInfo() reads sizes and hashes of plain and large files", () => {
  assert.deepEqual(parseModelInfo(INFO), LISTING);
});

Deno.test("parseModelInfo() skips paths that leave the folder", () => {
  const paths = ["../x", "/etc/x", "a/../../x", "a//b", "a\\..\\x", "C:x", "a/./b", "a\u0000b", ""];
  const siblings = paths.map((rfilename) => ({ rfilename, size: 1, blobId: SHA1 }));
  assert.deepEqual(parseModelInfo({ sha: COMMIT, siblings }).files, []);
});

Deno.test("parseModelInfo() refuses answers of another form", () => {
  const [file] = INFO.siblings;
  const cases: [unknown, RegExp][] = [
    [null, /expected an object, got null/],
    [[], /expected an object/],
    [{ ...INFO, sha: "main" }, /expected a commit, got "main"/],
    [{ sha: COMMIT }, /expected a list of files, got nothing/],
    [{ sha: COMMIT, siblings: [{ ...file, size: -1 }] }, /expected the size of .* got -1/],
    [{ sha: COMMIT, siblings: [{ ...file, size: 1e300 }] }, /expected the size of/],
    [{ sha: COMMIT, siblings: [{ ...file, blobId: "../x" }] }, /expected the SHA-1 of/],
    [
      { sha: COMMIT, siblings: [{ ...file, lfs: { sha256: "x", size: 1 } }] },
      /expected the SHA-256 of/,
    ],
  ];
  for (const [value, message] of cases) assert.throws(() => parseModelInfo(value), message);
});

Deno.test("encodeTree() writes the Python library's list, which decodeTree() reads", () => {
  // Source of the form: huggingface_hub 2.0, _tree_cache.py.
  assert.deepEqual(JSON.parse(encodeTree(LISTING)), {
    format_version: 1,
    files: {
      "model.safetensors": {
        size: 5_135_149_760,
        blob_id: SHA1,
        lfs_sha256: SHA256,
        lfs_size: 5_135_149_760,
      },
      "unet/config.json": { size: 519, blob_id: SHA1 },
    },
  });
  const decoded = decodeTree(encodeTree(LISTING), COMMIT)!;
  assert.deepEqual(decoded.files.toSorted((a) => a.sha256 ? 1 : -1), LISTING.files);
  assert.equal(decodeTree("{", COMMIT), undefined);
  assert.equal(decodeTree(`{"format_version":2,"files":{}}`, COMMIT), undefined);
});
