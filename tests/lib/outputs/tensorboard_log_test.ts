import assert from "node:assert/strict";
import { basename } from "node:path";
import { crc32c, maskedCrc32c } from "../../../lib/files/crc32c.ts";
import { OutputError } from "../../../lib/files/output_error.ts";
import { statisticsScalars, TensorboardLog } from "../../../lib/outputs/tensorboard_log.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";

/** A field of a message: an integer, the bits of a number, or the bytes of a text or message. */
type Field = readonly [field: number, value: number | bigint | Uint8Array];

/** Reads the payloads of TFRecords, comparing both checksums of each. */
function readRecords(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: Uint8Array[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const length = Number(view.getBigUint64(offset, true));
    const data = bytes.subarray(offset + 12, offset + 12 + length);
    assert.equal(
      view.getUint32(offset + 8, true),
      maskedCrc32c(bytes.subarray(offset, offset + 8)),
    );
    assert.equal(view.getUint32(offset + 12 + length, true), maskedCrc32c(data));
    records.push(data);
    offset += 16 + length;
  }
  return records;
}

/** Reads a message of the protocol buffers wire format. */
function readMessage(bytes: Uint8Array): Field[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fields: Field[] = [];
  let offset = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n;; shift += 7n) {
      const byte = bytes[offset++]!;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (offset < bytes.length) {
    const key = Number(varint());
    const type = key & 7;
    if (type === 0) {
      fields.push([key >> 3, varint()]);
    } else if (type === 1) {
      fields.push([key >> 3, view.getFloat64(offset, true)]);
      offset += 8;
    } else if (type === 5) {
      fields.push([key >> 3, view.getFloat32(offset, true)]);
      offset += 4;
    } else {
      assert.equal(type, 2);
      const end = Number(varint()) + offset;
      fields.push([key >> 3, bytes.subarray(offset, end)]);
      offset = end;
    }
  }
  return fields;
}

const decoder = new TextDecoder();

async function readEvents(path: string): Promise<Field[][]> {
  return readRecords(await Deno.readFile(path)).map(readMessage);
}

function readScalars(summary: Field): Record<string, number> {
  const values = readMessage(summary[1] as Uint8Array).map(([field, value]) => {
    assert.equal(field, 1);
    const [tag, simple] = readMessage(value as Uint8Array);
    assert.deepEqual([tag![0], simple![0]], [1, 2]);
    return [decoder.decode(tag![1] as Uint8Array), simple![1]];
  });
  return Object.fromEntries(values);
}

Deno.test("crc32c() gives the checksums of known vectors", () => {
  // Source: RFC 3720, appendix B.4, and the check value of the catalogue of CRC algorithms.
  assert.equal(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(new Uint8Array(32).fill(255)), 0x62a8ab43);
  assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e);
  assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, i) => 31 - i)), 0x113fdb5c);
});

Deno.test("TensorboardLog begins with the bytes that TensorFlow writes", async () => {
  await inTemporaryFolder(async (folder) => {
    using log = await TensorboardLog.open(folder, { time: 1_700_000_000_500 });
    const bytes = await Deno.readFile(log.path);
    // Length 24 and its masked checksum are the first twelve bytes of event files of TensorFlow.
    assert.deepEqual([...bytes.subarray(0, 12)], [24, 0, 0, 0, 0, 0, 0, 0, 0xa3, 0x7f, 0x4b, 0x22]);
    assert.equal(bytes.length, 40);
  });
});

Deno.test("TensorboardLog appends scalars as events", async () => {
  await inTemporaryFolder(async (folder) => {
    const time = 1_700_000_000_500;
    using log = await TensorboardLog.open(folder, { time });
    assert.match(basename(log.path), /^events\.out\.tfevents\.1700000000\.[A-Za-z0-9._-]+$/);
    await log.append(1, { "loss/fft": 0.25, größe: -3 }, time + 250);
    await log.append(10_001, { nan: NaN, infinite: -Infinity, empty: 0 }, time + 500);
    const [version, first, second, ...others] = await readEvents(log.path);
    assert.deepEqual(others, []);
    assert.deepEqual(version![0], [1, 1_700_000_000.5]);
    assert.equal(version![1]![0], 3);
    assert.equal(decoder.decode(version![1]![1] as Uint8Array), "brain.Event:2");
    assert.deepEqual(first!.slice(0, 2), [[1, 1_700_000_000.75], [2, 1n]]);
    assert.equal(first![2]![0], 5);
    assert.deepEqual(readScalars(first![2]!), { "loss/fft": 0.25, größe: -3 });
    assert.deepEqual(second![1], [2, 10_001n]);
    assert.deepEqual(readScalars(second![2]!), { nan: NaN, infinite: -Infinity, empty: 0 });
  });
});

Deno.test("TensorboardLog continues a run in a new file and voids later steps", async () => {
  await inTemporaryFolder(async (folder) => {
    const time = 1_700_000_000_000;
    using log = await TensorboardLog.open(folder, { time });
    await log.append(1, { loss: 1 });
    await log.append(2, { loss: 2 });
    using resumed = await TensorboardLog.open(folder, { time, resumeStep: 1 });
    assert.equal(resumed.path, `${log.path}.2`);
    await resumed.append(2, { loss: 3 });
    assert.equal((await readEvents(log.path)).length, 3, "the earlier file stays as it is");
    const [, restart, step] = await readEvents(resumed.path);
    assert.deepEqual(restart![1], [2, 2n]);
    assert.equal(restart![2]![0], 7);
    assert.deepEqual(readMessage(restart![2]![1] as Uint8Array), [[1, 1n]]);
    assert.deepEqual(readScalars(step![2]!), { loss: 3 });
  });
});

Deno.test("TensorboardLog makes its folder, and says why it cannot", async () => {
  await inTemporaryFolder(async (folder) => {
    using log = await TensorboardLog.open(`${folder}/a/tensorboard`);
    await assert.rejects(TensorboardLog.open(log.path), OutputError);
  });
});

Deno.test("statisticsScalars() uses SD-piXL's names", () => {
  const statistics = {
    variance: 1,
    normalizedVariance: 2,
    entropy: 3,
    normalizedEntropy: 4,
    maxProbability: 5,
  };
  assert.deepEqual(statisticsScalars(statistics), {
    average_variance: 1,
    average_normalized_variance: 2,
    average_entropy: 3,
    average_normalized_entropy: 4,
    max_prob: 5,
  });
});
