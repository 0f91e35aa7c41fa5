import { checksum } from "./checksum.ts";
import { malformed, number } from "./cursor.ts";
import { udpPayload } from "./payload/guess.ts";
import { limit, next, type Step } from "./step.ts";
import { tunnelStep } from "./tunnels.ts";

const UDP = 17;

/** The user datagram protocol (RFC 768). */
export const udp: Step = {
  name: "udp",
  label: "User Datagram Protocol",
  read(cursor, around) {
    const start = cursor.at;
    const source = number(cursor, 2, "udp.srcport", "Source port");
    const destination = number(cursor, 2, "udp.dstport", "Destination port");
    around.isTcp = false;
    const length = number(cursor, 2, "udp.length", "Length");
    const { network } = around;
    const end = length === 0 ? cursor.wire : start + length;
    checksum(cursor, "udp.checksum", "Checksum", {
      start,
      end,
      pseudo: network === undefined ? undefined : { network, protocol: UDP },
      mayBeLeftOut: network?.version === 4,
      isVerifiable: network?.isFragment === false && !around.isQuoted && end <= cursor.wire && length !== 1,
    });
    if (length > 0 && length < 8) malformed(`says that it has ${length} bytes; its header alone has 8`);
    if (end <= cursor.wire) limit(cursor, end);
    else if (network?.isFragment !== true && !around.isQuoted)
      cursor.layer.problem = `says that it has ${length} bytes; there are ${cursor.wire - start}`;
    if (around.isQuoted) return undefined;
    const step = tunnelStep(cursor, source, destination) ?? udpPayload(cursor, source, destination);
    return next(step, cursor);
  },
};
