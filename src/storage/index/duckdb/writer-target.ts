import type { Memory } from "../blocks/block.ts";
import type { KnownFields } from "../blocks/known-fields.ts";
import type { ClaimKey, WriterTarget } from "../blocks/writer.ts";
import type { Catalogue } from "../segments/catalogue.ts";
import type { Claims } from "../segments/claims.ts";
import type { HotStore } from "./hot-store.ts";
import type { StoredGuids } from "./stored-guids.ts";

type TargetParts = {
  readonly hot: HotStore;
  readonly claims: Claims;
  readonly catalogue: Catalogue;
  readonly known: KnownFields;
  readonly stored: StoredGuids;
  readonly seal: () => Promise<void>;
};

/** What a writer of a name talks to. @param onFree gets the memory of blocks back when it is free */
export function writerTarget(
  { hot, claims, catalogue, known, stored, seal }: TargetParts,
  name: string,
  onFree: (memory: Memory) => void,
  claim: ClaimKey,
): WriterTarget {
  const stay = hot.enter(name);
  return {
    add: (block, key) => {
      known.addAll(block.sensor, block.columns, block.rest);
      hot.add(stay, block, key, onFree);
      return undefined;
    },
    commit: (key, offset) => hot.commit(stay, key, offset),
    stored: (sensor, guids) => stored.among(sensor, guids),
    position: async (key) =>
      claims.isOn ? claims.take(key, claim) : (hot.position(key) ?? catalogue.positions.get(key)),
    seal,
    close: async () => {
      await hot.seal();
      // What the others could not be told now is decided at the next start.
      await claims.settle().catch(() => undefined);
      claims.leave(claim);
      hot.leave(stay);
    },
    abandon: () => {
      claims.leave(claim);
      hot.leave(stay);
    },
  };
}
