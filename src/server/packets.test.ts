import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { listConversations, listObjects } from "../api/conversations.ts";
import type { ResponseOf } from "../api/endpoint.ts";
import type { listPackets } from "../api/packet-reading.ts";
import { LOCAL } from "../core/actor.ts";
import { BEGIN, SECRET_FILE } from "../platform/testing/stored-talks.ts";
import { HTTP, openPacketServer, type PacketServer } from "./testing/packet-server.ts";
import { refused } from "./testing/platform-server.ts";

/** Asking for packets over HTTP and reading what was found. */
let server: PacketServer["server"];
let frames: PacketServer["frames"];
let as: PacketServer["as"];
let json: PacketServer["json"];
let found: PacketServer["found"];
beforeAll(async () => {
  ({ server, frames, as, json, found } = await openPacketServer());
}, 60_000);
afterAll(() => server[Symbol.asyncDispose](), 60_000);

test.each<[string, object, number]>([
  ["everything", {}, 16],
  ["fixed", { filter: { fixed: { ip_src_addr: "10.0.0.1" } } }, 6],
  ["fixed, both directions", HTTP, 9],
  ["the search language", { filter: { search: "ip_addr:10.0.0.0/8 AND ip_dst_port:80" } }, 6],
  ["an address without a field", { filter: { search: "2001:db8:0::1" } }, 7],
  ["NOT", { filter: { search: "NOT ip_version:4" } }, 7],
  ["flags of TCP", { filter: { search: "tcp_flags:2" } }, 2],
  ["tcpdump", { filter: { bpf: "tcp port 80" } }, 9],
  ["Stellar", { filter: { stellar: "ip_dst_port == 80 && protocol == 6" } }, 6],
  ["BYTEARRAY_MATCHER", { filter: { stellar: "BYTEARRAY_MATCHER('`GET`', packet)" } }, 1],
  ["text in payload", { payload: { text: "PLANS", anyCase: true } }, 2],
  ["bytes in payload", { payload: { hex: "50 4b 03 04" } }, 1],
  ["an expression in payload", { payload: { regex: "SSH-[0-9.]+" } }, 1],
  ["several at once", { ...HTTP, payload: { text: "HTTP/1.1 200" } }, 1],
  ["a time", { from: BEGIN / 1000, to: BEGIN / 1000 + 1 }, 2],
  ["a limit", { limit: 3 }, 3],
])("finds packets by %s", async (_name, body, count) => {
  const query = await found(body);
  expect(query).toMatchObject({ state: "finished", packets: count, problems: [] });
});

test.each<[string, object, object]>([
  ["search", { search: "ip_src_adr:10.0.0.1" }, { line: 1, column: 1, suggestion: "ip_src_addr" }],
  ["search", { search: "ip_src_addr:10.0.0.1 AND evil" }, { line: 1, column: 26 }],
  ["bpf", { bpf: "tcp prt 80" }, { line: 1, column: 5 }],
  ["stellar", { stellar: "ip_dst_port ==" }, { line: 1 }],
  ["fixed", { fixed: { ip_src_addr: "ten" } }, { detail: expect.stringContaining("ip_src_addr") }],
  ["fixed", { fixed: { packet_filter: "[" } }, { detail: expect.stringContaining("`fixed`") }],
])("says of a wrong %s what is wrong and where: %j", async (part, filter, place) => {
  const problem = await refused(as(LOCAL, "POST", "/packets/queries", { body: { filter } }));
  expect(problem).toMatchObject({ status: 400, code: "QUERY_INVALID", ...place });
  expect(problem.detail).toContain(`\`${part}\``);
});

test("a query whose expression fails for a packet says so", async () => {
  const query = await found({ filter: { stellar: "ip_dst_port + 1" } });
  expect(query).toMatchObject({ state: "failed", error: expect.stringContaining("boolean") });
});

test("reads rows page by page, in the order of time", async () => {
  const { id } = await found({});
  const all: ResponseOf<typeof listPackets>["rows"] = [];
  for (let after: number | undefined = 0; after !== undefined; ) {
    const page: ResponseOf<typeof listPackets> = await json(
      "GET",
      `/packets/queries/${id}/packets?size=5&after=${after}`,
    );
    all.push(...page.rows);
    after = page.next;
  }
  expect(all.map(({ number }) => number)).toEqual(Array.from({ length: 16 }, (_, index) => index + 1));
  expect(all.map(({ time }) => time * 1000)).toEqual(frames.map(({ micros }) => micros));
  expect(all[0]).toMatchObject({
    ...{ source: "10.0.0.1", sourcePort: 40_000, destination: "10.0.0.2", destinationPort: 80 },
    ...{ protocols: ["ethernet", "ipv4", "tcp"], protocol: "TCP", delta: 0 },
    info: "40000 → 80 [SYN] Seq=1000 Ack=0 Win=65535 Len=0",
    communityId: expect.stringMatching(/^1:.{28}$/),
  });
  expect(all[1]).toMatchObject({ delta: 0.5, source: "2001:db8::1" });
  const searched = await json<ResponseOf<typeof listPackets>>(
    "GET",
    `/packets/queries/${id}/packets?search=payload_bytes:>0`,
  );
  expect(searched.rows.map(({ info }) => info)).toEqual([
    "GET /plans.zip HTTP/1.1",
    "SSH-2.0-OpenSSH_9.9",
    "HTTP/1.1 200 OK",
  ]);
});

