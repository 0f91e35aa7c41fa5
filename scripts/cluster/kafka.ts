/** Real Kafka on loopback, for tests and benchmarks: brokers that are controllers too, from Maven's artifacts. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { endWithUs } from "./end-with-us.ts";
import { jarsOf } from "./jars.ts";
import { HERE, type Place, startedAt } from "./place.ts";
import { endProcess, freePorts } from "./servers.ts";

export type KafkaOptions = {
  /** Default 1; with three, topics have three copies and survive the loss of one broker. */
  readonly brokers?: number;
  /** Settings of the brokers beside those here, or in place of them. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Further listeners of each broker by their names, with the protocol of each: `{ SECURE: "SASL_SSL" }`. */
  readonly listeners?: Readonly<Record<string, string>>;
  /** Where each broker runs; on loopback when absent. */
  readonly places?: readonly Place[];
  /** Further arguments of the tool that formats the storage, such as `--add-scram`. */
  readonly format?: readonly string[];
};

export type Kafka = AsyncDisposable & {
  /** The plain listener of each broker, `host:port`. */
  readonly brokers: readonly string[];
  /** The address of a further listener of the first broker. */
  readonly listener: (name: string) => string;
  readonly pids: () => readonly number[];
  /** The process of a broker; undefined when it has ended. */
  readonly pid: (broker: number) => number | undefined;
  /** The folder in which a broker stores its topics. */
  readonly stored: (broker: number) => string;
  /** Ends a broker as a crash would; resolves when it is gone. */
  readonly kill: (broker: number) => Promise<void>;
  /** Starts a broker that was ended, on what it has stored. */
  readonly start: (broker: number) => Promise<void>;
};

type Node = {
  readonly place: Place;
  readonly file: string;
  readonly log: string;
  child: ChildProcess | undefined;
};

const CLUSTER = "bWV0cm9uLXRlc3QtMDAwMA";

/** Starts brokers in a folder of their own, which goes when they are disposed of. Rejects with their log if they end. */
export async function startKafka({
  brokers = 1,
  settings = {},
  listeners = {},
  places = [],
  format = [],
}: KafkaOptions = {}): Promise<Kafka> {
  const folder = await mkdtemp(join(tmpdir(), "metron-kafka-"));
  const names = ["CLIENT", "CONTROLLER", ...Object.keys(listeners)];
  const ports = await freePorts(brokers * names.length);
  const portOf = (broker: number, name: string) => ports[broker * names.length + names.indexOf(name)];
  const each = Array.from({ length: brokers }, (_, broker) => broker);
  const placeOf = (broker: number) => places[broker] ?? HERE;
  const storedAt = (broker: number) => placeOf(broker).folder ?? join(folder, String(broker));
  const copies = brokers < 3 ? 1 : 3;
  const most = String(Math.floor((copies + 1) / 2));
  const nodes: Node[] = [];
  for (const broker of each) {
    const [file, log] = [join(folder, `${broker}.properties`), join(folder, `${broker}.log`)];
    const properties = {
      "process.roles": "broker,controller",
      "node.id": String(broker + 1),
      "controller.quorum.voters": each
        .map((other) => `${other + 1}@${placeOf(other).host}:${portOf(other, "CONTROLLER")}`)
        .join(),
      listeners: names.map((name) => `${name}://${placeOf(broker).host}:${portOf(broker, name)}`).join(),
      "listener.security.protocol.map": names
        .map((name) => `${name}:${listeners[name] ?? "PLAINTEXT"}`)
        .join(),
      "controller.listener.names": "CONTROLLER",
      "inter.broker.listener.name": "CLIENT",
      "log.dirs": storedAt(broker),
      "auto.create.topics.enable": "false",
      "group.initial.rebalance.delay.ms": "0",
      "offsets.topic.num.partitions": "4",
      "transaction.state.log.num.partitions": "4",
      "offsets.topic.replication.factor": String(copies),
      "default.replication.factor": String(copies),
      "transaction.state.log.replication.factor": String(copies),
      "transaction.state.log.min.isr": most,
      "share.coordinator.state.topic.replication.factor": String(copies),
      "share.coordinator.state.topic.min.isr": most,
      "min.insync.replicas": most,
      ...settings,
    };
    await writeFile(
      file,
      Object.entries(properties)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(""),
    );
    nodes.push({ place: placeOf(broker), file, log, child: undefined });
  }
  const nodeOf = (broker: number): Node => {
    const node = nodes[broker];
    if (node === undefined) throw new Error(`there is no broker ${broker}`);
    return node;
  };
  const close = async () => {
    await Promise.all(nodes.map((node) => end(node, "SIGTERM")));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    for (const { file } of nodes)
      await promisify(execFile)(
        "java",
        javaWith("kafka.tools.StorageTool", ["format", "-t", CLUSTER, "-c", file, ...format]),
      );
    for (const node of nodes) await launch(node);
    for (const node of nodes) await started(node);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    brokers: each.map((broker) => `${placeOf(broker).host}:${portOf(broker, "CLIENT")}`),
    listener: (name) => `${placeOf(0).host}:${portOf(0, name)}`,
    stored: storedAt,
    pids: () => nodes.flatMap((node) => runningOf(node) ?? []),
    pid: (broker) => runningOf(nodeOf(broker)),
    kill: (broker) => end(nodeOf(broker), "SIGKILL"),
    async start(broker) {
      await launch(nodeOf(broker));
      await started(nodeOf(broker));
    },
    [Symbol.asyncDispose]: close,
  };
}

/** Runs one of Kafka's own tools, and returns what it printed. */
export function kafkaTool(tool: string, parameters: readonly string[]): Promise<string> {
  return java(javaWith(tool, parameters));
}

/** Runs a program of this folder that uses Kafka's client. */
export function runJava(program: string, parameters: readonly string[]): Promise<string> {
  return java(javaWith(join(import.meta.dirname, "kafka", program), parameters));
}

async function java(parameters: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)("java", parameters, { maxBuffer: 64 << 20 });
  return stdout;
}

function javaWith(main: string, parameters: readonly string[], memory = "-Xmx128m"): string[] {
  const logging = join(import.meta.dirname, "kafka", "log4j2.properties");
  const jars = join(jarsOf("kafka"), "*");
  return [memory, `-Dlog4j2.configurationFile=${logging}`, "-cp", jars, main, ...parameters];
}

async function launch(node: Node): Promise<void> {
  await mkdir(join(node.log, ".."), { recursive: true });
  await using log = await open(node.log, "w");
  const [program, args] = startedAt(node.place, [
    "java",
    ...javaWith("kafka.Kafka", [node.file], "-Xmx384m"),
  ]);
  node.child = spawn(program, args, { stdio: ["ignore", log.fd, log.fd] });
  endWithUs(node.child);
}

async function started({ child, log }: Node): Promise<void> {
  for (;;) {
    const written = await readFile(log, "utf8");
    if (written.includes("Kafka Server started")) return;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null)
      throw new Error(`a broker of Kafka ended: ${written.split("\n").slice(-12).join("\n")}`);
    await delay(100);
  }
}

function runningOf({ child }: Node): number | undefined {
  return child?.exitCode === null && child.signalCode === null ? child.pid : undefined;
}

async function end(node: Node, signal: NodeJS.Signals): Promise<void> {
  const { child } = node;
  node.child = undefined;
  await endProcess(child, signal);
}
