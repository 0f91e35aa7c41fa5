import { setTimeout as pause } from "node:timers/promises";
import type { Packets } from "../../pcap/packets.ts";
import type { ResultPlace } from "./result/result-files.ts";
import { openResultReader, type ResultReader } from "./result/result-reader.ts";

/** How often it is looked whether more was found, milliseconds. */
const LOOK_EVERY = 100;

/**
 * Reads what a query finds as it finds it, until it has ended, in the order in which it was found.
 * @param place where the result is and how much of it there is by now
 * @param signal stops waiting for more; what reads then throws an AbortError
 */
export function followResult(
  place: () => ResultPlace,
  signal: AbortSignal | undefined,
): Pick<ResultReader, "interfaces" | "links" | "read"> {
  async function* read(): AsyncGenerator<Packets> {
    for (let from = 0; ; ) {
      const now = place();
      if (from < now.count) {
        // By the order of finding also when the query has ended meanwhile: what was read keeps its numbers.
        await using reader = await openResultReader({ ...now, hasEnded: false });
        yield* reader.read(Array.from({ length: now.count - from }, (_, index) => from + index));
        from = now.count;
      } else if (now.hasEnded) return;
      else await pause(LOOK_EVERY, undefined, { signal });
    }
  }
  return { interfaces: [], links: async () => new Map(), read };
}
