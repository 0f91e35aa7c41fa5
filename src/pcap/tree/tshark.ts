import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import type { PacketTree } from "./node.ts";
import { readPdml } from "./pdml.ts";

/** Seconds of processor, kilobytes of memory, and bytes of answer that one packet gets. */
const MOST_SECONDS = 10;
const MOST_KILOBYTES = 2_000_000;
const MOST_BYTES = 32 * 1024 * 1024;
/** The user and group of nobody, that a server which runs as root becomes for it. */
const NOBODY = 65_534;

/**
 * Lets Wireshark read one packet, more deeply than we do, where it is installed; undefined where it is not, or when it fails or takes too
 * long. What it reads is hostile and it has had many holes: it gets the packet on its standard input, no names to look up, no configuration
 * and so no scripts of a user, and limits of time and memory.
 */
export async function readWithTshark(frame: Uint8Array, linkType: number): Promise<PacketTree | undefined> {
  const command = `ulimit -v ${MOST_KILOBYTES}; ulimit -t ${MOST_SECONDS}; ulimit -c 0; exec tshark -n -l -r - -T pdml`;
  const child = spawn("/bin/sh", ["-c", command], {
    cwd: "/",
    env: {
      PATH: "/usr/bin:/bin:/usr/local/bin",
      HOME: "/nonexistent",
      WIRESHARK_CONFIG_DIR: "/nonexistent",
      LC_ALL: "C.UTF-8",
    },
    stdio: ["pipe", "pipe", "ignore"],
    timeout: 1000 * MOST_SECONDS,
    killSignal: "SIGKILL",
    ...(process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}),
  });
  // A reader that ends before it has read everything says so by its answer.
  child.stdin.on("error", () => {});
  child.stdin.end(captureOf(frame, linkType));
  const parts: Buffer[] = [];
  let bytes = 0;
  child.stdout.on("data", (part: Buffer) => {
    bytes += part.length;
    if (bytes > MOST_BYTES) child.kill("SIGKILL");
    else parts.push(part);
  });
  await new Promise<void>((resolve) => {
    child.on("error", () => resolve());
    child.on("close", () => resolve());
  });
  return readPdml(Buffer.concat(parts).toString("utf8"))[0];
}

/** A capture file of one packet. */
function captureOf(frame: Uint8Array, linkType: number): Buffer {
  const head = Uint32Array.from([
    0xa1b2c3d4,
    0x0004_0002,
    0,
    0,
    0x0004_0000,
    linkType,
    0,
    0,
    frame.length,
    frame.length,
  ]);
  return Buffer.concat([new Uint8Array(head.buffer), frame]);
}
