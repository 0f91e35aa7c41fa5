/** Packets whose every byte is known in a platform's store, and questions about them over HTTP: real store, real threads, real files. */
import type { PacketQueryState } from "../../api/packets.ts";
import { type Actor, LOCAL } from "../../core/actor.ts";
import { type StoredFrames, someTalks, storeFrames } from "../../platform/testing/stored-talks.ts";
import { openTestServer, type Sent, type TestServer } from "./platform-server.ts";

/** The packets that one host of the first conversation sent and got. */
export const HTTP = { filter: { fixed: { ip_src_addr: "10.0.0.1", includes_reverse_traffic: true } } };

export type PacketServer = {
  readonly server: TestServer;
  /** What is stored, in the order of time. */
  readonly frames: StoredFrames;
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
  storeFrames(server.platform, frames);
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
