import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);
/** Wireshark's programs read files of their user's home and speak to its terminal; neither is wanted. */
const OPTIONS = {
  encoding: "buffer",
  maxBuffer: 1_000_000_000,
  env: { ...process.env, HOME: "/nonexistent", TZ: "UTC" },
} as const;

/** Another program's output. */
export async function outputOf(program: string, ...args: string[]): Promise<Buffer> {
  return (await run(program, args, OPTIONS)).stdout;
}

/** A capture as Wireshark's reader understands it, in one of its formats. */
export function editcap(path: string, format: string, ...options: string[]): Promise<Buffer> {
  return outputOf("editcap", ...options, "-F", format, path, "-");
}

/** A capture as libpcap understands it: pcap with nanoseconds. */
export function tcpdump(path: string): Promise<Buffer> {
  return outputOf("tcpdump", "-r", path, "--time-stamp-precision=nano", "-w", "-");
}

/** Fields of the packets of a capture as tshark prints them, one line per packet. */
export async function tshark(path: string, ...fields: string[]): Promise<string[][]> {
  const text = await outputOf(
    "tshark",
    "-n",
    "-r",
    path,
    "-T",
    "fields",
    ...fields.flatMap((field) => ["-e", field]),
  );
  const lines = text.toString().split("\n").slice(0, -1);
  return lines.map((line) => line.split("\t"));
}
