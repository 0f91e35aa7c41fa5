import { sha1 } from "@noble/hashes/legacy.js";
import { parseIpv4Text } from "../../core/ip.ts";
import type { Flow } from "../flow.ts";
import { base64, big16, big32, join } from "../packets/content.ts";

const PROTOCOL = { tcp: 6, udp: 17 } as const;

/** The Community ID of a flow between IPv4 addresses with ports, version 1, seed 0 (https://github.com/corelight/community-id-spec). */
export function communityId({ source, sourcePort, target, targetPort, protocol }: Flow): string {
  const one = { address: parseIpv4Text(source), port: sourcePort };
  const other = { address: parseIpv4Text(target), port: targetPort };
  const isSwapped = one.address > other.address || (one.address === other.address && one.port > other.port);
  const [low, high] = isSwapped ? [other, one] : [one, other];
  return `1:${base64(
    sha1(
      join(
        [0, 0, ...big32(low.address), ...big32(high.address), PROTOCOL[protocol], 0],
        [...big16(low.port), ...big16(high.port)],
      ),
    ),
  )}`;
}
