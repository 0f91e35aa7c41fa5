import { LINK } from "../../decode/link-types.ts";
import {
  always,
  both,
  either,
  equals,
  type Frame,
  inverse,
  isBetween,
  type Load,
  never,
  read,
  type Test,
} from "./frame.ts";
import { IPV4, IPV6 } from "./names.ts";

/**
 * Where the headers of a link are. It changes while a filter is compiled: `vlan`, `mpls` and `pppoes` say that everything behind them
 * in the filter is about what is behind their header.
 */
export type Layout = {
  readonly linkType: number;
  /** How the type of what follows is told. */
  typing: "ethernet" | "cooked" | "version" | "ppp" | "decoded";
  /** Where the type of what follows is, and where that begins, in bytes from the beginning of the frame. */
  type: number;
  payload: number;
  /** Labels of MPLS between the payload and the network header. */
  labels: number;
};

const LABEL = 4;
const LARGEST_LENGTH = 1500;

/**
 * Links whose header has one form are read as tcpdump reads them; of others the layers say where the network header begins and what it
 * is.
 */
export function layoutOf(linkType: number): Layout {
  const layout = (typing: Layout["typing"], type: number, payload: number): Layout => ({
    linkType,
    typing,
    type,
    payload,
    labels: 0,
  });
  switch (linkType) {
    case LINK.ethernet:
      return layout("ethernet", 12, 14);
    case LINK.linuxCooked:
      return layout("cooked", 14, 16);
    case LINK.linuxCooked2:
      return layout("cooked", 0, 20);
    case LINK.raw:
    case LINK.rawBsd:
    case LINK.rawOpenBsd:
    case LINK.ipv4:
    case LINK.ipv6:
      return layout("version", 0, 0);
    default:
      return layout("decoded", 0, 0);
  }
}

/** Bytes counted from the beginning of the frame. */
export function fromFrame(offset: number, size: 1 | 2 | 4): Load {
  return (frame) => read(frame, frame.start + offset, size);
}

/** Where the network header begins. */
export function networkOf(layout: Layout): (frame: Frame) => number {
  const offset = layout.payload + LABEL * layout.labels;
  if (layout.typing === "decoded") return (frame) => frame.layers.network[frame.row]! + offset;
  return (frame) => frame.start + offset;
}

/** Bytes counted from the beginning of the network header. */
export function fromNetwork(layout: Layout, offset: number, size: 1 | 2 | 4): Load {
  const network = networkOf(layout);
  return (frame) => read(frame, network(frame) + offset, size);
}

/** Bytes counted from behind the header of IPv4. */
export function fromTransport(layout: Layout, offset: number, size: 1 | 2 | 4): Load {
  const network = networkOf(layout);
  return (frame) => {
    const at = network(frame);
    const first = read(frame, at, 1);
    return first < 0 ? -1 : read(frame, at + 4 * (first & 15) + offset, size);
  };
}

/** Whether the link says that an EtherType, or a service access point of IEEE 802.2, follows. */
export function hasType(layout: Layout, type: number): Test {
  if (layout.labels > 0) return underLabels(layout, type);
  switch (layout.typing) {
    case "ethernet":
      return type > LARGEST_LENGTH ? equals(fromFrame(layout.type, 2), type) : hasAccessPoint(layout, type);
    case "cooked":
      return type > LARGEST_LENGTH
        ? equals(fromFrame(layout.type, 2), type)
        : both(equals(fromFrame(layout.type, 2), 4), equals(fromFrame(layout.payload, 1), type));
    case "version":
      return hasVersion(layout, type);
    case "ppp":
      return equals(fromFrame(layout.type, 2), pppType(type));
    case "decoded":
      return ({ layers, row }) =>
        decodedType(layers.version[row]!, layers.etherType[row]!) === type ? 1 : 0;
  }
}

function decodedType(version: number, etherType: number): number {
  return version === 4 ? IPV4 : version === 6 ? IPV6 : etherType;
}

/** IEEE 802.3: the type is a length, and the access point comes behind it. Two of the points are looked for twice. */
function hasAccessPoint(layout: Layout, type: number): Test {
  const isLength = isBetween(fromFrame(layout.type, 2), 0, LARGEST_LENGTH);
  const isTwice = type === 0xfe || type === 0xf0;
  const point = fromFrame(layout.payload, isTwice ? 2 : 1);
  return both(isLength, equals(point, isTwice ? type * 0x101 : type));
}

/** IP without a link tells itself by its version. */
function hasVersion(layout: Layout, type: number): Test {
  if (layout.linkType === LINK.ipv4) return type === IPV4 ? always : never;
  if (layout.linkType === LINK.ipv6) return type === IPV6 ? always : never;
  const version = fromNetwork(layout, 0, 1);
  return type === IPV4 ? equals(version, 0x40, 0xf0) : type === IPV6 ? equals(version, 0x60, 0xf0) : never;
}

/** Below labels only IP is told, by its version, when the label before it is the last. */
function underLabels(layout: Layout, type: number): Test {
  const isLast = equals(fromNetwork(layout, -2, 1), 1, 1);
  const version = fromNetwork(layout, 0, 1);
  if (type === IPV4) return both(isLast, equals(version, 0x40, 0xf0));
  return type === IPV6 ? both(isLast, equals(version, 0x60, 0xf0)) : never;
}

function pppType(type: number): number {
  return type === IPV4 ? 0x0021 : type === IPV6 ? 0x0057 : type;
}

/** `vlan`: one more tag. */
export function enterVlan(layout: Layout, id: number | undefined): Test {
  if (layout.typing === "decoded") return decodedVlan(id);
  if (layout.typing !== "ethernet" || layout.labels > 0) return never;
  const isTag = either(hasType(layout, 0x8100), either(hasType(layout, 0x88a8), hasType(layout, 0x9100)));
  const test = id === undefined ? isTag : both(isTag, equals(fromFrame(layout.payload, 2), id, 0xfff));
  layout.type += 4;
  layout.payload += 4;
  return test;
}

function decodedVlan(id: number | undefined): Test {
  return ({ layers, row }) => {
    if (id === undefined) return layers.vlan[row]! >= 0 ? 1 : 0;
    return layers.vlan[row] === id || layers.outerVlan[row] === id ? 1 : 0;
  };
}

/** `mpls`: one more label. */
export function enterMpls(layout: Layout, label: number | undefined): Test {
  if (layout.typing !== "ethernet" && layout.typing !== "ppp") return never;
  const type = layout.typing === "ppp" ? 0x0281 : 0x8847;
  const isMore =
    layout.labels === 0 ? hasType(layout, type) : inverse(equals(fromNetwork(layout, -2, 1), 1, 1));
  const value = fromNetwork(layout, 0, 4);
  const test = label === undefined ? isMore : both(isMore, equals(value, (label << 12) >>> 0, 0xffff_f000));
  layout.labels++;
  return test;
}

/** `pppoes`: a session of PPP over Ethernet, behind which PPP tells the types. */
export function enterPppoe(layout: Layout, session: number | undefined): Test {
  if (layout.typing !== "ethernet" && layout.typing !== "ppp") return never;
  const isSession = hasType(layout, 0x8864);
  const number = fromNetwork(layout, 0, 4);
  const test = session === undefined ? isSession : both(isSession, equals(number, session, 0xffff));
  layout.type = layout.payload + LABEL * layout.labels + 6;
  layout.payload = layout.type + 2;
  layout.labels = 0;
  layout.typing = "ppp";
  return test;
}
