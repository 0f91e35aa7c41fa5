/**
 * `npm run bench -- cluster-faults [--seconds=60] [--rate=500] [--usual=2] [--only=kill]`: one fault after the other in an
 * installation of three brokers, three nodes of OpenSearch and two processes, under load. `usual`: telemetry of so many seconds
 * may wait while nothing is wrong. `only`: faults whose name has the word in it. Needs Java, and the right to make network
 * namespaces and to mount.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { argument } from "./lib/arguments.ts";
import { type Analyst, startAnalyst } from "./lib/cluster/analyst.ts";
import { type ClusterFault, FAULTS, isWhole } from "./lib/cluster/faults.ts";
import { type Installation, startInstallation } from "./lib/cluster/installation.ts";
import { type Flow, openFlow } from "./lib/cluster/steady-flow.ts";
import { watch } from "./lib/cluster/watch.ts";

export const name = "Cluster: faults under load, one at a time; times in seconds";

type Row = Record<string, string | number>;

/** `usual`: records that may wait while nothing is wrong, as documents go out in bulk. */
type Load = { readonly seconds: number; readonly usual: number };

/** Milliseconds within which the lag must be back after a fault, and all copies be made. */
const [BACK_WITHIN, WHOLE_WITHIN] = [300_000, 180_000];
const NO_FAULT: ClusterFault = { name: "no fault", begin: async () => async () => undefined };

export async function run(args: readonly string[]): Promise<readonly Row[]> {
  const seconds = Number(argument(args, "seconds") ?? 60);
  const rate = Number(argument(args, "rate") ?? 500);
  const usual = rate * Number(argument(args, "usual") ?? 2);
  const only = argument(args, "only") ?? "";
  // Namespaces and mounts outlive a process that does not take them away.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
  const folder = await mkdtemp(join(tmpdir(), "metron-faults-"));
  try {
    await using installation = await startInstallation(folder);
    await using flow = await openFlow(installation, rate);
    const rows: Row[] = [];
    for (const fault of [NO_FAULT, ...FAULTS.filter((each) => each.name.includes(only))]) {
      const row = await suffer(fault, installation, flow, { seconds, usual });
      console.log(JSON.stringify(row));
      rows.push(row);
    }
    return rows;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function suffer(
  { name: fault, begin }: ClusterFault,
  installation: Installation,
  flow: Flow,
  { seconds, usual }: Load,
): Promise<Row> {
  const before = flow.sent();
  const ends = installation.processes.map((process) => process.ends());
  flow.start();
  const calm = watch(installation, flow, usual);
  await calm.back(BACK_WITHIN);
  await calm.stop();
  const analyst = startAnalyst(installation);
  await delay(5000);

  const watching = watch(installation, flow, usual);
  const end = await begin(installation);
  await delay(seconds * 1000);
  watching.ended();
  await end();
  await watching.back(BACK_WITHIN);
  const { backDuring, backAfter, most, told } = await watching.stop();
  await Promise.all([analyst.stop(), flow.stop()]);
  const found = await everything(installation, flow);
  const whole = await wholeAgain(installation);
  return {
    fault,
    sent: flow.sent() - before,
    "most waiting": most,
    "back during": backDuring?.toFixed(1) ?? "-",
    "back after": backAfter.toFixed(1),
    ...found,
    ...(await changes(analyst)),
    "ended by itself": installation.processes.reduce(
      (sum, each, place) => sum + each.ends() - (ends[place] ?? 0),
      0,
    ),
    whole,
    told: told.join(" "),
  };
}

/** What is stored of all that was ever sent, once what waits is stored. */
async function everything({ stored }: Installation, flow: Flow): Promise<Row> {
  const deadline = performance.now() + BACK_WITHIN;
  while (((await stored.count()) ?? 0) < flow.sent() && performance.now() < deadline) await delay(500);
  // What would be there twice may come a moment later.
  await delay(3000);
  const { lost, doubled, sentTwice } = flow.compare(await stored.numbers());
  return { lost, doubled, "sent twice": sentTwice };
}

async function changes(analyst: Analyst): Promise<Row> {
  return { patches: analyst.answered(), undone: await analyst.undone() };
}

/** Whether all copies are made again, so that the next fault is one at a time too. */
async function wholeAgain(installation: Installation): Promise<string> {
  const deadline = performance.now() + WHOLE_WITHIN;
  while (performance.now() < deadline) {
    if (await isWhole(installation).catch(() => false)) return "yes";
    await delay(1000);
  }
  return "NO";
}