test("reads one packet with its bytes and layers", async () => {
  const { id } = await found(HTTP);
  const packet = await json("GET", `/packets/queries/${id}/packets/4`);
  const frame = frames.filter(({ bytes }) => bytes[12] === 8)[3];
  expect(packet).toMatchObject({
    row: { number: 4, protocol: "HTTP", delta: 1 },
    hex: Buffer.from(frame?.bytes ?? []).toString("hex"),
    tree: [
      { name: "eth", start: 0, length: 14 },
      { name: "ip", start: 14, length: 20 },
      { name: "tcp", start: 34, length: 20 },
      { name: "http", start: 54, length: 48 },
    ],
  });
  expect(await refused(server.send("GET", `/packets/queries/${id}/packets/10`))).toMatchObject({
    status: 404,
  });
});

test("reads conversations: what was said, as HTTP, when, and their files", async () => {
  const { id } = await found({});
  const { streams } = await json<ResponseOf<typeof listConversations>>(
    "GET",
    `/packets/queries/${id}/streams`,
  );
  expect(streams).toMatchObject([
    { number: 1, protocol: "tcp", application: "http", begins: true, ends: true, client: { port: 40_000 } },
    { number: 2, application: "ssh", server: { address: "2001:db8::2", port: 22 } },
  ]);
  expect(streams[0]).toMatchObject({ clientTotals: { packets: 6, bytes: 48 }, serverTotals: { packets: 3 } });
  const said = await json<{ chunks: { side: string; bytes: string; packet: number }[] }>(
    "GET",
    `/packets/queries/${id}/streams/1`,
  );
  expect(said.chunks.map(({ side, bytes }) => [side, Buffer.from(bytes, "base64").toString()])).toEqual([
    ["client", expect.stringMatching(/^GET \/plans.zip/)],
    ["server", expect.stringMatching(/the plans of the vault$/)],
  ]);
  const { row } = await json<{ row: { info: string } }>(
    "GET",
    `/packets/queries/${id}/packets/${said.chunks[0]?.packet}`,
  );
  expect(row.info).toBe("GET /plans.zip HTTP/1.1");
  expect(await json("GET", `/packets/queries/${id}/streams/1?direction=server`)).toMatchObject({
    chunks: [{ side: "server", number: 2 }],
  });
  expect(await json("GET", `/packets/queries/${id}/streams/1/http`)).toMatchObject({
    total: 1,
    exchanges: [
      {
        request: { line: "GET /plans.zip HTTP/1.1" },
        response: { line: "HTTP/1.1 200 OK", body: { decoded: Buffer.from(SECRET_FILE).toString("base64") } },
      },
    ],
  });
  expect(await json("GET", `/packets/queries/${id}/streams/1/timing`)).toMatchObject({
    handshake: { toServer: 1, toClient: 1 },
    firstByte: 1,
    buckets: [{ client: 48 }, { client: 0 }],
    sequences: { leftOut: 0, client: expect.arrayContaining([expect.objectContaining({ sent: 48 })]) },
  });
  const { objects } = await json<ResponseOf<typeof listObjects>>("GET", `/packets/queries/${id}/objects`);
  expect(objects).toMatchObject([
    {
      ...{ name: "plans.zip", stream: 1, isComplete: true, declaredType: "application/zip", known: [] },
      sha256: createHash("sha256").update(SECRET_FILE).digest("hex"),
    },
  ]);
});

test("finds the packets of an alert by its Community ID, else by its addresses", async () => {
  const [row] = (
    await json<ResponseOf<typeof listPackets>>("GET", `/packets/queries/${(await found(HTTP)).id}/packets`)
  ).rows;
  const tuple = { ip_src_addr: "10.0.0.1", ip_src_port: 40_000, ip_dst_addr: "10.0.0.2", ip_dst_port: 80 };
  const messages = [
    { n: 1, timestamp: BEGIN / 1000, community_id: row?.communityId },
    { n: 2, timestamp: BEGIN / 1000 + 100_000, protocol: "tcp", ...tuple },
    { n: 3, timestamp: BEGIN / 1000, ip_src_addr: "10.0.0.2" },
    { n: 4, timestamp: BEGIN / 1000 },
    // The files of FTP go over other ports than what names them.
    {
      n: 5,
      timestamp: BEGIN / 1000,
      protocol: "ftp",
      community_id: row?.communityId,
      ...tuple,
      ip_src_port: 21,
    },
  ];
  await server.send("POST", "/ingest/web", { text: messages.map((each) => JSON.stringify(each)).join("\n") });
  await server.platform.caughtUp();
  const asked: unknown[] = [];
  for (const { n } of messages) {
    const { hits } = await json<{ hits: { guid: string }[] }>("POST", "/search", { query: `n:${n}` });
    const guid = hits[0]?.guid ?? "";
    const { by } = await json<{ by: string }>("GET", `/messages/${guid}/packets`);
    if (by === "nothing") {
      const body = { filter: { message: guid } };
      expect((await server.send("POST", "/packets/queries", { body })).status).toBe(400);
    } else asked.push([by, (await found({ filter: { message: guid } })).packets]);
  }
  expect(asked).toEqual([
    ["community-id", 9],
    ["tuple", 9],
    ["addresses", 9],
    ["addresses", 9],
  ]);
});
