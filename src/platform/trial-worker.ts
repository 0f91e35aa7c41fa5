/** Runs as a process of its own: tries modules and extension packages, and says before each step what comes next. */
import { Worker } from "node:worker_threads";
import type { Change, Version } from "../config/store.ts";
import { silentLog, systemClock } from "../core/context.ts";
import { Fault } from "../core/fault.ts";
import { allowPaths } from "../storage/allowed-folders.ts";
import type { TableReader } from "../storage/table/contract.ts";
import { checkChanges } from "./check.ts";
import { SensorDocuments } from "./documents.ts";
import { openFunctions } from "./functions.ts";
import { mainServices } from "./services.ts";
import type { TrialRequest, TrialStep } from "./trial.ts";

/** Milliseconds after which this process ends in any case. */
const LONGEST = 120_000;

const tell = (step: TrialStep) =>
  new Promise<void>((sent, fail) =>
    process.send?.(step, (error: Error | null) => (error ? fail(error) : sent())),
  );

process.once("message", async (request: TrialRequest) => {
  try {
    await attempt(request);
  } catch (error) {
    // A mistake is told by the check that follows, with its place.
    if (!(error instanceof Fault)) throw error;
  }
  await tell({ type: "done" });
});
// A platform that is killed meanwhile cannot end this process, and what does not end cannot end itself.
new Worker(`setTimeout(() => process.kill(${process.pid}, "SIGKILL"), ${LONGEST})`, { eval: true }).unref();
await tell({ type: "began" });

async function attempt({ sources, changes, documents, folders }: TrialRequest): Promise<void> {
  const functions = await openFunctions(sources, (source) => tell({ type: "import", source }));
  const context = {
    log: silentLog,
    clock: systemClock,
    timeZone: "UTC",
    signal: new AbortController().signal,
    global: {},
  };
  const services = mainServices({ enrichment: noTable, threatIntel: noTable }, context);
  services.takeFunctions(functions);
  for (const part of partsOf(changes)) {
    await tell({ type: "document", name: part.map(({ kind, name }) => `${kind}/${name}`).join(", ") });
    const rules = {
      documents: new SensorDocuments(),
      inForce: services,
      allow: allowPaths(folders),
      mayServeOthers: true,
    };
    try {
      checkChanges(part, storeOf(documents), services, context, rules);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
    }
  }
}

/** Sensors one by one, so that the one at which something does not end can be named; what concerns all of them together. */
function partsOf(changes: readonly Change[]): Change[][] {
  const sensors = changes.filter(({ kind }) => kind === "sensor");
  const others = changes.filter(({ kind }) => kind !== "sensor");
  return [...sensors.map((change) => [change]), ...(others.length === 0 ? [] : [others])];
}

/** The documents in force as a store that can only be read. */
function storeOf(documents: readonly Version[]) {
  return {
    list: (kind?: Version["kind"]) => documents.filter((each) => kind === undefined || each.kind === kind),
    get: (kind: Version["kind"], name: string) =>
      documents.find((each) => each.kind === kind && each.name === name),
  };
}

/** What tables hold does not matter here: they are empty. */
const noTable: TableReader = {
  name: "none",
  get: () => undefined,
  range: () => [],
  lookup: () => ({ mightHave: () => false, mightHaveHashed: () => false, get: () => undefined }),
  version: () => 0,
  types: () => [],
  async *watch() {},
  [Symbol.asyncDispose]: async () => {},
};
