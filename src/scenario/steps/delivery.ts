import { ADVERSARY } from "../adversary.ts";
import type { Flow } from "../flow.ts";
import { asaTeardown, squid, suricataAlert } from "../formats/others.ts";
import { conn, http, smtp } from "../formats/zeek.ts";
import { type Document, IMPLANT_FILE, INVOICE, NOTICE } from "../packets/documents.ts";
import { httpTurns } from "../packets/http.ts";
import { smtpTurns } from "../packets/smtp.ts";
import { converse, endOf, resolve, type World } from "../traffic.ts";
import { AGENT, AWAY, transfer, victimOf } from "./actors.ts";

const DOCM = "application/vnd.ms-word.document.macroEnabled.12";

/** A mail comes, its link is followed, and what was downloaded downloads the implant. */
export function delivery(world: World, time: number): void {
  const { emit, company, random } = world;
  const stage = "delivery";
  const victim = victimOf(world);
  phishingMail(world, time - 120_000);
  resolve(world, time, victim.ip, ADVERSARY.lureName, [ADVERSARY.lureIp], stage);
  const document = {
    time: time + 200,
    target: ADVERSARY.lureIp,
    host: ADVERSARY.lureName,
    uri: `/statement/2026-11/${INVOICE.name}`,
    mime: DOCM,
    file: INVOICE,
    roundTrip: AWAY.lure,
  };
  const flow = download(world, document);
  emit({
    time: flow.time,
    sensor: "squid",
    record: squid(flow, "GET", `http://${document.host}${document.uri}`, 200),
    stage,
  });
  emit({
    time: flow.time + 950,
    sensor: "suricata",
    record: suricataAlert(flow, {
      id: 2019613,
      signature: "ET HUNTING Office document with macros downloaded from look-alike domain",
      category: "Potentially Bad Traffic",
      severity: 2,
    }),
    stage,
  });
  emit({
    time: endOf(flow),
    sensor: "asa",
    record: asaTeardown(flow, company.firewall, random.int(1e6, 9e8)),
    stage,
  });
  const second = time + 9_000;
  resolve(world, second, victim.ip, ADVERSARY.controlName, [ADVERSARY.controlIp], stage);
  download(world, {
    time: second + 150,
    target: ADVERSARY.controlIp,
    host: ADVERSARY.controlName,
    uri: `/dist/${IMPLANT_FILE.name}`,
    mime: "application/octet-stream",
    file: IMPLANT_FILE,
    roundTrip: AWAY.control,
  });
}

function phishingMail(world: World, time: number): void {
  const { company, random, emit } = world;
  const stage = "delivery";
  const server = company.servers.find((host) => host.name.startsWith("mail1")) ?? company.proxy;
  const victim = victimOf(world);
  const mail = {
    helo: ADVERSARY.lureName,
    server: server.name,
    from: `accounts@${ADVERSARY.lureName}`,
    to: `${victim.user}@${company.domain}`,
    subject: "Overdue: invoice 88213",
    date: new Date(time).toUTCString().replace("GMT", "+0000"),
    id: `${random.hex(16)}@${ADVERSARY.lureName}`,
    text: [
      "Good morning,",
      "",
      "invoice 88213 is overdue. The statement is attached, and here:",
      `http://${ADVERSARY.lureName}/statement/2026-11/${INVOICE.name}`,
    ],
    attachment: { name: NOTICE.name, mime: "text/plain", bytes: NOTICE.content.make() },
  };
  const flow = converse(
    world,
    { time, source: ADVERSARY.lureIp, target: server.ip, targetPort: 25, service: "smtp" },
    smtpTurns(mail),
    { roundTrip: AWAY.lure },
  );
  emit({ time, sensor: "bro", record: conn(flow), stage });
  emit({ time, sensor: "bro", record: smtp(flow, mail), stage });
}

type Download = {
  readonly time: number;
  readonly target: string;
  readonly host: string;
  readonly uri: string;
  readonly mime: string;
  readonly file: Document;
  readonly roundTrip: number;
};

/** The victim fetches a file over HTTP. */
function download(world: World, { time, target, host, uri, mime, file, roundTrip }: Download): Flow {
  const { emit } = world;
  const stage = "delivery";
  const exchange = { method: "GET", host, uri, agent: AGENT, status: 200, mime, body: file.content };
  const flow = converse(
    world,
    { time, source: victimOf(world).ip, target, targetPort: 80, service: "http" },
    httpTurns(exchange),
    { roundTrip, pace: 1_000 },
  );
  emit({ time, sensor: "bro", record: conn(flow), stage });
  emit({ time, sensor: "bro", record: http(flow, exchange), stage });
  emit({ time: time + 900, sensor: "bro", record: transfer(flow, { source: "HTTP", mime, file }), stage });
  return flow;
}
