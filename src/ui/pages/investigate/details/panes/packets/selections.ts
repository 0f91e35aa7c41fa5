import { firstPackets, type PacketsState, withTab } from "./packets-state.ts";

/** Messages whose selections are kept: more than anybody steps back through. */
const MOST = 100;

/** What was last selected in the packets of a message, by its guid. */
const selections = new Map<string, PacketsState>();

/** Keeps what is selected in the packets of a message, for when somebody steps back to it. */
export function keepSelection(guid: string, packets: PacketsState): void {
  selections.delete(guid);
  selections.set(guid, packets);
  for (const oldest of selections.keys()) {
    if (selections.size <= MOST) return;
    selections.delete(oldest);
  }
}

/** The packets of another message through the same view. What was selected in those of the former one means nothing there. */
export function packetsOfOther(guid: string | undefined, { tab, show, side }: PacketsState): PacketsState {
  const kept = (guid === undefined ? undefined : selections.get(guid)) ?? firstPackets(tab);
  return { ...withTab(kept, tab), show, side };
}
