import { bytes, ethernet, ipv4, ipv6, tcp, udp } from "./build.ts";

/** A frame and the rows it has, as `describeRows` writes them. */
export type Sample = {
  readonly name: string;
  readonly linkType: number;
  readonly frame: Uint8Array;
  readonly rows: readonly string[];
};

const hello = bytes("68656c6c6f");
export const inner = ipv4("192.0.2.1", "192.0.2.2", 17, udp(1000, 2000, hello));
export const inner6 = ipv6("2001:db8::1", "2001:db8::2", 6, tcp(1000, 443, hello));
export const frame = ethernet(0x0800, inner);

export const ROW = "192.0.2.1 1000 > 192.0.2.2 2000 protocol 17 payload 5";
export const ROW6 = "2001:db8::1 1000 > 2001:db8::2 443 protocol 6 payload 5";

export const MAC = "00005e005301 00005e005302";
