/** Packets whose every byte is known in a platform's store, and questions about them over HTTP: real store, real threads, real files. */
import type { PacketQueryState } from "../../api/packets.ts";
import { type Actor, LOCAL } from "../../core/actor.ts";
import { openDecoder } from "../../pcap/decode/decode.ts";
import { blockOf, type Frame } from "../../pcap/testing/frames.ts";
import { talk } from "../../pcap/testing/talk.ts";
import { openTestServer, type Sent, type TestServer } from "./platform-server.ts";

/** When the packets of the tests begin: microseconds since 1970. */
export const BEGIN = 1_700_000_000_000_000;
export const SECRET_FILE = "PK\u0003\u0004 the plans of the vault";

/** The packets that one host of the first conversation sent and got. */
export const HTTP = { filter: { fixed: { ip_src_addr: "10.0.0.1", includes_reverse_traffic: true } } };

export type PacketServer = {
  readonly server: TestServer;
  /** What is stored, in the order of time. */
  readonly frames: readonly Frame[];
  /** Makes a call as somebody. */
  as(actor: Actor, method: string, path: string, sent?: Sent): Promise<Response>;
  json<Body>(method: string, path: string, body?: unknown): Promise<Body>;
  /** Asks, and waits until the query has ended. */
  found(body: unknown): Promise<PacketQueryState>;
  ended(id: string): Promise<PacketQueryState>;
};

export async function openPacketServer(): Promise<PacketServer> {
  const server = await openTestServer({
    actorOf: ({ headers }) =>
      typeof headers["x-actor"] === "string" ? (JSON.parse(headers["x-actor"]) as Actor) : LOCAL,
  });
  const frames = someTalks();
  storeFrames(server, frames);
  const json = async <Body>(method: string, path: string, body?: unknown): Promise<Body> =>
    (await server.json(method, path, body)) as Body;
  const ended = async (id: string): Promise<PacketQueryState> => {
    for (;;) {
      const query = await json<PacketQueryState>("GET", `/packets/queries/${id}`);
      if (query.state !== "waiting" && query.state !== "running") return query;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  return {
    ...{ server, frames, json, ended },
    as(actor, method, path, sent = {}) {
      const headers = { ...sent.headers, "x-actor": JSON.stringify(actor) };
      return server.send(method, path, { ...sent, headers });
    },
    async found(body) {
      const { id } = await json<PacketQueryState>("POST", "/packets/queries", body);
      return ended(id);
    },
  };
}

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
