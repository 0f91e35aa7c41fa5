import { z } from "zod";

/** What of captured packets is kept: options of every source of captures, and of uploads. */
export const choiceOptions = {
  filter: z
    .string()
    .max(20_000)
    .optional()
    .describe("Only packets that pass this filter, in tcpdump's language; all when left out."),
  snapLength: z
    .int()
    .min(14)
    .max(262_144)
    .optional()
    .describe("Bytes of each packet that are kept; all when left out."),
  cutoff: z
    .int()
    .min(0)
    .optional()
    .describe(
      "Bytes of payload that are kept of each flow and direction. What is beyond is not stored but counted in the flow; all when left out.",
    ),
  packetsOnly: z
    .boolean()
    .default(false)
    .describe(
      "Whether only packets are stored, and no records of their flows made: for where Zeek or the like tells of the same packets.",
    ),
};
