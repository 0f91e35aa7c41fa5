/** Runs as a thread of its own: looks for the packets of one query, takes what other hosts found, and writes all to the result. */
import { type MessagePort, parentPort } from "node:worker_threads";
import type { StoredPackets } from "../../storage/packets/contract.ts";
import { openHostParts } from "./hosts/host-parts.ts";
import { openMatching, picked, sizeOf } from "./matching.ts";
import type { FromQueryWorker, QueryWork, ToQueryWorker } from "./protocol.ts";
import { failureOfQuery } from "./query-failure.ts";
import { openResultWriter } from "./result/result-writer.ts";

/** Milliseconds between two words on how far it is. */
const TELL_EVERY = 100;

const port = parentPort as MessagePort;
const tell = (message: FromQueryWorker): void => port.postMessage(message);

port.once("message", async (work: QueryWork) => {
  await run(work).catch((error: unknown) => tell({ type: "failed", ...failureOfQuery(error) }));
  port.close();
});
tell({ type: "ready" });

async function run({ id, folder, room, hosts, missing, ...search }: QueryWork): Promise<void> {
  const { packets, question } = search;
  const others = openHostParts(hosts, packets.secret, (host) => tell({ type: "taken", host }));
  port.on("message", (message: ToQueryWorker) => others.take(message));
  const matching = await openMatching(search);
  using writer = openResultWriter({ id, folder, secret: packets.secret });
  const left = () => ({
    packets: question.limit - writer.written.packets,
    bytes: room - writer.written.size,
  });
  let isCut = false;
  let [told, toldPackets] = [performance.now(), 0];
  const progress = () => {
    const own = matching.progress;
    const { bytes, done, problems } = others.progress;
    const all = [...missing, ...own.problems, ...problems];
    return { bytes: own.bytes + bytes, done: own.done + done, problems: all };
  };

  const tellProgress = () => {
    [told, toldPackets] = [performance.now(), writer.written.packets];
    tell({ type: "progress", written: { ...writer.written }, progress: progress() });
  };

  /** What comes first is written first: the result is put in order at the end. */
  async function* found(): AsyncGenerator<StoredPackets> {
    let isSearching = true;
    while (!isCut) {
      const come = others.next();
      if (come !== undefined) yield* within(come);
      else if (isSearching) {
        const next = matching.next(left());
        isSearching = next !== undefined;
        isCut ||= matching.isCut;
        if (next?.found !== undefined) yield next.found;
        // What others bring comes as messages.
        if (others.isOpen) await new Promise((resolve) => setImmediate(resolve));
      } else if (others.isOpen) {
        // Hosts may take long: what was found until now is told before.
        if (writer.written.packets > toldPackets) tellProgress();
        await others.arrival();
      } else return;
      if (performance.now() - told >= TELL_EVERY) tellProgress();
    }
  }

  /** What of the packets of another host is within the limits. */
  function* within(come: StoredPackets): Generator<StoredPackets> {
    const { packets: most, bytes } = left();
    isCut ||= come.count > most || sizeOf(come) > bytes;
    if (sizeOf(come) > bytes || most === 0) return;
    yield come.count <= most
      ? come
      : picked(
          come,
          Array.from({ length: most }, (_, row) => row),
        );
  }

  await writer.write(found());
  writer.finish();
  isCut ||= others.isCut;
  tell({ type: "ended", written: { ...writer.written }, progress: progress(), isCut });
}
