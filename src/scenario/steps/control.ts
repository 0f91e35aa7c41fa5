import { encodeText } from "../../core/text.ts";
import { ADVERSARY } from "../adversary.ts";
import { suricataAlert } from "../formats/others.ts";
import { conn, http, ssl } from "../formats/zeek.ts";
import { base64, said } from "../packets/content.ts";
import { ARCHIVE, TOOL } from "../packets/documents.ts";
import { type Exchange, httpTurns } from "../packets/http.ts";
import { IMPLANT, tlsTurns } from "../packets/tls.ts";
import { converse, resolve, type World } from "../traffic.ts";
import { AGENT, AWAY, victimOf } from "./actors.ts";

const CALLS_IN_DNS = 12;
/** One call in this many is over TLS. */
const CALLS_A_SESSION = 4;

/** A beacon a minute with a little jitter; the first calls tunnel in DNS. */
export function control(world: World, from: number, until: number): void {
  const { random, emit } = world;
  const stage = "command-and-control";
  const victim = victimOf(world);
  const interval = Math.max(2000, Math.min(60_000, (until - from) / 90));
  let count = 0;
  let told = 0;
  for (let at = from; at < until; at += interval * (0.9 + random.next() * 0.2)) {
    const time = Math.round(at);
    if (count < CALLS_IN_DNS) {
      const name = `${random.hex(48)}.${random.hex(24)}.${ADVERSARY.controlName}`;
      resolve(world, time - 400, victim.ip, name, [ADVERSARY.controlIp], stage);
    }
    const call = { time, source: victim.ip, target: ADVERSARY.controlIp };
    const pacing = { roundTrip: AWAY.control, lasts: 410 };
    if (count % CALLS_A_SESSION === CALLS_A_SESSION - 1) {
      const turns = tlsTurns(ADVERSARY.controlName, IMPLANT, 180, 96, random.int(1, 2 ** 30));
      const flow = converse(world, { ...call, targetPort: 443, service: "ssl" }, turns, pacing);
      emit({ time, sensor: "bro", record: conn(flow), stage });
      emit({ time, sensor: "bro", record: ssl(flow, ADVERSARY.controlName, IMPLANT, random), stage });
      if (count === 3 || count === 43)
        emit({ time: time + 20, sensor: "suricata", record: suricataAlert(flow, FINGERPRINT), stage });
    } else {
      const due = (time - from) / (until - from) >= (TASKS[told]?.[0] ?? 1);
      const exchange = beacon(victim.name, victim.user, count, due ? TASKS[told++]?.[1] : undefined);
      const turns = httpTurns(exchange);
      const flow = converse(world, { ...call, targetPort: 80, service: "http" }, turns, pacing);
      emit({ time, sensor: "bro", record: conn(flow), stage });
      emit({ time, sensor: "bro", record: http(flow, exchange), stage });
    }
    count++;
  }
}

const FINGERPRINT = {
  id: 2035465,
  signature: "ET MALWARE Observed implant TLS fingerprint",
  category: "Malware Command and Control Activity Detected",
  severity: 1,
};

/** What the implant is told to do, and at which share of its time; else it sleeps. */
const TASKS = [
  [0.19, "scan 10.20.0.0/24"],
  [0.37, "tickets MSSQLSvc"],
  [0.5, `copy ${TOOL.name} \\\\dc1\\ADMIN$\\Temp`],
  [0.64, "on dc1: collect \\\\files1\\company\\plans\\2026"],
  [0.8, `on dc1: send ${ARCHIVE.name} ${ADVERSARY.dropName}`],
] as const;

function beacon(machine: string, user: string, count: number, task = "sleep 60"): Exchange {
  const encode = (value: object) => said(base64(encodeText(JSON.stringify(value))));
  return {
    method: "POST",
    host: ADVERSARY.controlName,
    uri: "/v2/sync",
    agent: AGENT,
    status: 200,
    mime: "text/plain",
    body: encode({ call: count, task }),
    upload: { mime: "text/plain", body: encode({ call: count, machine, user }) },
  };
}
