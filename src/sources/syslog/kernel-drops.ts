import { readFileSync } from "node:fs";

const TABLES = ["/proc/net/udp", "/proc/net/udp6"];

/**
 * Datagrams that the kernel threw away because a port's buffer was full, since its socket was opened; 0 where the system does
 * not tell (other than Linux).
 */
export function kernelDrops(port: number): number {
  let drops = 0;
  for (const table of TABLES) {
    for (const line of read(table).split("\n").slice(1)) {
      const columns = line.trim().split(/\s+/);
      const local = columns[1]?.split(":")[1];
      if (local !== undefined && Number.parseInt(local, 16) === port) drops += Number(columns.at(-1));
    }
  }
  return drops;
}

function read(table: string): string {
  try {
    return readFileSync(table, "latin1");
  } catch {
    // Another system, or a container that does not show it.
    return "";
  }
}
