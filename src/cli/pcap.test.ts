import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pcapOf, sampleRows } from "../pcap/formats/testing/samples.ts";
import { openTestFolder } from "./testing/run-cli.ts";

test("finds packets by command line, lists them once each, writes them, and says what is wrong", async () => {
  using folder = openTestFolder();
  await using _platform = await folder.up({ "metron.yaml": "workers: 1\n" });
  const file = folder.file("some.pcap", await pcapOf(sampleRows(300)));
  expect(await folder.metron(["capture", "--packets-only", file])).toMatchObject({ status: 0 });

  const listed = await folder.metron(["pcap", "inspect", "--json", "--count", "1000"]);
  const numbers = listed.out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).number);
  expect(numbers).toEqual(Array.from({ length: 300 }, (_, index) => index + 1));
  expect(listed.err).toContain("300 packets");

  const prefix = join(folder.path, "part");
  const pages = ["pcap", "query", "--prefix", prefix, "--records-per-file", "120"];
  expect(await folder.metron(pages)).toMatchObject({
    status: 0,
    err: expect.stringMatching(/SHA-256 [0-9a-f]{64}/),
  });
  const written = readdirSync(folder.path).filter((name) => name.startsWith("pcap-data-part+"));
  expect(written.sort()).toEqual([1, 2, 3].map((page) => `pcap-data-part+000${page}.pcap`));
  expect(readFileSync(join(folder.path, written[0] ?? "")).readUInt32LE(16)).toBeGreaterThan(0);
  expect(await folder.metron(pages)).toMatchObject({ status: 2, err: expect.stringContaining("already") });

  const wrong = await folder.metron(["pcap", "inspect", "--bpf", "tcp prot 80"]);
  expect(wrong).toMatchObject({ status: 2, err: expect.stringContaining("  tcp prot 80\n      ^^^^\n") });
  const backwards = ["pcap", "inspect", "--start", "2026-01-02", "--end", "2026-01-01"];
  expect(await folder.metron(backwards)).toMatchObject({
    status: 2,
    err: expect.stringContaining("before it begins"),
  });
}, 240_000);
