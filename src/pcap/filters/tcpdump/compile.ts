import { LINK } from "../../decode/link-types.ts";
import { compileRelation } from "./compile-arithmetic.ts";
import { hasNumber4, hasNumber6, hasProtocol, isWhole } from "./compile-protocol.ts";
import { both, either, equals, inverse, isBetween, type Load, never, type Test } from "./frame.ts";
import {
  enterMpls,
  enterPppoe,
  enterVlan,
  fromFrame,
  fromNetwork,
  fromTransport,
  hasType,
  type Layout,
} from "./layout.ts";
import { ARP, IPV4, IPV6, RARP } from "./names.ts";
import type { Direction, Filter, Primitive } from "./tree.ts";

const TCP = 6;
const UDP = 17;
const SCTP = 132;
const IPV6_HEADER = 40;

/** Compiles a filter for one layout. What comes before in the filter is compiled first, as it may change the layout. */
export function compileFilter(layout: Layout, filter: Filter): Test {
  switch (filter.kind) {
    case "chain": {
      const first = compileFilter(layout, filter.first);
      const rest = filter.rest.map((link) => ({
        isAnd: link.operator === "and",
        test: compileFilter(layout, link.filter),
      }));
      return (frame) => {
        let result = first(frame);
        for (const { isAnd, test } of rest) {
          if (result === (isAnd ? 1 : 0)) result = test(frame);
        }
        return result;
      };
    }
    case "not":
      return inverse(compileFilter(layout, filter.filter));
    default:
      return compilePrimitive(layout, filter);
  }
}

function compilePrimitive(layout: Layout, primitive: Primitive): Test {
  switch (primitive.kind) {
    case "address4":
      return address4(layout, primitive);
    case "address6":
      return address6(layout, primitive);
    case "hardware":
      return hardware(layout, primitive.address, primitive.direction);
    case "port":
      return ports(layout, primitive);
    case "number":
      return number(layout, primitive);
    case "protocol": {
      const { protocol } = primitive.qualifier;
      if (protocol.kind === "ip") return hasProtocol(layout, protocol);
      return protocol.kind === "link" ? never : hasType(layout, protocol.type);
    }
    case "vlan":
      return enterVlan(layout, primitive.number);
    case "mpls":
      return enterMpls(layout, primitive.number);
    case "pppoes":
      return enterPppoe(layout, primitive.number);
    case "broadcast":
      return hardware(layout, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff], "dst");
    case "multicast":
      return multicast(layout, primitive);
    case "outbound":
      return outbound(layout, primitive.isInbound);
    case "relation":
      return compileRelation(layout, primitive.operator, primitive.left, primitive.right);
  }
}

/** One or both of two ends, as the direction says. */
function ends(direction: Direction, source: Test, destination: Test): Test {
  switch (direction) {
    case "src":
      return source;
    case "dst":
      return destination;
    case "both":
      return both(source, destination);
    case "either":
      return either(source, destination);
  }
}

function address4(
  layout: Layout,
  { address, mask, direction, qualifier }: Primitive & { kind: "address4" },
): Test {
  const within = (type: number, source: number, destination: number): Test => {
    const at = (offset: number): Test =>
      both(hasType(layout, type), equals(fromNetwork(layout, offset, 4), address, mask));
    return ends(direction, at(source), at(destination));
  };
  const inIp = (): Test => within(IPV4, 12, 16);
  const inArp = (type: number): Test => within(type, 14, 24);
  if (qualifier?.name === "ip") return inIp();
  if (qualifier !== undefined) return inArp(qualifier.name === "arp" ? ARP : RARP);
  return layout.labels > 0 ? inIp() : either(inIp(), either(inArp(ARP), inArp(RARP)));
}

function address6(layout: Layout, { address, bits, direction }: Primitive & { kind: "address6" }): Test {
  const at = (offset: number): Test =>
    address
      .map((word, index) => {
        const mask = maskOf(bits - 32 * index);
        return equals(fromNetwork(layout, offset + 4 * index, 4), (word & mask) >>> 0, mask);
      })
      .reduce(both, hasType(layout, IPV6));
  return ends(direction, at(8), at(24));
}

/** A word whose first `bits` are set; any number of them. */
function maskOf(bits: number): number {
  if (bits <= 0) return 0;
  return bits >= 32 ? 0xffff_ffff : ~(0xffff_ffff >>> bits) >>> 0;
}

/** Only frames of Ethernet have hardware addresses where they are looked for. */
function hardware(layout: Layout, address: readonly number[], direction: Direction): Test {
  if (layout.linkType !== LINK.ethernet) return never;
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = address;
  const last = ((c << 24) | (d << 16) | (e << 8) | f) >>> 0;
  const at = (offset: number): Test =>
    both(equals(fromFrame(offset + 2, 4), last), equals(fromFrame(offset, 2), (a << 8) | b));
  return ends(direction, at(6), at(0));
}

function ports(layout: Layout, { from, to, direction, qualifier }: Primitive & { kind: "port" }): Test {
  const numbers = qualifier?.protocol.kind === "ip" ? [qualifier.protocol.number] : [TCP, UDP, SCTP];
  const match = (source: Load, destination: Load): Test =>
    ends(direction, isBetween(source, from, to), isBetween(destination, from, to));
  const of6 = numbers.map((wanted) => equals(fromNetwork(layout, 6, 1), wanted)).reduce(either);
  const ports6 = match(fromNetwork(layout, IPV6_HEADER, 2), fromNetwork(layout, IPV6_HEADER + 2, 2));
  const of4 = numbers.map((wanted) => equals(fromNetwork(layout, 9, 1), wanted)).reduce(either);
  const ports4 = match(fromTransport(layout, 0, 2), fromTransport(layout, 2, 2));
  return either(
    both(hasType(layout, IPV6), both(of6, ports6)),
    both(hasType(layout, IPV4), both(of4, both(isWhole(layout), ports4))),
  );
}

function number(layout: Layout, { number: wanted, qualifier }: Primitive & { kind: "number" }): Test {
  if (qualifier?.protocol.kind === "link") return hasType(layout, wanted);
  if (qualifier?.name === "ip") return hasNumber4(layout, wanted);
  if (qualifier?.name === "ip6") return hasNumber6(layout, wanted);
  return either(hasNumber4(layout, wanted), hasNumber6(layout, wanted));
}

function multicast(layout: Layout, { qualifier }: Primitive & { kind: "broadcast" | "multicast" }): Test {
  if (qualifier?.name === "ip")
    return both(hasType(layout, IPV4), isBetween(fromNetwork(layout, 16, 1), 224, 255));
  if (qualifier?.name === "ip6") return both(hasType(layout, IPV6), equals(fromNetwork(layout, 24, 1), 255));
  return layout.linkType === LINK.ethernet ? equals(fromFrame(0, 1), 1, 1) : never;
}

/** Only what Linux makes of packets says which way they went. */
function outbound(layout: Layout, isInbound: boolean): Test {
  const OUTGOING = 4;
  const isCooked2 = layout.linkType === LINK.linuxCooked2;
  if (!isCooked2 && layout.linkType !== LINK.linuxCooked) return never;
  const test = equals(isCooked2 ? fromFrame(10, 1) : fromFrame(0, 2), OUTGOING);
  return isInbound ? inverse(test) : test;
}
