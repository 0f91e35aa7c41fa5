import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { ResponseOf } from "../api/endpoint.ts";
import type { listPacketAccess, PacketQueryState } from "../api/packets.ts";
import { type Actor, LOCAL } from "../core/actor.ts";
import { areInstalled } from "../pcap/testing/programs.ts";
import { SECRET_FILE } from "../platform/testing/stored-talks.ts";
import { HTTP, openPacketServer, type PacketServer } from "./testing/packet-server.ts";
import { refused } from "./testing/platform-server.ts";

/** Taking packets and files away, and who is told of it. */
let server: PacketServer["server"];
let frames: PacketServer["frames"];
let as: PacketServer["as"];
let json: PacketServer["json"];
let found: PacketServer["found"];
beforeAll(async () => {
  ({ server, frames, as, json, found } = await openPacketServer());
}, 60_000);
afterAll(() => server[Symbol.asyncDispose](), 60_000);

test.skipIf(!areInstalled("7z"))("gives files away in a zip that only the password opens", async () => {
  const { id } = await found(HTTP);
  const folder = mkdtempSync(join(tmpdir(), "metron-zip-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const body = { password: "infected" };
  const response = await server.send("POST", `/packets/queries/${id}/objects/1/download`, { body });
  expect(response.headers.get("content-type")).toBe("application/zip");
  writeFileSync(join(folder, "plans.zip"), Buffer.from(await response.arrayBuffer()));
  const unzip = (password: string) =>
    execFileSync("7z", ["x", `-p${password}`, "-y", `-o${folder}/out`, join(folder, "plans.zip")], {
      stdio: "pipe",
    });
  expect(() => unzip("wrong")).toThrow();
  expect(unzip("infected").toString()).toContain("Everything is Ok");
  expect(readFileSync(join(folder, "out/plans.zip"), "latin1")).toBe(SECRET_FILE);
  expect(execFileSync("7z", ["l", "-slt", join(folder, "plans.zip")]).toString()).toContain("AES-256");
});

test.skipIf(!areInstalled("tshark", "tcpdump")).each(["pcapng", "pcap"])(
  "exports %s that tshark and tcpdump read, with its hash",
  async (format) => {
    const { id } = await found({});
    const folder = mkdtempSync(join(tmpdir(), "metron-export-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const fetched = async (query: string) => {
      const response = await server.send("GET", `/packets/queries/${id}/export?format=${format}${query}`);
      expect(response.status).toBe(200);
      const bytes = Buffer.from(await response.arrayBuffer());
      const file = join(folder, `file.${format}`);
      writeFileSync(file, bytes);
      return { bytes, file };
    };
    const { bytes, file } = await fetched("");
    const { exports } = await json<PacketQueryState>("GET", `/packets/queries/${id}`);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    expect(exports).toMatchObject([{ by: "local", bytes: bytes.length, packets: 16, sha256 }]);
    const times = execFileSync("tshark", ["-r", file, "-T", "fields", "-e", "frame.time_epoch"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    expect(
      times
        .toString()
        .trim()
        .split("\n")
        .map((time) => Math.round(Number(time) * 1e6)),
    ).toEqual(frames.map(({ micros }) => micros));
    const one = await fetched("&stream=1&direction=server");
    const lines = execFileSync("tcpdump", ["-nr", one.file], { stdio: ["ignore", "pipe", "ignore"] });
    expect(lines.toString().trim().split("\n")).toHaveLength(3);
    expect(lines.toString()).not.toContain("10.0.0.1.40000 >");
    if (format === "pcap") return;
    const framesHash = createHash("sha256");
    for (const frame of frames) framesHash.update(frame.bytes);
    expect(bytes.toString("latin1")).toContain(
      `16 packets; SHA-256 of their frames, one behind the other: ${framesHash.digest("hex")}.`,
    );
    expect(bytes.toString("latin1")).toContain("Taken by local at ");
  },
);

test.skipIf(process.platform !== "linux")("a download that never begins keeps no file open", async () => {
  const { id } = await found({});
  const openFiles = () =>
    readdirSync("/proc/self/fd").filter((number) => {
      try {
        return readlinkSync(join("/proc/self/fd", number)).includes(id);
      } catch {
        return false;
      }
    });
  const { chunks } = await server.platform.inspection.take(id, { format: "pcap", direction: "both" }, LOCAL);
  await chunks.return(undefined);
  expect(openFiles()).toEqual([]);
});

test("tells an administrator who read payload and who took something away", async () => {
  const { id } = await found(HTTP);
  const reader: Actor = { name: "rita", role: "analyst", packets: "download" };
  await (await as(reader, "GET", `/packets/queries/${id}/packets`)).json();
  await (await as(reader, "GET", `/packets/queries/${id}/streams/1`)).json();
  await (await as(reader, "GET", `/packets/queries/${id}/export`)).arrayBuffer();
  const { entries } = await json<ResponseOf<typeof listPacketAccess>>("GET", "/packets/access");
  const told = entries.filter(({ by }) => by === "rita").map(({ query, what }) => [query, what]);
  expect(told).toEqual([
    [id, expect.stringMatching(/^packets as pcapng, SHA-256 [0-9a-f]{64}$/)],
    [id, "packets as pcapng"],
    [id, "conversation 1"],
  ]);
  expect((await as(reader, "GET", "/packets/access")).status).toBe(403);
});

test("shows of packets what the permission allows", async () => {
  const metadata: Actor = { name: "mia", role: "analyst" };
  const payload: Actor = { name: "pia", role: "analyst", packets: "payload" };
  const none: Actor = { name: "nia", role: "admin", scope: "source.type:web" };
  const { id } = await found(HTTP);
  const looked = await found({ payload: { text: "GET" } });
  const status = async (actor: Actor, path: string) => (await as(actor, "GET", path)).status;
  expect(await status(none, "/packets/queries")).toBe(403);
  expect(await status(metadata, `/packets/queries/${id}/packets`)).toBe(200);
  expect(await status(metadata, `/packets/queries/${id}/streams/1`)).toBe(403);
  expect(await status(payload, `/packets/queries/${id}/streams/1`)).toBe(200);
  expect(await status(payload, `/packets/queries/${id}/export`)).toBe(403);
  // What was found by payload says what is in it.
  expect(await status(metadata, `/packets/queries/${looked.id}/packets`)).toBe(404);
  expect(
    await refused(as(metadata, "POST", "/packets/queries", { body: { payload: { text: "GET" } } })),
  ).toMatchObject({ code: "PERMISSION_NEEDED" });
});

test("removes a query with what it found, for its owner alone", async () => {
  const { id } = await found({});
  const other: Actor = { name: "ann", role: "analyst", packets: "download" };
  expect(await refused(as(other, "DELETE", `/packets/queries/${id}`))).toMatchObject({ code: "ROLE_NEEDED" });
  await json("DELETE", `/packets/queries/${id}`);
  expect((await server.send("GET", `/packets/queries/${id}`)).status).toBe(404);
});
