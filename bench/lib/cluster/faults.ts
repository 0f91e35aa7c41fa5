/** What goes wrong in an installation, one thing at a time. */
import { kafkaTool } from "../../../scripts/cluster/kafka.ts";
import { FLOW, type Installation } from "./installation.ts";

/** Begins a fault, and resolves to what ends it. */
type Begin = (installation: Installation) => Promise<() => Promise<void>>;
export type ClusterFault = { readonly name: string; readonly begin: Begin };

/** A server that faults happen to. */
type Victim = {
  readonly name: string;
  readonly pid: () => number | undefined;
  readonly kill: () => Promise<void>;
  readonly start: () => Promise<void>;
};

/** Who it happens to: decided when it happens, as others lead after each fault. */
const VICTIMS: readonly (readonly [string, (installation: Installation) => Promise<Victim>])[] = [
  [
    "a process of Metron",
    async ({ processes }) => {
      const [process] = processes;
      if (process === undefined) throw new Error("no process runs");
      return process;
    },
  ],
  [
    "the leading broker",
    async ({ kafka }) => {
      const broker = await leadingBroker(kafka.brokers);
      return {
        ...{ name: `broker-${broker}`, pid: () => kafka.pid(broker) },
        ...{ kill: () => kafka.kill(broker), start: () => kafka.start(broker) },
      };
    },
  ],
  [
    "the leading node of OpenSearch",
    async ({ openSearch }) => {
      const node = await leadingNode(openSearch.urls);
      return {
        ...{ name: `node-${node}`, pid: () => openSearch.pid(node) },
        ...{ kill: () => openSearch.kill(node), start: () => openSearch.start(node) },
      };
    },
  ],
];

/** What happens to it. */
const DEEDS: readonly (readonly [
  string,
  (victim: Victim, installation: Installation) => ReturnType<Begin>,
])[] = [
  [
    "kill",
    async (victim) => {
      await victim.kill();
      return victim.start;
    },
  ],
  [
    "pause",
    async (victim) => {
      const pid = victim.pid();
      if (pid === undefined) throw new Error(`${victim.name} does not run`);
      process.kill(pid, "SIGSTOP");
      return async () => void process.kill(pid, "SIGCONT");
    },
  ],
  [
    "cut off",
    async ({ name }, { network }) => {
      network.cut(name);
      return async () => network.mend(name);
    },
  ],
  [
    "fill the disk of",
    async (victim, { disks }) => {
      const disk = disks.get(victim.name);
      if (disk === undefined) throw new Error(`${victim.name} has no disk of its own`);
      await disk.fill();
      return async () => {
        await disk.empty();
        // A broker whose only disk fails ends, and is started again by whoever supervises it; processes of Metron see to it themselves.
        if (victim.pid() === undefined) await victim.start();
      };
    },
  ],
];

export const FAULTS: readonly ClusterFault[] = DEEDS.flatMap(([deed, happen]) =>
  VICTIMS.map(([whom, choose]) => ({
    name: `${deed} ${whom}`,
    begin: async (installation: Installation) => happen(await choose(installation), installation),
  })),
);

/** Resolves when every partition has all its copies and every shard too. */
export async function isWhole({ kafka, openSearch, processes }: Installation): Promise<boolean> {
  if (processes.some((process) => process.pid() === undefined)) return false;
  if ((await describeTopics(kafka.brokers, ["--under-replicated-partitions"])).trim() !== "") return false;
  const answer = await fetch(`${openSearch.url}/_cluster/health`, { signal: AbortSignal.timeout(5000) });
  const { status, number_of_nodes } = (await answer.json()) as { status: string; number_of_nodes: number };
  return status === "green" && number_of_nodes === openSearch.urls.length;
}

async function leadingBroker(brokers: readonly string[]): Promise<number> {
  const leader = /Leader: (\d+)/.exec(await describeTopics(brokers, ["--topic", `faults.${FLOW}`]))?.[1];
  if (leader === undefined) throw new Error("no broker leads");
  return Number(leader) - 1;
}

async function leadingNode(nodes: readonly string[]): Promise<number> {
  const answer = await fetch(`${nodes[0]}/_cat/cluster_manager?format=json`);
  const [{ node } = { node: "" }] = (await answer.json()) as { node: string }[];
  return Number(/^node-(\d+)$/.exec(node)?.[1]);
}

function describeTopics(brokers: readonly string[], more: readonly string[]): Promise<string> {
  const to = ["--bootstrap-server", brokers.join()];
  return kafkaTool("org.apache.kafka.tools.TopicCommand", [...to, "--describe", ...more]);
}
