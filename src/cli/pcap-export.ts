import { createHash } from "node:crypto";
import { addressOf } from "../api/client.ts";
import { exportPackets } from "../api/packet-reading.ts";
import type { Problem } from "../api/problem.ts";
import { Fault } from "../core/fault.ts";
import { type Client, faultOf } from "./client.ts";

/** What of a result is taken. */
export type ExportQuery = {
  format: "pcapng" | "pcap";
  stream?: number;
  direction?: "both" | "client" | "server";
  follow?: "true";
};

/** A file as it comes, and its SHA-256 once all of it came. */
export type Fetched = AsyncIterable<Uint8Array> & { sha256(): string };

/** Takes what a query found away as a file. Throws the fault that the platform answers with, and SERVER_UNREACHABLE while it is read. */
export async function fetchExport(client: Client, id: string, asked: ExportQuery): Promise<Fetched> {
  const response = await fetch(client.url + addressOf(exportPackets, { id }, asked));
  const { body } = response;
  if (!response.ok || body === null) throw faultOf((await response.json()) as Problem);
  const hash = createHash("sha256");
  return {
    async *[Symbol.asyncIterator]() {
      try {
        for await (const chunk of body) {
          hash.update(chunk);
          yield chunk;
        }
      } catch (cause) {
        if (cause instanceof Fault) throw cause;
        throw new Fault("SERVER_UNREACHABLE", `taking packets of query ${id}: the connection broke off`, {
          cause,
        });
      }
    },
    sha256: () => hash.digest("hex"),
  };
}
