import { z } from "zod";

/** Which packets a query is about. The page, the command line and the original's calls all make one of these. */

const text = (about: string) => z.string().max(20_000).optional().describe(about);
const port = (about: string) => z.int().min(0).max(65_535).optional().describe(about);

/** The original's fixed filter, under the original's names. */
const fixedFilter = z.strictObject({
  ip_src_addr: z
    .string()
    .max(100)
    .optional()
    .describe("Source: an address of either version in any spelling, or a network such as `10.0.0.0/8`."),
  ip_dst_addr: z.string().max(100).optional().describe("Destination, written as the source is."),
  ip_src_port: port("Port of the source."),
  ip_dst_port: port("Port of the destination."),
  protocol: z
    .union([z.string().max(40), z.int().min(0).max(255)])
    .optional()
    .describe("IP protocol, by number or name."),
  includes_reverse_traffic: z
    .boolean()
    .optional()
    .describe("Whether packets of the other direction are found too."),
  packet_filter: text("A pattern of bytes in the original's syntax (byteseek) that the frame must hold."),
});

export type FixedPacketFilter = z.output<typeof fixedFilter>;

/** Whatever is given must hold; nothing given means every packet of the time. */
const packetFilter = z.strictObject({
  fixed: fixedFilter.optional().describe("The original's fixed filter."),
  search: text(
    "The search language over fields of packets: `ip_src_addr:10.0.0.1 AND ip_dst_port:443`, `community_id`, `vlan`, `bytes` and others that `GET /packets/fields` lists.",
  ),
  bpf: text("A filter in the language of tcpdump: `host 10.0.0.1 and tcp port 443`."),
  stellar: text(
    "A Stellar predicate over `ip_src_addr`, `ip_dst_addr`, `ip_src_port`, `ip_dst_port`, `protocol` (a number) and `packet` (bytes), as the original's query filter: `BYTEARRAY_MATCHER('\\'secret\\'', packet)`.",
  ),
  message: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe("The guid of a message: packets of the conversation that it is about."),
});

/** What the payload must hold. */
const payloadSearch = z
  .strictObject({
    text: z.string().min(1).max(2000).optional().describe("Text, in UTF-8."),
    anyCase: z.boolean().optional().describe("Whether ASCII letters of the text may be in any case."),
    hex: z.string().min(2).max(4000).optional().describe("Bytes in hex, with spaces or colons as one likes."),
    regex: z
      .string()
      .min(1)
      .max(2000)
      .optional()
      .describe("A regular expression in the syntax of RE2, over bytes."),
  })
  .refine(
    ({ text: plain, hex, regex }) => [plain, hex, regex].filter((each) => each !== undefined).length === 1,
    "expected one of `text`, `hex` and `regex`",
  );

/** The most packets that one query keeps. */
const MOST_PACKETS = 10_000_000;
const USUAL_PACKETS = 1_000_000;

const filter = packetFilter.describe("Which packets; whatever is given must hold.");
const limit = z.int().min(1).max(MOST_PACKETS).describe("The query ends when it has found so many packets.");

/** A query as it was asked, with what was left out filled in. */
export const packetQuestion = z.strictObject({
  from: z
    .number()
    .optional()
    .describe("Earliest time, included: milliseconds since 1970, with microseconds as a fraction."),
  to: z.number().optional().describe("Latest time, excluded."),
  filter,
  payload: payloadSearch.optional().describe("What the payload must hold."),
  limit,
});

export type PacketQuestion = z.output<typeof packetQuestion>;

/** A query as it is asked. */
export const packetRequest = packetQuestion.extend({
  filter: filter.default({}),
  limit: limit.default(USUAL_PACKETS),
});
