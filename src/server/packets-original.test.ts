import { afterAll, beforeAll, expect, test } from "vitest";
import type { PcapStatus } from "../api/pcap.ts";
import { areInstalled } from "../pcap/testing/programs.ts";
import { openPacketServer, type PacketServer } from "./testing/packet-server.ts";
import { refused } from "./testing/platform-server.ts";

/** The calls of the original for packets. */
let server: PacketServer["server"];
let json: PacketServer["json"];
let ended: PacketServer["ended"];
beforeAll(async () => {
  ({ server, json, ended } = await openPacketServer());
}, 60_000);
afterAll(() => server[Symbol.asyncDispose](), 60_000);

/** A page as tshark reads it, or where it is not installed the word that it is not. */
async function expectPdml(path: string): Promise<void> {
  if (!areInstalled("tshark"))
    return void expect(await refused(server.send("GET", path))).toMatchObject({
      status: 501,
      code: "PROGRAM_MISSING",
    });
  const { packets } = await json<{ packets: { protos: { name: string }[] }[] }>("GET", path);
  expect(packets).toHaveLength(9);
  expect(packets[3]?.protos.map(({ name }) => name)).toEqual([
    "geninfo",
    "frame",
    "eth",
    "ip",
    "tcp",
    "http",
  ]);
}

test("answers clients of the original", async () => {
  const request = { ipSrcAddr: "10.0.0.1", includeReverse: true, startTimeMs: 0, numReducers: 5 };
  const { jobId } = await json<PcapStatus>("POST", "/pcap/fixed", request);
  await ended(jobId);
  expect(await json("GET", `/pcap/${jobId}`)).toMatchObject({
    ...{ jobId, jobStatus: "SUCCEEDED", percentComplete: 100, pageTotal: 1 },
  });
  expect(await json("GET", `/pcap/${jobId}/config`)).toMatchObject(request);
  const listed = await json<PcapStatus[]>("GET", "/pcap?state=SUCCEEDED");
  expect(listed.map((job) => job.jobId)).toContain(jobId);
  const raw = await server.send("GET", `/pcap/${jobId}/raw?page=1`);
  expect(raw.headers.get("content-disposition")).toContain(`pcap_${jobId}_1.pcap`);
  expect(Buffer.from(await raw.arrayBuffer()).readUInt32LE(0)).toBe(0xa1b2c3d4);
  await expectPdml(`/pcap/${jobId}/pdml?page=1`);
  expect((await server.send("GET", `/pcap/${jobId}/raw?page=2`)).status).toBe(404);
  expect((await server.send("GET", "/pcap/none")).status).toBe(404);
  const query = await json<PcapStatus>("POST", "/pcap/query", { query: "ip_dst_port == 9" });
  await ended(query.jobId);
  expect(await json("GET", `/pcap/${query.jobId}`)).toMatchObject({
    description: "No results in specified date range.",
    pageTotal: 0,
  });
});
