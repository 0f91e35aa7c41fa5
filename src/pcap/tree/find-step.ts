import { data } from "./data.ts";
import { ETHER_TYPE_STEPS } from "./ethernet.ts";
import { ip4 } from "./ip4.ts";
import { ip6 } from "./ip6.ts";
import { LINKS } from "./links.ts";
import { ppp } from "./ppp.ts";
import type { Goal, Step } from "./step.ts";
import { PROTOCOLS } from "./transport.ts";

/** What a goal is read by. */
export function findStep(goal: Goal): Step {
  const found = find(goal);
  if (found === undefined) return data;
  return "read" in found ? found : findStep(found);
}

function find(goal: Goal): Goal | undefined {
  if ("read" in goal) return goal;
  if ("protocol" in goal) return PROTOCOLS.get(goal.protocol);
  return "etherType" in goal ? ETHER_TYPES.get(goal.etherType) : LINKS.get(goal.linkType);
}

const ETHER_TYPES: ReadonlyMap<number, Goal> = new Map<number, Goal>([
  ...ETHER_TYPE_STEPS,
  [0x0800, ip4],
  [0x86dd, ip6],
  [0x880b, ppp],
]);
