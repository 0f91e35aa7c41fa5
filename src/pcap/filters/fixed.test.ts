import { expect, test } from "vitest";
import { AuthorError } from "../../core/author-error.ts";
import { openDecoder } from "../decode/decode.ts";
import { LINK } from "../decode/link-types.ts";
import { bytes, ethernet, ipv4, ipv6, packetsOf, tcp, udp } from "../testing/build.ts";
import { selectPackets } from "./filter.ts";
import { compileFixedFilter, type FixedFilter } from "./fixed.ts";
import { frameSearch, payloadSearch } from "./search-filter.ts";

const request = ethernet(
  0x0800,
  ipv4("192.0.2.1", "192.0.2.2", 6, tcp(1000, 80, Buffer.from("GET / persist"))),
);
const reply = ethernet(0x0800, ipv4("192.0.2.2", "192.0.2.1", 6, tcp(80, 1000, Buffer.from("200 OK"))));
const six = ethernet(0x86dd, ipv6("2001:db8::1", "2001:db8::2", 17, udp(1000, 53, Buffer.from("query"))));
const echo = ethernet(0x0800, ipv4("192.0.2.1", "192.0.2.2", 1, bytes("0800 0000 0001 0002")));
const tunnel = ethernet(
  0x0800,
  ipv4("10.0.0.1", "10.0.0.2", 17, udp(7, 4789, bytes("0800000000000100", request))),
);
const arp = ethernet(0x0806, bytes("00".repeat(28)));

/** 0 request, 1 reply, 2 six, 3 echo, 4 tunnel, 5 arp */
const packets = packetsOf(LINK.ethernet, [request, reply, six, echo, tunnel, arp]);
const layers = openDecoder().decode(packets);
const START = 1_700_000_000_000_000;

test.each([
  [{}, [0, 1, 2, 3, 4, 5]],
  [{ ip_src_addr: "192.0.2.1" }, [0, 3, 4]],
  [{ ip_src_addr: "::ffff:192.0.2.1" }, [0, 3, 4]],
  [{ ip_src_addr: "192.0.2.0/24", protocol: "tcp" }, [0, 1, 4]],
  [{ ip_src_addr: "2001:0DB8:0:0::1" }, [2]],
  [{ ip_dst_addr: "2001:db8::/32", protocol: "UDP" }, [2]],
  [{ ip_src_addr: "0.0.0.0/0" }, [0, 1, 3, 4]],
  [{ ip_src_addr: "::/0" }, [2]],
  [{ ip_src_port: 1000 }, [0, 2, 4]],
  [{ ip_src_port: 8 }, []],
  [{ protocol: 1 }, [3]],
  [{ protocol: "6" }, [0, 1, 4]],
  [{ protocol: "ipv6-icmp" }, []],
  [{ ip_src_addr: "192.0.2.1", ip_src_port: 1000, ip_dst_addr: "192.0.2.2", ip_dst_port: 80 }, [0, 4]],
  [
    {
      ip_src_addr: "192.0.2.1",
      ip_src_port: 1000,
      ip_dst_addr: "192.0.2.2",
      ip_dst_port: 80,
      includes_reverse_traffic: true,
    },
    [0, 1, 4],
  ],
  // Source and destination are exchanged as a whole.
  [{ ip_src_addr: "192.0.2.2", ip_src_port: 1000, includes_reverse_traffic: true }, []],
  // All of it must be in one row.
  [{ ip_src_addr: "10.0.0.1", ip_dst_port: 80 }, []],
  [{ packet_filter: "'persist'" }, [0, 4]],
  [{ packet_filter: "`PERSIST`", ip_dst_addr: "10.0.0.2" }, [4]],
  [{ from: START + 1, to: START + 3 }, [1, 2]],
] satisfies readonly (readonly [FixedFilter, readonly number[]])[])("%j passes %j", (fixed, expected) => {
  expect(selectPackets({ packets, layers }, compileFixedFilter(fixed))).toEqual(expected);
});

test.each([
  [
    { ip_src_addr: "example.org" },
    'ip_src_addr: "example.org" is no address or network. Write 192.0.2.1, 2001:db8::1 or 10.0.0.0/8.',
  ],
  [{ ip_dst_port: 65536 }, "ip_dst_port: 65536 is no port. Ports are whole numbers from 0 to 65535."],
  [{ ip_src_port: 1.5 }, "ip_src_port: 1.5 is no port. Ports are whole numbers from 0 to 65535."],
  [{ protocol: "web" }, 'protocol: "web" is no IP protocol. Write a number up to 255 or a name such as TCP.'],
] satisfies readonly (readonly [FixedFilter, string])[])("%j is refused: %s", (fixed, message) => {
  expect(() => compileFixedFilter(fixed)).toThrow(new AuthorError(message));
});

test("a search of frames sees headers, one of payloads does not", () => {
  // The port 1000.
  const search = { hex: "03e8" };
  expect(selectPackets({ packets, layers }, frameSearch(search))).toEqual([0, 1, 2, 4]);
  // Of the tunnel the payload is a packet, with its headers.
  expect(selectPackets({ packets, layers }, payloadSearch(search))).toEqual([4]);
});

test("each payload begins and ends for itself", () => {
  expect(selectPackets({ packets, layers }, payloadSearch({ regex: "^GET" }))).toEqual([0, 4]);
  expect(selectPackets({ packets, layers }, payloadSearch({ regex: "OK$" }))).toEqual([1]);
});
