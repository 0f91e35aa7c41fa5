import { z } from "zod";
import { defineEndpoint } from "./endpoint.ts";
import { packetQuery, queryParams } from "./packets.ts";
import { time } from "./selection.ts";

/** Reading the packets that a query found: rows of a page, one packet with its fields and bytes, the file of all of them. */

const count = z.int().min(0);

const address = z
  .string()
  .optional()
  .describe("The address, or the hardware address of a packet without network addresses.");

const packetRow = z.object({
  number: z
    .int()
    .min(1)
    .describe("Its number in the result, from 1 in the order in which packets were found."),
  time: time.describe("When it was captured: milliseconds since 1970, with microseconds as a fraction."),
  nanos: count.describe("Nanoseconds beyond that, 0 to 999."),
  delta: z.number().describe("Milliseconds since the row before; 0 for the first of a result."),
  source: address,
  destination: address,
  sourcePort: count.optional().describe("Port of the source; absent where there are no ports."),
  destinationPort: count.optional().describe("Port of the destination."),
  protocols: z
    .array(z.string())
    .describe(
      "Its protocols from the outside in, such as `ethernet`, `ipv4`, `tcp`, `http`; tunnels included.",
    ),
  protocol: z.string().describe("The innermost one that is understood, as a column shows it: `HTTP`."),
  length: count.describe("Bytes on the wire."),
  captured: count.describe("Bytes that were captured."),
  payload: count.describe("Bytes of payload behind the innermost transport."),
  info: z
    .string()
    .describe("What it is about, in a line: flags and numbers of TCP, a name that is asked for."),
  communityId: z.string().optional().describe("The Community ID of its innermost conversation."),
  vlan: count.optional().describe("The VLAN it was in."),
  depth: count.describe("How many tunnels are around the addresses shown."),
  interface: z.string().optional().describe("Where it was captured."),
  notes: z.array(z.string()).describe("What is wrong with it: cut, damaged, a fragment."),
});

export type PacketRow = z.output<typeof packetRow>;

export const listPackets = defineEndpoint({
  method: "GET",
  path: "/packets/queries/:id/packets",
  summary: "Reads found packets, a page of rows at a time, also while the query runs.",
  role: "analyst",
  packets: "metadata",
  params: queryParams,
  query: z.strictObject({
    after: z.coerce.number().int().min(0).default(0).describe("Rows with greater numbers than this."),
    size: z.coerce.number().int().min(1).max(1000).default(200).describe("Rows wanted."),
    search: z
      .string()
      .max(20_000)
      .default("")
      .describe("Only rows that match, in the search language over fields of packets."),
  }),
  response: z.object({
    rows: z.array(packetRow).describe("The rows, in order of their numbers."),
    next: count
      .optional()
      .describe("What `after` is for the page behind this one; absent when there is nothing more for now."),
    query: packetQuery.describe("How far the query is."),
  }),
});

/** A field or a layer of a packet, and where its bytes are. */
export type PacketNode = {
  name: string;
  label: string;
  value?: string | undefined;
  start: number;
  length: number;
  bits?: { first: number; count: number } | undefined;
  note?: string | undefined;
  fields?: PacketNode[] | undefined;
};

const packetNode: z.ZodType<PacketNode> = z.lazy(() =>
  z.object({
    name: z.string().describe("The name, the same for the same field: `ip.src`."),
    label: z.string().describe("What it is called for people: `Source address`."),
    value: z.string().optional().describe("What it says; absent for a layer."),
    start: count.describe("Its first byte, from 0 at the beginning of the frame."),
    length: count.describe("How many bytes it has; 0 for what is concluded and not written there."),
    bits: z
      .object({
        first: count.describe("Its first bit, from the most significant one at `start`."),
        count: count.describe("How many bits."),
      })
      .optional()
      .describe("Its bits, when it does not have all those of its bytes."),
    note: z.string().optional().describe("What is wrong with it."),
    fields: z.array(packetNode).optional().describe("What it consists of, in order."),
  }),
);

export const getPacket = defineEndpoint({
  method: "GET",
  path: "/packets/queries/:id/packets/:number",
  summary: "Reads one packet: its bytes, and its layers and fields with the bytes that each has.",
  role: "analyst",
  packets: "payload",
  params: queryParams.extend({ number: z.coerce.number().int().min(1).describe("The packet's number.") }),
  response: z.object({
    row: packetRow.describe("Its row."),
    hex: z.string().describe("The captured bytes, two hex digits each."),
    tree: z.array(packetNode).describe("Its layers from the outside in, with their fields."),
    notes: z.array(z.string()).describe("What of it was left out or cut, a sentence each; mostly empty."),
  }),
});

export const packetDirection = z.enum(["both", "client", "server"]);

export const exportPackets = defineEndpoint({
  method: "GET",
  path: "/packets/queries/:id/export",
  summary: "Downloads the packets that were found, with a note of where they come from.",
  role: "analyst",
  packets: "download",
  params: queryParams,
  query: z.strictObject({
    format: z.enum(["pcapng", "pcap"]).default("pcapng").describe("The format of the file."),
    stream: z.coerce
      .number()
      .int()
      .min(1)
      .optional()
      .describe("Only packets of this conversation of the result."),
    direction: packetDirection.default("both").describe("With `stream`: only packets that this side sent."),
    follow: z
      .stringbool()
      .optional()
      .describe("Writes packets as they are found, until the query has ended, in that order; as pcap only."),
  }),
  response: z.undefined(),
  file: {
    types: ["application/x-pcapng", "application/vnd.tcpdump.pcap"],
    about:
      "The file as it is made. The trailer `x-sha256` and the `exports` of the query tell its SHA-256 afterwards. The first comment of a pcapng says who took it, when, by which query and from which captures, and the SHA-256 of its frames.",
  },
});
