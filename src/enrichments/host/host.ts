import { z } from "zod";
import { Fault } from "../../core/fault.ts";
import { emptyMessage, type FieldValue, type Message } from "../../core/message.ts";
import { canonicalKey } from "../../schema/canonical.ts";
import { HOST } from "../../schema/fields/enrichments.ts";
import { fromMessage, toText } from "../../stellar/values/value.ts";
import { defineEnrichment } from "../define.ts";

const hostEntry = z.record(z.string(), z.unknown());
const hostList = z.array(hostEntry);

export const host = defineEnrichment({
  name: "host",
  summary: "Adds what is known of our own hosts, such as their importance and whether they are local.",
  config: z.strictObject({
    knownHosts: z
      .union([hostList, z.string()])
      .optional()
      .describe(
        "What is known of each host: `ip` and any further keys; also as JSON text, like Metron's enrichment.host.known_hosts. The `hosts` of the global document when left out.",
      ),
  }),
  fields: HOST,
  examples: [
    {
      options: { fields: ["ip"], config: { knownHosts: [{ ip: "10.1.1.1", type: "printer" }] } },
      given: { ip: "10.1.1.1" },
      gives: { ip: "10.1.1.1", "enrichments.host.ip.known_info.type": "printer" },
    },
  ],
  open: (config, context) => {
    const { knownHosts = context.knownHosts } = config;
    const hosts = new Map<string, Message>();
    const hostsByKey = new Map<string, Message>();
    for (const entry of typeof knownHosts === "string" ? readHosts(knownHosts) : knownHosts) {
      if (entry.ip !== undefined && entry.ip !== null) {
        const written = toText(fromMessage(entry.ip));
        hosts.set(written, knownInfo(entry));
        hostsByKey.set(canonicalKey(written), knownInfo(entry));
      }
    }
    // Addresses have many spellings; one that is listed as it is written comes first.
    return { lookup: (value) => hosts.get(value) ?? hostsByKey.get(canonicalKey(value)) };
  },
});

function readHosts(text: string): readonly Record<string, unknown>[] {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (error) {
    throw new Fault("CONFIG_INVALID", "reading knownHosts: it is not JSON", { cause: error });
  }
  const hosts = hostList.safeParse(list);
  if (!hosts.success) throw new Fault("CONFIG_INVALID", "reading knownHosts: expected a list of objects");
  return hosts.data;
}

function knownInfo(entry: Readonly<Record<string, unknown>>): Message {
  const info = emptyMessage();
  for (const [key, value] of Object.entries(entry)) {
    if (key !== "ip") info[`known_info.${key}`] = value as FieldValue;
  }
  return info;
}
