import { both, either, equals, type Test } from "./frame.ts";
import { fromNetwork, hasType, type Layout } from "./layout.ts";
import { IPV4, IPV6, type Protocol } from "./names.ts";

const FRAGMENT = 44;

/** Whether a packet is of a protocol. In IPv6 one fragment header may come before it, and no other extension. */
export function hasProtocol(layout: Layout, protocol: Protocol & { readonly kind: "ip" }): Test {
  const { number, version } = protocol;
  if (version === 4) return hasNumber4(layout, number);
  if (version === 6) return hasNumber6(layout, number);
  return either(hasNumber4(layout, number), hasNumber6(layout, number));
}

export function hasNumber4(layout: Layout, number: number): Test {
  return both(hasType(layout, IPV4), equals(fromNetwork(layout, 9, 1), number));
}

export function hasNumber6(layout: Layout, number: number): Test {
  const next = fromNetwork(layout, 6, 1);
  const behindFragment = both(equals(next, FRAGMENT), equals(fromNetwork(layout, 40, 1), number));
  return both(hasType(layout, IPV6), either(equals(next, number), behindFragment));
}

/** Whether a packet of IPv4 is no later fragment. */
export function isWhole(layout: Layout): Test {
  return equals(fromNetwork(layout, 6, 2), 0, 0x1fff);
}
