/**
 * What the address bar holds of the packets of a message: which view, which conversation, how it is shown, down to the bytes that are
 * selected. Offsets only: what was said never gets into an address.
 */

export const TABS = ["stream", "packets", "objects", "timing", "raw"] as const;

export type PacketsTab = (typeof TABS)[number];

/** How bytes are shown; `auto` decides for each message of a conversation. */
export const SHOWS = ["auto", "text", "hex", "both", "http"] as const;

type Show = (typeof SHOWS)[number];

export type Side = "client" | "server";

export const SIDES = ["both", "client", "server"] as const;

/** Bytes from `from` to `to`, both included: of what a side said, or of one packet when there is no side. */
export type ByteRange = { readonly side?: Side | undefined; readonly from: number; readonly to: number };

export type PacketsState = {
  readonly tab: PacketsTab;
  /** The number of the conversation in what was found; undefined for the one nearest to the message. */
  readonly conversation: number | undefined;
  readonly show: Show;
  readonly side: (typeof SIDES)[number];
  readonly bytes: ByteRange | undefined;
  /** The packet that is opened. */
  readonly packet: number | undefined;
  /** Name of the field of the packet that is selected: several may have the same bytes, or none. */
  readonly field: string | undefined;
  /** Which packets are listed, in the search language. */
  readonly filter: string;
  /** The file that is opened. */
  readonly object: number | undefined;
};

/** A change of what is shown of the packets. `replace`: for steps nobody goes back to. */
export type ChangePackets = (parts: Partial<PacketsState>, options?: { replace?: boolean }) => void;

export const PACKET_KEYS_OF_ADDRESS = [
  "packets",
  "conversation",
  "show",
  "side",
  "bytes",
  "packet",
  "field",
  "filter",
  "object",
] as const;

type PacketsSearch = { readonly [Key in (typeof PACKET_KEYS_OF_ADDRESS)[number]]?: string };

/** The view that opens first, of whatever message. */
export function firstPackets(tab: PacketsTab = "stream"): PacketsState {
  return {
    tab,
    conversation: undefined,
    show: "auto",
    side: "both",
    bytes: undefined,
    packet: undefined,
    field: undefined,
    filter: "",
    object: undefined,
  };
}

/** Another view of the same packets; bytes and fields that are selected mean nothing in it. */
export function withTab(state: PacketsState, tab: PacketsTab): PacketsState {
  return tab === state.tab ? state : { ...state, tab, bytes: undefined, field: undefined };
}

/** The state an address means; undefined when it shows no packets. What it says wrongly falls back to the default. */
export function readPackets(search: PacketsSearch): PacketsState | undefined {
  const tab = TABS.find((name) => name === search.packets);
  if (tab === undefined) return undefined;
  return {
    tab,
    conversation: readNumber(search.conversation),
    show: SHOWS.find((name) => name === search.show) ?? "auto",
    side: SIDES.find((name) => name === search.side) ?? "both",
    bytes: readBytes(search.bytes),
    packet: readNumber(search.packet),
    field: search.field,
    filter: search.filter ?? "",
    object: readNumber(search.object),
  };
}

/** The shortest address of a state. */
export function writePackets(state: PacketsState | undefined): PacketsSearch {
  if (state === undefined) return {};
  const { tab, conversation, show, side, bytes, packet, field, filter, object } = state;
  return {
    packets: tab,
    ...(conversation !== undefined && { conversation: String(conversation) }),
    ...(show !== "auto" && { show }),
    ...(side !== "both" && { side }),
    ...(bytes !== undefined && { bytes: writeBytes(bytes) }),
    ...(packet !== undefined && { packet: String(packet) }),
    ...(field !== undefined && { field }),
    ...(filter !== "" && { filter }),
    ...(object !== undefined && { object: String(object) }),
  };
}

/** Numbers of conversations, packets and files count from 1. */
function readNumber(text: string | undefined): number | undefined {
  const number = /^[1-9]\d{0,14}$/.test(text ?? "") ? Number(text) : undefined;
  return number;
}

/** `client.4096-4160` of a conversation, `34-37` of a packet. */
function readBytes(text: string | undefined): ByteRange | undefined {
  const [, side, from, to] = /^(?:(client|server)\.)?(\d{1,15})-(\d{1,15})$/.exec(text ?? "") ?? [];
  if (from === undefined || Number(to) < Number(from)) return undefined;
  const range = { from: Number(from), to: Number(to) };
  return side === "client" || side === "server" ? { side, ...range } : range;
}

function writeBytes({ side, from, to }: ByteRange): string {
  return `${side === undefined ? "" : `${side}.`}${from}-${to}`;
}
