import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Context } from "../../../core/context.ts";
import { Fault } from "../../../core/fault.ts";
import { makeFolder } from "../../folder.ts";
import { Cluster, type Wire } from "../../kafka/cluster.ts";
import { topicLost } from "../../kafka/log-follower.ts";
import type { KafkaSettings, ReadSecret } from "../../kafka/settings.ts";
import { BATCH_BYTES, describeTopic, makeTopic, settingsOf } from "../../kafka/topic-admin.ts";
import { checkName } from "../../names.ts";
import { OpenOnce } from "../../open-once.ts";
import type { Table, Tables } from "../contract.ts";
import { Replica } from "./replica.ts";
import { KafkaTable } from "./table.ts";

const DAY = 86_400_000;
const POLICY = "cleanup.policy";
const FORGETS = "delete.retention.ms";
/**
 * Settings of the topics that are made. A process that was away for less than half the time for which brokers keep what says that an
 * entry was removed goes on where it was; one that was away for longer reads its tables from the beginning.
 */
const SETTINGS = {
  [POLICY]: "compact",
  [FORGETS]: String(14 * DAY),
  "max.message.bytes": String(BATCH_BYTES),
  // Brokers compact closed segments alone, and a process that is new reads all: entries that change every second would fill the usual gigabyte.
  "segment.bytes": String(2 * BATCH_BYTES),
};

/**
 * Opens tables that are kept in topics of Kafka; a folder of this machine has a copy of each that was opened.
 * @throws Fault CONFIG_INVALID when a secret cannot be read, KAFKA_UNREACHABLE, KAFKA_REFUSED, FOLDER_UNWRITABLE
 */
export async function openKafkaTables(
  folder: string,
  settings: KafkaSettings,
  readSecret: ReadSecret,
  context: Context,
): Promise<Tables> {
  await makeFolder(folder);
  return new KafkaTables(folder, await Cluster.reach(settings, readSecret), context);
}

class KafkaTables implements Tables {
  readonly #folder: string;
  readonly #cluster: Cluster;
  readonly #wire: Wire;
  readonly #context: Context;
  /** What the names of the topics begin with. No sensor's name begins so, and installations of other names have other tables. */
  readonly #prefix: string;
  readonly #open = new OpenOnce<KafkaTable>();

  constructor(folder: string, cluster: Cluster, context: Context) {
    this.#folder = folder;
    this.#cluster = cluster;
    this.#wire = cluster.wire();
    this.#context = context;
    this.#prefix = `${cluster.settings.prefix}_${cluster.settings.name}.table.`;
  }

  async table(name: string): Promise<Table> {
    checkName("opening table", name);
    return this.#open.get(name, () => this.#openTable(name));
  }

  async list(): Promise<readonly string[]> {
    return (await this.#topics())
      .filter((topic) => topic.startsWith(this.#prefix))
      .map((topic) => topic.slice(this.#prefix.length))
      .sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#open[Symbol.asyncDispose]();
    this.#wire.close();
    await this.#cluster[Symbol.asyncDispose]();
  }

  async #openTable(name: string): Promise<KafkaTable> {
    const topic = `${this.#prefix}${name}`;
    const isThere = (await this.#topics()).includes(topic);
    const path = join(this.#folder, `${name}.mdb`);
    let replica = await this.#replica(name, path);
    let isOpened = false;
    try {
      const known = replica.applied?.topicId;
      let lost: Fault | undefined;
      let topicId = known ?? "";
      let forgets = Number(SETTINGS[FORGETS]);
      if (!isThere && known !== undefined)
        lost = topicLost(`table ${name}`, `its topic ${topic} is gone; somebody deleted it`);
      else {
        if (!isThere) await makeTopic(this.#cluster, topic, 1, SETTINGS);
        ({ topicId } = await describeTopic(this.#cluster, topic, 1));
        forgets = await this.#forgets(topic);
        if (known !== undefined && known !== topicId)
          lost = topicLost(
            `table ${name}`,
            `somebody deleted its topic ${topic} and made another of its name`,
          );
      }
      const age = this.#context.clock.now() - (replica.applied?.heardAt ?? 0);
      if (lost === undefined && known !== undefined && age > forgets / 2) {
        this.#context.log.info("A table was not used here for long, and is read again from the beginning.", {
          table: name,
        });
        await closeReplica(replica);
        for (const file of [path, `${path}-lock`, `${path}.filter`]) await rm(file, { force: true });
        replica = await this.#replica(name, path);
      }
      if (replica.applied === undefined && lost === undefined) await replica.adopt(topicId);
      // From here on the copy is the table's to close.
      isOpened = true;
      return await KafkaTable.open({
        ...{ name, cluster: this.#cluster, wire: this.#wire, topic, topicId, replica },
        ...{ context: this.#context, forgets: forgets / 2, lost },
      });
    } finally {
      if (!isOpened) await closeReplica(replica);
    }
  }

  async #replica(name: string, path: string): Promise<Replica> {
    const isLost = !existsSync(path) && existsSync(`${path}-lock`);
    if (isLost)
      this.#context.log.warn("The copy of a table is gone and is made again from its topic.", {
        table: name,
      });
    const replica = new Replica(name, path, this.#context);
    await replica.store.loadFilter();
    return replica;
  }

  /** For how long brokers keep what says that an entry was removed. */
  async #forgets(topic: string): Promise<number> {
    const settings = (await settingsOf(this.#cluster, [topic], [POLICY, FORGETS])).get(topic);
    const policy = settings?.get(POLICY);
    if (policy !== SETTINGS[POLICY])
      throw new Fault(
        "KAFKA_REFUSED",
        `topic ${topic} has ${POLICY}=${policy}, so the brokers delete entries of the table by age; set it to ${SETTINGS[POLICY]}`,
      );
    return Number(settings?.get(FORGETS) ?? SETTINGS[FORGETS]);
  }

  #topics(): Promise<readonly string[]> {
    return this.#cluster.ask("listing tables", (admin) => admin.listTopics());
  }
}

async function closeReplica(replica: Replica): Promise<void> {
  await replica.close();
  await replica.store.file.root.close();
}
