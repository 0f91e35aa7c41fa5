import { Command } from "commander";
import { listSensors } from "../../api/sensors.ts";
import { getStatus, type PlatformStatus } from "../../api/status.ts";
import { addressOf, connect, dataFolder, isAlive } from "../client.ts";
import { examples, type Reach, withJson, withReach } from "../options.ts";
import { bytes, counted, printJson, printTable, safeText } from "../print.ts";
import { describeProcesses } from "../processes.ts";
import { tellPartial } from "../tell-partial.ts";
import { readWorkerNote, WORKER_SILENT_AFTER, type WorkerNote } from "../worker-note.ts";

export function statusCommand(): Command {
  const command = new Command("status").addHelpText(
    "after",
    `
Exit code 0 when it is up and healthy, 1 when it is not up or something is wrong.
On the data folder of a worker or a capture host, which listen on nothing, it tells what that wrote last: 0 when it is ready.
${examples("metron status", "metron status --json | jq .health")}`,
  );
  return withJson(withReach(command)).action(status);
}

async function status(options: Reach & { json?: true }): Promise<void> {
  const note = options.server === undefined ? readWorkerNote(dataFolder(options)) : undefined;
  if (note !== undefined && addressOf(dataFolder(options)) === undefined) return tellWorker(note, options);
  const client = await connect(options);
  const found = await client.call(getStatus);
  const { sensors, partial } = await client.call(listSensors);
  if (found.health !== "ok") process.exitCode = 1;
  // Another machine's platform has its data folder there.
  const data = options.server === undefined ? dataFolder(options) : undefined;
  if (options.json) {
    printJson({ url: client.url, ...(data === undefined ? {} : { data }), ...found, sensors });
    return tellPartial(partial, options);
  }
  const { health, version, startedAt, stored, indexedPerSecond, listening, disk, problems } = found;
  const lines = [
    `Metron ${version} is up: ${client.url}`,
    `health    ${health}`,
    `since     ${new Date(startedAt).toISOString()}`,
    ...(data === undefined ? [] : [`data      ${data}`]),
    ...(disk === undefined ? [] : [`disk      ${bytes(disk.free)} of ${bytes(disk.size)} free`]),
    `messages  ${counted(stored, "message")} in the index${asOfText(found.asOf)}, ${indexedPerSecond.toFixed(1)}/s now`,
    ...describePackets(found.packets).map((line) => `packets   ${line}`),
    ...describeArchive(found.archive).map((line) => `archive   ${line}`),
    ...describeProcesses(found.processes ?? []).map((line) => `process   ${safeText(line)}`),
    ...listening.map((address) => `listening ${safeText(address)}`),
    "",
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  printTable(
    ["sensor", "state", "indexed/s", "lag", "indexed", "rejected", "dropped", "last record"],
    sensors.map((sensor) => [
      sensor.name,
      sensor.state,
      sensor.indexedPerSecond,
      sensor.lag,
      sensor.indexed,
      sensor.rejected,
      sensor.dropped,
      sensor.lastSeen === null ? null : new Date(sensor.lastSeen).toISOString(),
    ]),
  );
  tellProfiles(found.profiles ?? []);
  tellModels(found.models ?? []);
  for (const { detail, advice } of problems)
    process.stdout.write(`problem: ${safeText(detail)}\n  ${safeText(advice)}\n`);
  tellPartial(partial, options);
}

/** What profiles have counted, what they left out, and what failed last. */
function tellProfiles(profiles: NonNullable<PlatformStatus["profiles"]>): void {
  if (profiles.length === 0) return;
  process.stdout.write("\n");
  printTable(
    ["profile", "entities", "counted", "measured", "failed", "late", "left out"],
    profiles.map(
      ({ name, entities, applied, measured, failed, late, ahead, timeless, refused, outgrown }) => [
        ...[safeText(name), entities, applied, measured, failed, late],
        ahead + timeless + refused + outgrown,
      ],
    ),
  );
  for (const { name, lastError } of profiles)
    if (lastError !== undefined)
      process.stdout.write(
        `profile ${safeText(name)} failed last at ${new Date(lastError.at).toISOString()}: ${safeText(lastError.message)}\n`,
      );
}

/** What models have done, why messages have no score, and what failed last. */
function tellModels(models: NonNullable<PlatformStatus["models"]>): void {
  if (models.length === 0) return;
  const titleOf = ({ sensor, name, version }: (typeof models)[number]) =>
    safeText(`${sensor}/${name}@${version}`);
  process.stdout.write("\n");
  printTable(
    ["model", "state", "scored", "no score", "late", "last asked"],
    models.map((model) => [
      ...[titleOf(model), model.state, model.scored, model.absent, model.late],
      model.lastAt === null ? null : new Date(model.lastAt).toISOString(),
    ]),
  );
  for (const model of models) {
    const reasons = Object.entries(model.reasons).map(
      ([reason, messages]) => `${messages} ${safeText(reason)}`,
    );
    if (reasons.length > 0)
      process.stdout.write(`model ${titleOf(model)} without score: ${reasons.join(", ")}\n`);
    if (model.lastError !== undefined)
      process.stdout.write(
        `model ${titleOf(model)} failed last at ${new Date(model.lastError.at).toISOString()}: ${safeText(model.lastError.message)}\n`,
      );
  }
}

/** A worker can be asked nothing, so what it wrote last is told. */
function tellWorker(note: WorkerNote, { json }: { json?: true }): void {
  const { role, pid, at, ready, reasons } = note;
  const isUp = isAlive(pid) && Date.now() - at < WORKER_SILENT_AFTER;
  if (!isUp || !ready) process.exitCode = 1;
  if (json) {
    printJson({ up: isUp, ...note });
    return;
  }
  const word = ready ? "ready" : "not ready";
  const last = `No ${role} is up: process ${pid} said last at ${new Date(at).toISOString()} that it was ${word}`;
  process.stdout.write(`${isUp ? `A ${role} is up, process ${pid}: ${word}` : last}\n`);
  for (const { detail, advice } of reasons)
    process.stdout.write(`problem: ${safeText(detail)}\n  ${safeText(advice)}\n`);
}

/** Since when numbers of the index are no better known; nothing where they are of now. */
function asOfText(asOf: PlatformStatus["asOf"]): string {
  if (asOf === undefined) return "";
  if (asOf === null) return " as far as is known, as it has not answered yet";
  return ` as of ${new Date(asOf).toISOString()}, ${Math.round((Date.now() - asOf) / 1000)} s ago, as it does not answer`;
}

/** How many packets there are, how far back they reach, and for how long there is room; nothing where none were captured. */
function describePackets(state: PlatformStatus["packets"]): string[] {
  const { packets, oldest, indexBytes, indexedBytes, days, dropped } = state;
  const lines: string[] = [];
  if (oldest !== null)
    lines.push(
      `${counted(packets, "packet")} back to ${new Date(oldest).toISOString()}, ${bytes(state.bytes)} of ${bytes(state.limit)}` +
        (indexedBytes === 0 ? "" : ` (${((100 * indexBytes) / indexedBytes).toFixed(2)} % index)`),
    );
  if (days !== null)
    lines.push(
      `${bytes(state.bytesPerSecond)}/s in the last hour; ${days.toFixed(1)} days fit at today's rate`,
    );
  if (dropped.packets > 0)
    lines.push(`${counted(dropped.packets, "packet")} dropped since the start, the oldest first`);
  for (const host of state.hosts ?? [])
    if (!host.isSelf) {
      const { name, packets: count, bytes: size, limitBytes, oldest: first, problem } = host;
      const reach = first === undefined ? "" : ` back to ${new Date(first).toISOString()}`;
      const lacking = problem === undefined ? "" : `; they are missing in answers: ${problem}`;
      lines.push(
        safeText(
          `of ${name}: ${counted(count, "packet")}${reach}, ${bytes(size)} of ${bytes(limitBytes)}${lacking}`,
        ),
      );
    }
  return lines;
}

/** How much is archived, what waits, and since when something is wrong; nothing where there is no archive. */
function describeArchive(state: PlatformStatus["archive"]): string[] {
  if (state === undefined) return [];
  const { archived, only, waiting, held, cacheBytes, cacheLimit, failure } = state;
  const filesOf = ({ files, bytes: size }: typeof archived) => `${counted(files, "file")}, ${bytes(size)}`;
  const lines = [
    `${filesOf(archived)}; ${counted(only.messages, "message")} only there; ${bytes(cacheBytes)} of ${bytes(cacheLimit)} copied for searches`,
  ];
  if (!state.on) lines.push("switched off: nothing is archived, and what is only there is not searched");
  if (waiting.files > 0) lines.push(`${filesOf(waiting)} not archived yet`);
  if (held.files > 0) lines.push(`${filesOf(held)} kept beyond their time until they are archived`);
  if (failure !== undefined)
    lines.push(`failing since ${new Date(failure.since).toISOString()}: ${safeText(failure.detail)}`);
  return lines;
}
