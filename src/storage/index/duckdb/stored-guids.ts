import type { Archive } from "../archived/archive.ts";
import type { Segment } from "../segments/catalogue.ts";
import type { Snapshot } from "./relations.ts";
import { fetch } from "./search.ts";
import type { Library } from "./selection.ts";

type StoredParts = {
  readonly library: Library;
  /** What is in the archive alone is stored, too. */
  readonly archive: Pick<Archive, "reachAll">;
  /** What can be seen of a sensor's messages now. */
  readonly snapshot: (sensor: string) => Snapshot;
  /** Runs a look-up, so that nothing that it reads goes meanwhile. */
  readonly run: <Result>(look: () => Promise<Result>) => Promise<Result>;
};

/** Tells which messages are stored already. One look-up at a time: what the one before let in, the next one must see. */
export class StoredGuids {
  readonly #parts: StoredParts;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: StoredParts) {
    this.#parts = parts;
  }

  /** Those of a sensor's guids that are stored. @throws Fault ARCHIVE_UNREAD */
  among(sensor: string, guids: readonly string[]): Promise<ReadonlySet<string>> {
    const found = this.#last.then(() => this.#parts.run(() => this.#look(sensor, guids)));
    this.#last = found.catch(() => undefined);
    return found;
  }

  async #look(sensor: string, guids: readonly string[]): Promise<ReadonlySet<string>> {
    const { library, archive, snapshot } = this.#parts;
    await using reached = await archive.reachAll(sensor, guids);
    const seen = reached.with(snapshot(sensor));
    const segments = holding(seen.segments, guids).filter((segment) => segment.sensor === sensor);
    const blocks = seen.blocks.filter(({ block }) => block.sensor === sensor);
    return new Set((await fetch(library, guids, { segments, blocks }, new Set())).keys());
  }
}

/** The segments in which some of the guids may be. */
export function holding(segments: readonly Segment[], guids: readonly string[]): Segment[] {
  return segments.filter(({ minGuid, maxGuid }) => guids.some((guid) => guid >= minGuid && guid <= maxGuid));
}
