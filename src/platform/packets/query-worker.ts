/** Runs as a thread of its own: looks for the packets of one query and writes them to its result. */
import { type MessagePort, parentPort } from "node:worker_threads";
import { makeContext } from "../../core/context.ts";
import { Fault } from "../../core/fault.ts";
import { describeLeftOut, openDecoder } from "../../pcap/decode/decode.ts";
import { selectPackets } from "../../pcap/filters/filter.ts";
import { StellarError } from "../../stellar/language/error.ts";
import { type Environment, makeEnvironment } from "../../stellar/run/environment.ts";
import type { StoredPackets } from "../../storage/packets/contract.ts";
import { joinPackets } from "../../storage/storage.ts";
import type { ExpressionStart, FromQueryWorker, QueryWork } from "./protocol.ts";
import { compileQuestion } from "./question/question.ts";
import { openResultWriter } from "./result/result-writer.ts";

/** Milliseconds between two words on how far it is. */
const TELL_EVERY = 100;
/** What a packet takes in a result beside its bytes, at most. */
const PACKET_BYTES = 112;

const port = parentPort as MessagePort;
const tell = (message: FromQueryWorker): void => port.postMessage(message);

port.once("message", async (work: QueryWork) => {
  await run(work).catch(tellFailure);
  port.close();
});
tell({ type: "ready" });

function tellFailure(error: unknown): void {
  const isKnown = error instanceof Fault || error instanceof StellarError;
  tell({
    type: "failed",
    code: error instanceof Fault ? error.code : error instanceof StellarError ? "QUERY_INVALID" : undefined,
    message: isKnown
      ? error.message
      : error instanceof Error
        ? (error.stack ?? error.message)
        : String(error),
  });
}

async function run({ id, folder, packets, question, now, room, expressions }: QueryWork): Promise<void> {
  const environment = await environmentOf(expressions);
  const { query, filter } = compileQuestion(question, { now, environment: () => environment });
  const reader = (await joinPackets(packets, makeContext())).reader();
  const decoder = openDecoder();
  using writer = openResultWriter({ id, folder, secret: packets.secret });
  let isCut = false;
  let told = performance.now();

  function* matching(): Generator<StoredPackets> {
    for (const block of reader.find(query)) {
      const layers = decoder.decode(block);
      const rows = selectPackets({ packets: block, layers }, filter);
      const left = question.limit - writer.written.packets;
      const found = picked(block, rows.slice(0, left));
      // It is cut when there is another one, not when there are just as many.
      isCut = rows.length > left && left === 0;
      isCut ||= writer.written.size + sizeOf(found) > room;
      if (isCut) return;
      yield found;
      isCut = rows.length > left;
      if (isCut) return;
      if (performance.now() - told < TELL_EVERY) continue;
      told = performance.now();
      tell({ type: "progress", written: { ...writer.written }, progress: reader.progress });
    }
  }

  await writer.write(matching());
  writer.finish();
  const { bytes, done, problems } = reader.progress;
  const progress = { bytes, done, problems: [...problems, ...describeLeftOut(decoder.leftOut)] };
  tell({ type: "ended", written: { ...writer.written }, progress, isCut });
}

/** Packets of a block, by their numbers in it; the bytes stay where they are. */
function picked(block: StoredPackets, rows: readonly number[]): StoredPackets {
  return {
    seen: block.seen,
    bytes: block.bytes,
    count: rows.length,
    starts: Uint32Array.from(rows, (row) => block.starts[row] as number),
    captured: Uint32Array.from(rows, (row) => block.captured[row] as number),
    original: Uint32Array.from(rows, (row) => block.original[row] as number),
    micros: Float64Array.from(rows, (row) => block.micros[row] as number),
    nanos: Uint16Array.from(rows, (row) => block.nanos[row] as number),
    interfaces: Uint16Array.from(rows, (row) => block.interfaces[row] as number),
  };
}

/** Bytes of a result that packets take, or some more. */
function sizeOf({ captured }: StoredPackets): number {
  return captured.reduce((sum, bytes) => sum + bytes + PACKET_BYTES, 0);
}

/** Where expressions are evaluated. What it takes is only loaded for a question that has one. */
async function environmentOf(start: ExpressionStart | undefined): Promise<Environment> {
  if (start === undefined) return makeEnvironment();
  const [{ openServices }, { openFunctions }, { readGlobal }] = await Promise.all([
    import("../services.ts"),
    import("../functions.ts"),
    import("../../config/global.ts"),
  ]);
  const services = await openServices(start, makeContext({ timeZone: start.timeZone }));
  services.takeFunctions(await openFunctions(start.functions));
  return services.evaluation(readGlobal(start.global, "global"));
}
