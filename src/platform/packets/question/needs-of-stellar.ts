import { readAddress, readNetwork } from "../../../schema/address.ts";
import type { Node, NodeOf } from "../../../stellar/language/ast.ts";
import { parse } from "../../../stellar/language/parser.ts";
import type { AddressRange, PacketNeed } from "../../../storage/packets/contract.ts";
import { bothOf, eitherOf, type Needs, NOTHING, rangeBetween, rangeOf } from "./needs.ts";

const ADDRESSES: ReadonlySet<string> = new Set(["ip_src_addr", "ip_dst_addr"]);
const PORTS: ReadonlySet<string> = new Set(["ip_src_port", "ip_dst_port"]);
/** Addresses of IPv4 in IPv6 (RFC 4291, 2.5.5.2), which IN_SUBNET takes for addresses of IPv4. */
const MAPPED = 0xffff;

/**
 * What the index can rule out of a Stellar predicate: fields that are compared with constants by `==`, `in` and IN_SUBNET, and what `and`
 * and `or` make of them. All else may be true of any packet. An expression that fails for a packet that the index rules out does not fail.
 */
export function needsOfStellar(text: string): Needs {
  const node = parse(text);
  return node === undefined ? undefined : needsOf(node);
}

function needsOf(node: Node): Needs {
  switch (node.kind) {
    case "group":
      return needsOf(node.inner);
    case "logical": {
      const [left, right] = [needsOf(node.left), needsOf(node.right)];
      return node.op === "and" ? bothOf(left, right) : eitherOf(left, right);
    }
    case "comparison":
      if (node.op !== "==") return undefined;
      return isAbout(node.left, node.right) ?? isAbout(node.right, node.left);
    case "in":
      if (node.negated || node.right.kind !== "list") return undefined;
      return node.right.elements.map((element) => isAbout(node.left, element)).reduce(eitherOf, NOTHING);
    case "call":
      return node.name === "IN_SUBNET" ? inSubnets(node) : undefined;
    default:
      return undefined;
  }
}

/** What a field needs to be a constant. */
function isAbout(field: Node, constant: Node): Needs {
  if (field.kind !== "variable" || constant.kind !== "literal") return undefined;
  const { name } = field;
  const { value } = constant;
  if (ADDRESSES.has(name)) {
    const address = typeof value === "string" ? readAddress(value) : undefined;
    // Text that means an address of the other version is compared as it is written.
    if (address === undefined || (typeof address === "number" && String(value).includes(":")))
      return undefined;
    return [{ addresses: [rangeBetween(address, address)] }];
  }
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0) return undefined;
  if (PORTS.has(name)) return value > 0xffff ? undefined : [{ ports: [value] }];
  return name === "protocol" && value <= 0xff ? [{ protocol: value }] : undefined;
}

function inSubnets({ args: [field, ...subnets] }: NodeOf<"call">): Needs {
  if (field?.kind !== "variable" || !ADDRESSES.has(field.name)) return undefined;
  return subnets
    .map((subnet) =>
      subnet.kind === "literal" && typeof subnet.value === "string" ? inSubnet(subnet.value) : undefined,
    )
    .reduce(eitherOf, NOTHING);
}

function inSubnet(text: string): readonly PacketNeed[] | undefined {
  const network = readNetwork(text);
  if (network === undefined) return undefined;
  const { address } = network;
  if (typeof address !== "number")
    return address[0] === 0 && address[1] === 0 ? undefined : [{ addresses: [rangeOf(network)] }];
  if (text.includes(":")) return undefined;
  const { from, to } = rangeOf(network);
  const mapped = ([, , , last = 0]: readonly number[]) => [0, 0, MAPPED, last];
  const inIpv6: AddressRange = { version: 6, from: mapped(from), to: mapped(to) };
  return [{ addresses: [{ version: 4, from, to }] }, { addresses: [inIpv6] }];
}
