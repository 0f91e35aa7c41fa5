/** Packets whose every byte is known, in a platform's store. */
import { openDecoder } from "../../pcap/decode/decode.ts";
import { blockOf, type Frame } from "../../pcap/testing/frames.ts";
import { talk } from "../../pcap/testing/talk.ts";
import type { Platform } from "../platform.ts";

export type StoredFrames = readonly Frame[];

/** When the packets begin: microseconds since 1970. */
export const BEGIN = 1_700_000_000_000_000;
export const SECRET_FILE = "PK\u0003\u0004 the plans of the vault";

/** A browser that fetches a file whose every byte is known, and another conversation beside it. */
export function someTalks(): StoredFrames {
  const fetched = talk({ hosts: ["10.0.0.1", "10.0.0.2"], ports: [40_000, 80], startMicros: BEGIN })
    .open()
    .say(0, "GET /plans.zip HTTP/1.1\r\nHost: vault.example\r\n\r\n")
    .say(
      1,
      `HTTP/1.1 200 OK\r\nContent-Type: application/zip\r\nContent-Length: ${SECRET_FILE.length}\r\n\r\n${SECRET_FILE}`,
    )
    .acknowledge(0)
    .close();
  const other = talk({
    hosts: ["2001:db8::1", "2001:db8::2"],
    ports: [50_000, 22],
    startMicros: BEGIN + 500,
  })
    .open()
    .say(1, "SSH-2.0-OpenSSH_9.9\r\n")
    .close();
  return [...fetched.frames, ...other.frames].sort((one, next) => one.micros - next.micros);
}

/** Stores packets as a capture does, and seals them. */
export function storeFrames(platform: Platform, all: StoredFrames): void {
  const writer = platform.packets.writer("test");
  const packets = blockOf(all);
  writer.append(packets, openDecoder().decode(packets));
  writer.close();
}
