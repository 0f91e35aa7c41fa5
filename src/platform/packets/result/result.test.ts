import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import type { StoredInterface, StoredPackets } from "../../../storage/packets/contract.ts";
import { packetsOf } from "../../../storage/packets/testing/traffic.ts";
import { exportPackets, type Provenance } from "../export.ts";
import { RESULT, type ResultPlace } from "./result-files.ts";
import { openResultReader } from "./result-reader.ts";
import { openResultWriter } from "./result-writer.ts";

/** The files of a result, as the thread of a query writes them and others read them meanwhile. */
const START = 1_700_000_000_000_000;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "packet-result-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

function blockOf(payloads: readonly string[], micros: (row: number) => number): StoredPackets {
  const made = payloads.map((payload, row) => ({
    ...{ micros: micros(row), version: 4 as const, source: 1, destination: 2 },
    ...{ sourcePort: 1000, destinationPort: 53, payload: Buffer.from(payload) },
  }));
  const seen: StoredInterface[] = [{ linkType: 1, snapLength: 0, capture: "test" }];
  return { ...packetsOf(made), seen };
}

const LATER_FIRST = ["third", "second", "first"];

async function write(
  secret: string | undefined,
  payloads: readonly string[],
  finish = true,
  micros = (row: number) => START - row,
) {
  using writer = openResultWriter({ id: "one", folder, secret });
  await writer.write([blockOf(payloads, micros)]);
  if (finish) writer.finish();
  return writer.written;
}

async function read(place: Partial<ResultPlace>): Promise<string[]> {
  await using reader = await openResultReader({
    ...{ id: "one", folder, secret: undefined, count: 3, hasEnded: true },
    ...place,
  });
  const found: string[] = [];
  for await (const { bytes, count, starts, captured } of reader.read([0, 1, 2]))
    for (let row = 0; row < count; row++) {
      const start = starts[row] ?? 0;
      found.push(Buffer.from(bytes.subarray(start + 42, start + (captured[row] ?? 0))).toString());
    }
  return found;
}

test("packets keep their numbers for whoever began to read before the query ended", async () => {
  await write(undefined, LATER_FIRST);
  expect(await read({ hasEnded: false })).toEqual(LATER_FIRST);
  expect(await read({ hasEnded: true })).toEqual([...LATER_FIRST].reverse());
});

test("a result that ended before it was put in order is read as it was found", async () => {
  await write("a secret", LATER_FIRST, false);
  expect(await read({ secret: "a secret", hasEnded: true })).toEqual(LATER_FIRST);
});

test("the files that are put in order count as what a result takes", async () => {
  const { size } = await write(undefined, LATER_FIRST);
  const sizes = [RESULT.packets, RESULT.rows, RESULT.sorted].map(
    (name) => readFileSync(join(folder, name)).length,
  );
  expect(size).toBe(sizes.reduce((sum, length) => sum + length, 0));
});

test("a query that begins again encrypts with another key: its files do not tell of each other", async () => {
  const runs: Buffer[] = [];
  for (const payloads of [
    ["the first result!", "", ""],
    ["another, later on", "", ""],
  ]) {
    await write("a secret", payloads, true, (row) => START + row);
    expect(await read({ secret: "a secret" })).toEqual(payloads);
    runs.push(readFileSync(join(folder, RESULT.packets)));
    rmSync(folder, { recursive: true });
    folder = mkdtempSync(join(tmpdir(), "packet-result-"));
  }
  const [one = Buffer.alloc(0), other = Buffer.alloc(0)] = runs;
  // Most of both files is the same, so it would be where key and counter are.
  const same = one.filter((byte, at) => byte === other[at]).length;
  expect(same).toBeLessThan(one.length / 10);
});

test("a result whose files are cut off, or gone, says so and is not read in part", async () => {
  await write(undefined, LATER_FIRST);
  const [packets, rows] = [RESULT.packets, RESULT.rows].map((name) => join(folder, name)) as [string, string];
  truncateSync(packets, statSync(packets).size - 40);
  await expect(read({ hasEnded: false })).rejects.toMatchObject({
    code: "INPUT_UNREADABLE",
    message: expect.stringMatching(/its files end before byte \d+ of its packets; ask again/),
  });
  truncateSync(rows, 32);
  await expect(read({ hasEnded: false })).rejects.toMatchObject({
    message: expect.stringContaining("its files end before packet 2 of 3"),
  });
  rmSync(packets);
  await expect(read({ hasEnded: false })).rejects.toMatchObject({ code: "RESULT_EXPIRED" });
});

test("no more of a result is read than is taken of it", async () => {
  const payload = "x".repeat(1000);
  const count = 20_000;
  using writer = openResultWriter({ id: "one", folder, secret: undefined });
  for (let row = 0; row < count; row += 1000)
    await writer.write([blockOf(new Array(1000).fill(payload), (at) => START + row + at)]);
  writer.finish();
  await using reader = await openResultReader({
    id: "one",
    folder,
    secret: undefined,
    count,
    hasEnded: true,
  });
  let asked = 0;
  function* rows() {
    for (let row = 0; row < count; row++) {
      asked = row;
      yield row;
    }
  }
  const provenance: Provenance = {
    query: { id: "one", by: "a", at: 0, summary: "all", state: "finished", isCut: false, problems: [] },
    ...{ by: "a", at: 0, part: undefined },
  };
  const { chunks } = exportPackets(reader, rows, "pcap", provenance);
  // The kind of link that most have is found first, by the rows alone.
  for (let chunk = 0; chunk < 4; chunk++) expect((await chunks.next()).done).toBe(false);
  expect(asked).toBeLessThan(count / 2);
  await chunks.return(undefined);
});
