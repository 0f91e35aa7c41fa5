import fs from "node:fs";
import { join } from "node:path";
import { writeCapture } from "./packets-file.ts";
import { packetPlatform } from "./packets-platform.ts";
import { perSecond, type Row } from "./row.ts";

const ROUNDS = 2;
const BYTES = 3e8;

/** A file of pcap through the whole platform: read, stored, followed; its records parsed, enriched, matched, triaged, indexed and sealed. */
export async function followed(): Promise<Row[]> {
  const { folder, platform, close } = await packetPlatform();
  try {
    const rounds: Followed[] = [];
    // The first round warms the compiler up, as a platform is that has run for a minute.
    for (let round = 0; round <= ROUNDS; round++) {
      const path = join(folder, `${round}.pcap`);
      const packets = writeCapture(path, BYTES, round * 1e7);
      const cpu = process.cpuUsage();
      const started = performance.now();
      const running = platform.captures.take("pcap", {
        ...{ name: path, by: "bench", input: { kind: "file", path } },
      });
      await running.done;
      await platform.caughtUp();
      await platform.seal();
      const { user, system } = process.cpuUsage(cpu);
      const { stored, records, flows, notes } = running.state();
      if (stored !== packets)
        throw new Error(`of ${packets} packets ${stored} were stored: ${notes.join("; ")}`);
      const elapsed = (performance.now() - started) / 1000;
      rounds.push({ seconds: (user + system) / 1e6, elapsed, packets, records, flows });
      fs.rmSync(path);
    }
    const [, ...warm] = rounds;
    const best = warm.reduce((one, other) => (one.seconds < other.seconds ? one : other));
    const searchable = await platform.index.count({ sensors: ["pcap"] });
    const made = rounds.reduce((sum, { records }) => sum + records, 0);
    if (searchable !== made) throw new Error(`of ${made} records ${searchable} can be searched for`);
    return [
      {
        work: "capture to stored packets and sealed messages of flows and HTTP",
        value: `${perSecond(best.packets, best.seconds)} packets/s per core`,
        and: `${perSecond(best.packets, best.elapsed)} packets/s of the machine, ${perSecond(best.records, best.seconds)} messages/s per core`,
        required: "300,000 packets/s per core",
      },
    ];
  } finally {
    await close();
  }
}

type Followed = {
  readonly seconds: number;
  readonly elapsed: number;
  readonly packets: number;
  readonly records: number;
  readonly flows: number;
};
