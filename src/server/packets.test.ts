import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { listConversations, listObjects } from "../api/conversations.ts";
import type { ResponseOf } from "../api/endpoint.ts";
import type { listPackets } from "../api/packet-reading.ts";
import type { listPacketAccess, PacketQueryState } from "../api/packets.ts";
import type { PcapStatus } from "../api/pcap.ts";
import { type Actor, LOCAL } from "../core/actor.ts";
import { openDecoder } from "../pcap/decode/decode.ts";
import { blockOf, type Frame } from "../pcap/testing/frames.ts";
import { areInstalled } from "../pcap/testing/programs.ts";
import { talk } from "../pcap/testing/talk.ts";
import { openTestServer, refused, type Sent, type TestServer } from "./testing/platform-server.ts";

/** When the packets of the tests begin: microseconds since 1970. */
const BEGIN = 1_700_000_000_000_000;
const SECRET_FILE = "PK\u0003\u0004 the plans of the vault";

/** A browser that fetches a file whose every byte is known, and another conversation beside it. */
function someTalks(): readonly Frame[] {
  const fetched = talk({ hosts: ["10.0.0.1", "10.0.0.2"], ports: [40_000, 80], startMicros: BEGIN })
    .open()
    .say(0, "GET /plans.zip HTTP/1.1\r\nHost: vault.example\r\n\r\n")
    .say(
      1,
      `HTTP/1.1 200 OK\r\nContent-Type: application/zip\r\nContent-Length: ${SECRET_FILE.length}\r\n\r\n${SECRET_FILE}`,
    )
    .acknowledge(0)
    .close();
  const other = talk({
    hosts: ["2001:db8::1", "2001:db8::2"],
    ports: [50_000, 22],
    startMicros: BEGIN + 500,
  })
    .open()
    .say(1, "SSH-2.0-OpenSSH_9.9\r\n")
    .close();
  return [...fetched.frames, ...other.frames].sort((one, next) => one.micros - next.micros);
}

/** Stores packets as a capture does, and seals them. */
function storeFrames({ platform }: TestServer, all: readonly Frame[]): void {
  const writer = platform.packets.writer("test");
  const packets = blockOf(all);
  writer.append(packets, openDecoder().decode(packets));
  writer.close();
}

/** Asking for packets over HTTP: real store, real threads, real files. */
let server: TestServer;
let frames: ReturnType<typeof someTalks>;
beforeAll(async () => {
  server = await openTestServer({
    actorOf: ({ headers }) =>
      typeof headers["x-actor"] === "string" ? (JSON.parse(headers["x-actor"]) as Actor) : LOCAL,
  });
  frames = someTalks();
  storeFrames(server, frames);
}, 60_000);
afterAll(() => server[Symbol.asyncDispose](), 60_000);

function as(actor: Actor, method: string, path: string, sent: Sent = {}): Promise<Response> {
  const headers = { ...sent.headers, "x-actor": JSON.stringify(actor) };
  return server.send(method, path, { ...sent, headers });
}

async function json<Body>(method: string, path: string, body?: unknown): Promise<Body> {
  return (await server.json(method, path, body)) as Body;
}

/** Asks, and waits until the query has ended. */
async function found(body: unknown): Promise<PacketQueryState> {
  const { id } = await json<PacketQueryState>("POST", "/packets/queries", body);
  return ended(id);
}

async function ended(id: string): Promise<PacketQueryState> {
  for (;;) {
    const query = await json<PacketQueryState>("GET", `/packets/queries/${id}`);
    if (query.state !== "waiting" && query.state !== "running") return query;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const HTTP = { filter: { fixed: { ip_src_addr: "10.0.0.1", includes_reverse_traffic: true } } };

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

test("removes a query with what it found, for its owner alone", async () => {
  const { id } = await found({});
  const other: Actor = { name: "ann", role: "analyst", packets: "download" };
  expect(await refused(as(other, "DELETE", `/packets/queries/${id}`))).toMatchObject({ code: "ROLE_NEEDED" });
  await json("DELETE", `/packets/queries/${id}`);
  expect((await server.send("GET", `/packets/queries/${id}`)).status).toBe(404);
});
