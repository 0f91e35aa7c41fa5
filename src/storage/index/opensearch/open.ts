import type { Context } from "../../../core/context.ts";
import { Fault } from "../../../core/fault.ts";
import { Client, type Connection, LONG } from "./client.ts";
import { Internal } from "./internal.ts";
import { internalIndex, messagesTemplate } from "./mapping.ts";
import { Names } from "./names.ts";
import { OpenSearchIndex } from "./opensearch-index.ts";

export type OpenSearchOptions = Connection & {
  /** What the names of all indices begin with; `metron` when absent. */
  readonly prefix?: string | undefined;
  /** Of each index; 1 and 1 when absent. One copy besides the first survives the loss of a node. */
  readonly shards?: number | undefined;
  readonly replicas?: number | undefined;
  /** Searches at work at a time, and those that may wait; milliseconds a search may work. */
  readonly concurrent?: number | undefined;
  readonly waiting?: number | undefined;
  readonly searchTime?: number | undefined;
  /** How long it may be silent before those who wait are told so, milliseconds; 5 s when absent. */
  readonly patience?: number | undefined;
};

/** The oldest version that is known to do what is asked of it: it has the type that parts of words are found by. */
const LEAST = [2, 19] as const;

/**
 * Opens the index in OpenSearch, and writes the template of its indices.
 * @throws Fault INDEX_UNREACHABLE when no node answers, INDEX_REFUSED for a wrong password, certificate or version, and where there are
 * copies of alerts in place of messages
 */
export async function openOpenSearchIndex(
  options: OpenSearchOptions,
  context: Context,
): Promise<OpenSearchIndex> {
  const index = await openForCopies(options, context);
  try {
    if ((await index.copies().note()) === undefined) return index;
    const { nodes, prefix = "metron" } = options;
    throw new Fault(
      "INDEX_REFUSED",
      `OpenSearch at ${nodes.join(", ")} has copies of alerts under the names ${prefix}.*, whose messages are in files (\`storage.alerts\`): choose another \`prefix\` for an index of all messages`,
    );
  } catch (error) {
    await index[Symbol.asyncDispose]();
    throw error;
  }
}

/** The same for copies of another index's messages. @throws Fault */
export async function openForCopies(options: OpenSearchOptions, context: Context): Promise<OpenSearchIndex> {
  const { nodes, authorization, authority, prefix = "metron", shards = 1, replicas = 1 } = options;
  const { concurrent = 4, waiting = 200, searchTime = 30_000, patience = 5000 } = options;
  const connection = { nodes, authorization, authority };
  const client = new Client(connection);
  const names = new Names(prefix);
  try {
    await checkVersion(client);
    const template = messagesTemplate(names.pattern, names.all, { shards, replicas, refresh: "1s" });
    await client.ask("PUT", `/_index_template/${prefix}`, { body: template, isRepeatable: true, time: LONG });
    const { status } = await client.ask("HEAD", `/${names.internal}`, { expected: [404] });
    // Another process may make it at the same time: that it exists is no fault.
    if (status === 404)
      await client.ask("PUT", `/${names.internal}`, {
        ...{ body: internalIndex(replicas), expected: [400], isRepeatable: true, time: LONG },
      });
    const index = new OpenSearchIndex({
      ...{ connection, client, names, context, internal: new Internal(client, names) },
      limits: { concurrent, waiting, searchTime, patience },
    });
    // Learns the fields, and shows before anything is written that the index can be read.
    await index.fields();
    return index;
  } catch (error) {
    await client[Symbol.asyncDispose]();
    throw error;
  }
}

async function checkVersion(client: Client): Promise<void> {
  const { body } = await client.ask("GET", "/");
  const { number = "", distribution } = (body.version ?? {}) as { number?: string; distribution?: string };
  const [major = 0, minor = 0] = number.split(".").map(Number);
  const isEnough = major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1]);
  if (distribution !== "opensearch" || !isEnough)
    throw new Fault(
      "INDEX_REFUSED",
      `at ${client.name} is ${distribution ?? "no OpenSearch"} ${number}; Metron needs OpenSearch ${LEAST.join(".")} or newer`,
    );
}
