/** The brokers of a Kafka cluster as one thread reaches them. */
import {
  Admin,
  type API,
  type Broker,
  type Connection,
  type ConnectionOptions,
  ConnectionPool,
} from "@platformatic/kafka";
import { answersOf, faultOf } from "./faults.ts";
import { connectionOptions } from "./security.ts";
import type { KafkaSettings, ReadSecret } from "./settings.ts";

/** Where a partition is, and which topic of its name it belongs to. */
export type Leader = { readonly broker: Broker; readonly topicId: string };

/** The name that brokers see in their logs. */
const CLIENT = "metron";
const RETRIES = 3;
const RETRY_MILLISECONDS = 300;
/** A request waits at most this long for its answer; a fetch waits less for records. */
const REQUEST_MILLISECONDS = 30_000;
const NO_LEADER = -1;
/** Who coordinates groups is not known yet: a new cluster, or one that has lost a broker, needs some seconds. */
const COMING = ["COORDINATOR_NOT_AVAILABLE", "COORDINATOR_LOAD_IN_PROGRESS", "NOT_COORDINATOR"];
const COMING_TRIES = 20;

/** Connections of one purpose: requests of one connection wait for one another, so long ones get their own. */
export class Wire {
  readonly #pool: ConnectionPool;

  constructor(pool: ConnectionPool) {
    this.#pool = pool;
  }

  /** Asks a broker. A connection that does not answer is given up: what it still says would be taken for another answer. */
  async ask<Arguments extends unknown[], Answer>(
    broker: Broker,
    api: API<Arguments, Answer>,
    ...parameters: Arguments
  ): Promise<Answer> {
    const connection = await this.#pool.get(broker);
    try {
      return await api.async(connection, ...parameters);
    } catch (error) {
      if (!isAnswer(error)) connection.socket.destroy();
      throw error;
    }
  }

  close(): void {
    for (const [, connection] of [...this.#pool]) connection.socket?.destroy();
    // Nothing is waited for: the sockets are gone.
    this.#pool.close().catch(() => undefined);
  }
}

/** A cluster, until it is disposed of. */
export class Cluster implements AsyncDisposable {
  readonly settings: KafkaSettings;
  readonly #options: ConnectionOptions;
  readonly #admin: Admin;

  /**
   * Makes sure that a broker answers before anything relies on it.
   * @throws Fault KAFKA_UNREACHABLE, KAFKA_REFUSED; CONFIG_INVALID as the constructor
   */
  static reach(settings: KafkaSettings, readSecret: ReadSecret): Promise<Cluster> {
    return Cluster.handTo(settings, readSecret, async (cluster) => {
      await cluster.ask(`reaching Kafka at ${settings.brokers.join(", ")}`, (admin) => admin.listTopics());
      return cluster;
    });
  }

  /**
   * Opens something on a cluster of its own, which it disposes of with itself; when it cannot be opened, the cluster is disposed of here.
   * @throws what `open` throws; Fault CONFIG_INVALID as the constructor
   */
  static async handTo<Opened>(
    settings: KafkaSettings,
    readSecret: ReadSecret,
    open: (cluster: Cluster) => Promise<Opened>,
  ): Promise<Opened> {
    const cluster = new Cluster(settings, readSecret);
    try {
      return await open(cluster);
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** @throws Fault CONFIG_INVALID when a secret or a certificate cannot be read */
  constructor(settings: KafkaSettings, readSecret: ReadSecret) {
    this.settings = settings;
    this.#options = { ...connectionOptions(settings, readSecret), requestTimeout: REQUEST_MILLISECONDS };
    this.#admin = new Admin({
      ...this.#options,
      clientId: CLIENT,
      bootstrapBrokers: [...settings.brokers],
      retries: RETRIES,
      retryDelay: RETRY_MILLISECONDS,
    });
    tolerate(this.#admin.connections);
  }

  /** Asks for what the library knows how to ask. Throws the fault of what went wrong. */
  async ask<Answer>(doing: string, question: (admin: Admin) => Promise<Answer>): Promise<Answer> {
    for (let tried = 1; ; tried++) {
      try {
        return await question(this.#admin);
      } catch (error) {
        const isComing = answersOf(error).some((answer) => COMING.includes(answer));
        if (!isComing || tried === COMING_TRIES) throw faultOf(doing, error);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MILLISECONDS));
      }
    }
  }

  /** Opens connections for one purpose; close them when done. */
  wire(maxInflights = 5): Wire {
    const pool = new ConnectionPool(CLIENT, { ...this.#options, maxInflights });
    tolerate(pool);
    return new Wire(pool);
  }

  /** Who leads a partition now. Rejects with the library's error while nobody does. */
  async leader(topic: string, partition: number, isFresh = false): Promise<Leader> {
    const { brokers, topics } = await this.#admin.metadata({ topics: [topic], forceUpdate: isFresh });
    const found = topics.get(topic);
    const leader = found?.partitions[partition]?.leader ?? NO_LEADER;
    const broker = brokers.get(leader);
    if (found === undefined || broker === undefined)
      throw Object.assign(new Error(`partition ${partition} has no leader`), { code: "PLT_KFK_NETWORK" });
    return { broker, topicId: found.id };
  }

  /** The broker that coordinates a group. */
  async coordinator(group: string): Promise<Broker> {
    const [found] = await this.#admin.findCoordinator({ keyType: 0, keys: [group] });
    if (found === undefined) throw new Error(`nobody coordinates the group ${group}`);
    return found;
  }

  /** Any broker that answers. */
  async anyBroker(): Promise<Broker> {
    const { brokers } = await this.#admin.metadata({ topics: [] });
    const [broker] = brokers.values();
    if (broker === undefined) throw new Error("the cluster has no broker");
    return broker;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const [, connection] of [...this.#admin.connections]) connection.socket?.destroy();
    await this.#admin.close().catch(() => undefined);
  }
}

/** Whether an error is what a broker answered, in place of a connection that failed. */
function isAnswer(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "PLT_KFK_RESPONSE";
}

/** Connections tell of errors twice: to who asked, and as an event that ends the process when nobody listens. */
function tolerate(pool: ConnectionPool): void {
  pool.on("connecting", ({ connection }: { connection: Connection }) =>
    connection.on("error", () => undefined),
  );
}
