import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { joined } from "../../../pcap/formats/testing/samples.ts";
import { writePcap } from "../../../pcap/formats/write-pcap.ts";
import { blockOf } from "../../../pcap/testing/frames.ts";
import { areInstalled } from "../../../pcap/testing/programs.ts";
import { talk } from "../../../pcap/testing/talk.ts";
import { Dissector, type DissectorLimits } from "./dissector.ts";

const CAPTURE = await captureOf(['GET /<a>&"b"\' HTTP/1.1\r\nHost: x\r\n\r\n']);

async function captureOf(texts: readonly string[]): Promise<Uint8Array> {
  const played = talk();
  for (const text of texts) played.say(0, text);
  return joined(writePcap([blockOf(played.frames)]).bytes);
}

function dissector(limits: Partial<DissectorLimits> = {}): Dissector {
  const made = new Dissector(limits);
  onTestFinished(() => made[Symbol.asyncDispose]());
  return made;
}

/** A program that stands where tshark is looked for: a script of the shell. */
function programOf(script: string): string {
  const folder = mkdtempSync(join(tmpdir(), "metron-dissector-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const program = join(folder, "tshark");
  writeFileSync(program, `#!/bin/sh\n${script}\n`);
  chmodSync(program, 0o755);
  return program;
}

const read = (json: Uint8Array) => JSON.parse(Buffer.from(json).toString());
const failure = (made: Promise<unknown>) => made.catch((error: unknown) => error);

test.skipIf(!areInstalled("tshark"))("packets become the tree that tshark makes of them", async () => {
  const { packets } = read(await dissector().pdml(CAPTURE));
  expect(packets).toHaveLength(1);
  const http = packets[0].protos.find(({ name }: { name: string }) => name === "http");
  const [line] = http.fields;
  expect(line.show).toContain("/<a>&");
  expect(line.fields.map(({ name }: { name: string }) => name)).toContain("http.request.method");
});

test.skipIf(!areInstalled("tshark"))("there is one process at a time, and so many wait", async () => {
  const asked = dissector({ waiting: 2 });
  const made = [asked.pdml(CAPTURE), asked.pdml(CAPTURE), asked.pdml(CAPTURE)];
  expect(() => asked.pdml(CAPTURE)).toThrow(
    expect.objectContaining({
      code: "TOO_BUSY",
      message: "making PDML of packets: 2 others are waiting for tshark already",
    }),
  );
  await Promise.all(made);
  expect(read(await asked.pdml(CAPTURE)).packets).toHaveLength(1);
});

test("processes follow one another", async () => {
  const folder = mkdtempSync(join(tmpdir(), "metron-dissector-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  // A folder can be made once, so the second that runs at the same time fails.
  const program = programOf(
    `mkdir "${folder}/runs" || exit 3; cat > /dev/null; echo "<pdml/>"; sleep 0.2; rmdir "${folder}/runs"`,
  );
  const asked = dissector({ program });
  const made = await Promise.all([asked.pdml(CAPTURE), asked.pdml(CAPTURE), asked.pdml(CAPTURE)]);
  expect(made.map(read)).toEqual([{}, {}, {}]);
});

test("where tshark is missing, that is said with what to do", async () => {
  expect(await failure(dissector({ program: "/nowhere/tshark" }).pdml(CAPTURE))).toMatchObject({
    code: "PROGRAM_MISSING",
    message: expect.stringContaining("package `tshark`"),
  });
});

test("a tshark that does not end is ended, and the next page has its turn", async () => {
  const program = programOf(
    'if [ -e "$0.once" ]; then echo "<pdml/>"; else : > "$0.once"; exec sleep 1000; fi',
  );
  const asked = dissector({ program, longest: 3_000 });
  const [stuck, next] = await Promise.all([failure(asked.pdml(CAPTURE)), failure(asked.pdml(CAPTURE))]);
  expect(stuck).toMatchObject({
    code: "SEARCH_LIMIT",
    message: expect.stringMatching(/tshark took longer than 3 s; take the packets with `metron pcap export`/),
  });
  expect(read(next as Uint8Array)).toEqual({});
});

test("a tshark that writes without end is ended", async () => {
  const program = programOf("echo '<pdml>'; exec yes '<packet></packet>'");
  expect(await failure(dissector({ program, bytes: 1_000_000 }).pdml(CAPTURE))).toMatchObject({
    code: "SEARCH_LIMIT",
    message: expect.stringContaining("tshark writes more than 1000000 bytes"),
  });
});

test("a tree that does not fit into memory ends its thread alone", async () => {
  const program = programOf("echo '<pdml>'; exec yes '<field name=\"a\" show=\"b\"/>'");
  expect(await failure(dissector({ program, megabytes: 20, bytes: 1e9 }).pdml(CAPTURE))).toMatchObject({
    code: "SEARCH_LIMIT",
    message: expect.stringContaining("more than 20 MB of memory"),
  });
});

test("a tree that is too deep is told as such", async () => {
  const program = programOf("cat > /dev/null; echo '<pdml>'; yes '<field>' | head -n 20000");
  expect(await failure(dissector({ program }).pdml(CAPTURE))).toMatchObject({
    code: "SEARCH_LIMIT",
    message: expect.stringContaining("fields lie in each other too deep"),
  });
});

test("what tshark says of its mistake is told", async () => {
  const program = programOf("echo 'tshark: no such thing' >&2; exit 2");
  expect(await failure(dissector({ program }).pdml(CAPTURE))).toMatchObject({
    code: "INPUT_UNREADABLE",
    message: "making PDML of packets: tshark ended with 2: tshark: no such thing",
  });
});

test("a page that nobody waits for any more is not made, and one that is made ends", async () => {
  const asked = dissector({ program: programOf("exec sleep 1000") });
  const first = new AbortController();
  const second = new AbortController();
  const made = [failure(asked.pdml(CAPTURE, first.signal)), failure(asked.pdml(CAPTURE, second.signal))];
  second.abort(new Error("second went"));
  first.abort(new Error("first went"));
  expect(await Promise.all(made)).toEqual([new Error("first went"), new Error("second went")]);
});

test("a platform that stops does not wait for tshark", async () => {
  const asked = new Dissector({ program: programOf("exec sleep 1000") });
  const made = failure(asked.pdml(CAPTURE));
  await asked[Symbol.asyncDispose]();
  expect(await made).toMatchObject({ message: "making PDML of packets: the platform is stopping" });
});
