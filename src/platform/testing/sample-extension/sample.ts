/** An extension package as a user writes one: a parser, an enrichment and a function, in two files. */
import { decodeText, type Extension, Rejection, z } from "metron";
import { ownerOf } from "./owners.ts";

export const sample: Extension = {
  parsers: [
    {
      name: "badge",
      summary: "Reads door readers' lines of badge and door.",
      config: z.strictObject({
        separator: z.string().min(1).default(" ").describe("What stands between badge and door."),
      }),
      fields: [
        { name: "badge", meaning: "code", about: "Number of the badge." },
        { name: "door", meaning: "text", about: "Name of the door." },
      ],
      examples: [
        {
          options: { separator: "/" },
          given: "17/door-a",
          gives: { badge: "17", door: "door-a", timestamp: 0 },
        },
        { options: {}, given: "17/door-a", rejects: "expected badge and door" },
      ],
      open: ({ separator }: { separator: string }) => ({
        timeless: "arrival",
        parseRecord(record) {
          const [badge, door] = decodeText(record, 0, record.length).trim().split(separator);
          return badge === undefined || door === undefined
            ? new Rejection("parser_error", "expected badge and door")
            : { badge, door };
        },
      }),
    },
  ],
  enrichments: [
    {
      name: "owner",
      summary: "Adds whose badge it is.",
      config: z.strictObject({ unknown: z.string().optional().describe("Name of whoever is not known.") }),
      fields: [{ name: "name", meaning: "user", about: "The owner." }],
      examples: [
        {
          options: ["badge"],
          given: { badge: "17" },
          gives: { badge: "17", "enrichments.owner.badge.name": "Ada" },
        },
      ],
      open: ({ unknown }: { unknown?: string }) => ({
        lookup(badge) {
          const name = ownerOf(badge) ?? unknown;
          return name === undefined ? undefined : { name };
        },
      }),
    },
  ],
  functions: [
    {
      name: "IS_DOOR",
      params: [{ name: "text", type: "string", about: "A name." }],
      returns: "boolean",
      call: (text: unknown) => typeof text === "string" && text.startsWith("door-"),
    },
  ],
};
