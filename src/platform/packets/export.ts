import { createHash } from "node:crypto";
import type { PacketQueryState } from "../../api/packets.ts";
import { writePcap } from "../../pcap/formats/write-pcap.ts";
import { writePcapng } from "../../pcap/formats/write-pcapng.ts";
import type { Packets } from "../../pcap/packets.ts";
import type { ResultReader } from "./result/result-reader.ts";

export type ExportFormat = "pcapng" | "pcap";

/** What is read of a result. */
type ReadResult = Pick<ResultReader, "interfaces" | "links" | "read">;

/** A file as it is made, and what is known of it once it is complete. */
export type Export = {
  readonly chunks: AsyncGenerator<Uint8Array>;
  readonly taken: () => Pick<PacketQueryState["exports"][number], "bytes" | "packets" | "sha256"> & {
    /** What is not in it as it was, in words; empty when all is. */
    readonly leftOut: string;
  };
};

/** Where the packets of an export come from. */
export type Provenance = {
  readonly query: Pick<PacketQueryState, "id" | "by" | "at" | "summary" | "state" | "isCut" | "problems">;
  readonly by: string;
  readonly at: number;
  /** What of the query it is, when not all. */
  readonly part: string | undefined;
};

/** Writes packets of a result as a capture file. @param rows their numbers, from 0 */
export function exportPackets(
  reader: ReadResult,
  rows: () => Iterable<number>,
  format: ExportFormat,
  provenance: Provenance,
): Export {
  const hash = createHash("sha256");
  let bytes = 0;
  let packets = 0;
  let leftOut = "";
  async function* blocks(): AsyncGenerator<Packets> {
    for await (const block of reader.read(rows())) {
      packets += block.count;
      yield block;
    }
  }
  async function* file(): AsyncGenerator<Uint8Array> {
    if (format === "pcapng") {
      const comments = [noteOf(provenance, reader, await framesOf(reader, rows()))];
      yield* writePcapng(blocks(), { application: "Metron", comments });
      return;
    }
    const { report, bytes: written } = writePcap(blocks(), { linkType: mostOf(await reader.links(rows())) });
    yield* written;
    const { otherLinks, outOfTime, rounded } = report;
    packets = report.packets;
    leftOut = [
      ...(otherLinks > 0 ? [`${otherLinks} packets of other links are left out, which pcapng takes`] : []),
      ...(outOfTime > 0 ? [`${outOfTime} packets of times that pcap does not have are left out`] : []),
      ...(rounded > 0 ? [`nanoseconds of ${rounded} packets are cut off`] : []),
    ].join(", ");
  }
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of file()) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  }
  let sha256: string | undefined;
  return {
    chunks: counted(),
    taken: () => {
      sha256 ??= hash.digest("hex");
      return { bytes, packets, sha256, leftOut };
    },
  };
}

/** The kind of link that most packets have: pcap takes one. */
function mostOf(links: ReadonlyMap<number, number>): number | undefined {
  return [...links].reduce<[link?: number, count?: number]>(
    (most, next) => (next[1] > (most[1] ?? 0) ? next : most),
    [],
  )[0];
}

type Frames = { readonly packets: number; readonly sha256: string };

/** The SHA-256 of frames, one behind the other. */
async function framesOf(reader: ReadResult, rows: Iterable<number>): Promise<Frames> {
  const hash = createHash("sha256");
  let packets = 0;
  for await (const block of reader.read(rows)) {
    hash.update(block.bytes);
    packets += block.count;
  }
  return { packets, sha256: hash.digest("hex") };
}

/** Why there may be more packets than were taken, a sentence each. */
export function whyPartial({ state, isCut, problems }: Provenance["query"]): readonly string[] {
  return [
    ...(state === "waiting" || state === "running"
      ? ["The query had not ended, so there may be more packets."]
      : []),
    ...(state === "stopped" ? ["The query was stopped, so there may be more packets."] : []),
    ...(state === "failed" ? ["The query failed, so there may be more packets."] : []),
    ...(isCut ? ["The query reached its limit, so there may be more packets."] : []),
    ...problems,
  ];
}

function noteOf({ query, by, at, part }: Provenance, reader: ReadResult, frames: Frames): string {
  const captures = [...new Set(reader.interfaces.map(({ capture }) => capture))];
  return [
    `Taken by ${by} at ${new Date(at).toISOString()} from packets that Metron stored.`,
    `Query ${query.id} of ${query.by} at ${new Date(query.at).toISOString()}: ${query.summary}.`,
    ...(part === undefined ? [] : [`Of it: ${part}.`]),
    ...whyPartial(query),
    `Captured by: ${captures.join(", ") || "nobody"}.`,
    `${frames.packets} packets; SHA-256 of their frames, one behind the other: ${frames.sha256}.`,
  ].join("\n");
}
