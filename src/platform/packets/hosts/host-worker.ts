/** Runs as a thread of its own: looks for packets of this host that another process asks for, one part each time it is asked for more. */
import { type MessagePort, parentPort } from "node:worker_threads";
import { type Matching, openMatching, sizeOf } from "../matching.ts";
import type { FromHostWorker, HostWork } from "../protocol.ts";
import { failureOfQuery } from "../query-failure.ts";
import { packetsPart, partSealer, statePart } from "./part.ts";

/** Milliseconds after which it tells how far it is when it found nothing. */
const TELL_AFTER = 500;

const port = parentPort as MessagePort;
const tell = (message: FromHostWorker): void => port.postMessage(message);
const failed = (error: unknown): void => tell({ type: "failed", ...failureOfQuery(error) });

port.once("message", async (work: HostWork) => {
  try {
    const parts = partsOf(await openMatching(work), work);
    port.on("message", () => {
      try {
        const { value: part, done } = parts.next();
        tell(done === true || part === undefined ? { type: "ended" } : { type: "part", part });
      } catch (error) {
        failed(error);
      }
    });
    tell({ type: "ready" });
  } catch (error) {
    failed(error);
  }
});

function* partsOf(matching: Matching, { question, room, packets }: HostWork): Generator<Uint8Array> {
  const seal = partSealer(packets.secret);
  let [found, size] = [0, 0];
  let told = performance.now();
  const state = () =>
    statePart({ ...matching.progress, problems: [...matching.progress.problems], isCut: matching.isCut });
  for (;;) {
    const next = matching.next({ packets: question.limit - found, bytes: room - size });
    if (next === undefined) break;
    if (next.found !== undefined) {
      found += next.found.count;
      size += sizeOf(next.found);
      yield seal(packetsPart(next.found));
    }
    if (performance.now() - told < TELL_AFTER) continue;
    yield seal(state());
    told = performance.now();
  }
  yield seal(state());
}
