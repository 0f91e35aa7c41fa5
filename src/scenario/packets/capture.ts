import { emptyPackets, type Packets } from "../../pcap/packets.ts";
import { companyOf, generate, type ScenarioOptions, type Tap } from "../scenario.ts";
import { victimOf } from "../steps/actors.ts";
import { join } from "./content.ts";
import { frameOf } from "./frame.ts";
import { openPayloads } from "./payloads.ts";
import { segmentsOf, type Talk } from "./talk.ts";

const BLOCK = 1024;
/** Machines before and behind the victim's in the list of the company's whose traffic is captured too. */
const NEIGHBOURS = 3;
const ETHERNET = 1;

/**
 * The packets of a scenario, in order of time: all of the intrusion, and all that the machines around the victim's do. Addresses, ports,
 * times and numbers of bytes are those that `generate` tells of with the same options. Blocks stay valid.
 */
export function* intrusionCapture(options: ScenarioOptions): Generator<Packets> {
  const { hear, packets } = openCaptureTap(options);
  const telemetry = generate(options, hear);
  while (telemetry.next().done !== true);
  yield* packets();
}

/** Hears the conversations of a scenario while its telemetry is told, so that the packets are there at the end of it. */
export function openCaptureTap(options: ScenarioOptions): {
  readonly hear: Tap;
  readonly packets: () => Generator<Packets>;
} {
  const company = companyOf(options);
  const victim = company.workstations.indexOf(victimOf({ company }));
  const around = company.workstations.slice(Math.max(0, victim - NEIGHBOURS), victim + NEIGHBOURS + 1);
  const seen = new Set(around.map((host) => host.ip));
  const talks: Talk[] = [];
  return {
    hear(talk, isIntrusion) {
      if (isIntrusion || seen.has(talk.flow.source)) talks.push(talk);
    },
    packets: () => packetsOf(talks),
  };
}

function* packetsOf(talks: readonly Talk[]): Generator<Packets> {
  const packets = talks.flatMap((talk) => segmentsOf(talk).map((segment) => ({ talk, segment })));
  packets.sort((one, other) => one.segment.micros - other.segment.micros);
  const payloadOf = openPayloads();
  for (let from = 0; from < packets.length; from += BLOCK) {
    const frames = packets.slice(from, from + BLOCK).map(({ talk, segment }) => ({
      micros: segment.micros,
      bytes: frameOf(talk.flow, segment, payloadOf(talk, segment)),
    }));
    yield blockOf(frames);
  }
}

function blockOf(frames: readonly { readonly micros: number; readonly bytes: Uint8Array }[]): Packets {
  const packets = emptyPackets(frames.length, [{ linkType: ETHERNET, snapLength: 0, name: "tap0" }]);
  packets.bytes = join(...frames.map(({ bytes }) => bytes));
  packets.count = frames.length;
  let start = 0;
  for (const [row, { micros, bytes }] of frames.entries()) {
    packets.starts[row] = start;
    packets.captured[row] = bytes.length;
    packets.original[row] = bytes.length;
    packets.micros[row] = micros;
    start += bytes.length;
  }
  return packets;
}
