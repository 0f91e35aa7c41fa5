import type { Company, Host, Site } from "./company.ts";
import type { Flow } from "./flow.ts";
import { asaDeny, asaTeardown, snort, squid, suricataAlert, suricataFlow, syslog } from "./formats/others.ts";
import { conn, dns, http, kerberos, smbFile, ssl } from "./formats/zeek.ts";
import { prose } from "./packets/content.ts";
import { dnsTurns } from "./packets/dns.ts";
import { type Exchange, httpTurns } from "./packets/http.ts";
import { ticketTurns } from "./packets/kerberos.ts";
import { smbTurns } from "./packets/smb.ts";
import { countsOf, type Pacing, type Talk, type Turn } from "./packets/talk.ts";
import { BROWSER, tlsTurns } from "./packets/tls.ts";
import type { Random } from "./random.ts";

/** One line of telemetry. `stage` names the step of the intrusion it belongs to; noise has none. */
export type Telemetry = {
  readonly time: number;
  readonly sensor: string;
  readonly record: string;
  readonly stage?: string;
};

/** Writes the telemetry of what goes on: every sensor that would have seen it tells of it. */
type Emit = (telemetry: Telemetry) => void;

export type World = {
  readonly company: Company;
  readonly random: Random;
  readonly emit: Emit;
  /** Is told of every conversation whose packets a capture would have. */
  readonly tap?: ((talk: Talk) => void) | undefined;
};

const AGENTS = [
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0",
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
] as const;

const PATHS = [
  "/",
  "/index.html",
  "/news",
  "/search?q=quarterly+report",
  "/assets/app.js",
  "/img/logo.png",
  "/api/v2/session",
  "/products/42",
];
const SHARES = [
  "plans\\2026\\budget.xlsx",
  "hr\\policies.docx",
  "sales\\pipeline.xlsx",
  "it\\inventory.csv",
  "public\\menu.pdf",
];

/** The domain of the company's Windows machines, which is also their Kerberos realm. */
export const WINDOWS_DOMAIN = "CONTOSO";

export function makeFlow(
  random: Random,
  part: Partial<Flow> & Pick<Flow, "time" | "source" | "target" | "targetPort">,
): Flow {
  return {
    uid: random.id("C", 18),
    sourcePort: random.int(32768, 60999),
    protocol: "tcp",
    service: undefined,
    duration: Math.round(random.spread(0.4, 1.4) * 1e6) / 1e6,
    sent: Math.round(random.spread(900, 1.2)),
    received: Math.round(random.spread(5200, 1.6)),
    state: "SF",
    ...part,
  };
}

/** Lets two machines talk: the flow has the numbers of the packets, and the tap, when there is one, hears of it. */
export function converse(
  { random, tap }: World,
  part: Parameters<typeof makeFlow>[1],
  turns: readonly Turn[],
  pacing: Pacing,
): Flow {
  const planned = makeFlow(random, part);
  const counts = countsOf({ flow: planned, turns, ...pacing });
  const { duration, bytes } = counts;
  const flow = { ...planned, duration, sent: bytes[0], received: bytes[1], counts };
  tap?.({ flow, turns, ...pacing });
  return flow;
}

/** How long the answer takes from machines inside, in milliseconds. */
export const NEAR_BY = 0.4;

/** How busy the company is at a time of day, 0 to 1: offices fill by nine, thin out at noon and empty by six (UTC). */
export function activity(time: number): number {
  const date = new Date(time);
  const hour = date.getUTCHours() + date.getUTCMinutes() / 60;
  const weekend = date.getUTCDay() === 0 || date.getUTCDay() === 6;
  const day = Math.exp(-(((hour - 10.5) / 2.6) ** 2)) + 0.9 * Math.exp(-(((hour - 14.8) / 2.2) ** 2));
  return Math.min(1, 0.12 + (weekend ? 0.1 : 0.85) * day);
}

/** One thing that happens in the company at `time`: a page is read, a file opened, a name looked up, a scan bounces. */
export function ordinary(world: World, time: number): void {
  const { random } = world;
  const dice = random.next();
  if (dice < 0.55) browse(world, time);
  else if (dice < 0.72) lookUp(world, time);
  else if (dice < 0.84) officeWork(world, time);
  else if (dice < 0.93) systemLog(world, time);
  else if (dice < 0.985) scanned(world, time);
  else falseAlarm(world, time);
}

/** A DNS look-up of a site, told by Zeek twice (conn and dns). */
export function resolve(
  world: World,
  time: number,
  source: string,
  name: string,
  answers: readonly string[],
  stage?: string,
): void {
  const { company, random, emit } = world;
  const lookup = { id: random.int(1, 65535), name, answers, ttl: random.pick([60, 300, 3600]) };
  const flow = converse(
    world,
    { time, source, target: company.resolver.ip, targetPort: 53, protocol: "udp", service: "dns" },
    dnsTurns(lookup),
    { roundTrip: random.spread(12, 0.8) },
  );
  const mark = stage === undefined ? {} : { stage };
  emit({ time, sensor: "bro", record: dns(flow, lookup), ...mark });
  emit({ time, sensor: "bro", record: conn(flow), ...mark });
}

/** A page of a site and the question for it. */
function pageOf(random: Random, host: string): Exchange {
  return {
    method: random.chance(0.9) ? "GET" : "POST",
    host,
    uri: random.pick(PATHS),
    agent: random.pick(AGENTS),
    status: random.chance(0.95) ? 200 : 404,
    mime: "text/html",
    body: prose(Math.round(random.spread(5200, 1.6))),
  };
}

function browse(world: World, time: number): void {
  const { company, random, emit } = world;
  const host = random.pick(company.workstations);
  const site: Site = random.tail(company.sites);
  resolve(world, time, host.ip, site.name, [site.ip]);
  const isPlain = random.chance(0.25);
  const call = {
    time: time + 30,
    source: host.ip,
    target: site.ip,
    targetPort: isPlain ? 80 : 443,
    service: isPlain ? "http" : "ssl",
  };
  const pacing = { roundTrip: random.spread(20, 0.5), lasts: random.spread(400, 1.4) };
  let flow: Flow;
  if (isPlain) {
    const page = pageOf(random, site.name);
    flow = converse(world, call, httpTurns(page), pacing);
    emit({ time: flow.time, sensor: "bro", record: conn(flow) });
    emit({ time: flow.time, sensor: "bro", record: http(flow, page) });
    emit({
      time: flow.time,
      sensor: "squid",
      record: squid(flow, page.method, `http://${site.name}${page.uri}`, page.status),
    });
  } else {
    const asked = Math.round(random.spread(600, 1.2));
    const answered = Math.round(random.spread(4000, 1.6));
    const turns = tlsTurns(site.name, BROWSER, asked, answered, random.int(1, 2 ** 30));
    flow = converse(world, call, turns, pacing);
    emit({ time: flow.time, sensor: "bro", record: conn(flow) });
    emit({ time: flow.time, sensor: "bro", record: ssl(flow, site.name, BROWSER, random) });
    emit({ time: flow.time, sensor: "squid", record: squid(flow, "CONNECT", `${site.name}:443`, 200) });
  }
  if (random.chance(0.5)) emit({ time: flow.time + 5, sensor: "suricata", record: suricataFlow(flow) });
  if (random.chance(0.6))
    emit({
      time: endOf(flow),
      sensor: "asa",
      record: asaTeardown(flow, company.firewall, random.int(1e6, 9e8)),
    });
}

/** When a flow is over, in epoch milliseconds. */
export const endOf = ({ time, duration }: Flow): number => time + duration * 1000;

function lookUp(world: World, time: number): void {
  const { company, random } = world;
  const missing = random.chance(0.06);
  const name = missing
    ? `${random.pick(["wpad", "printer", "old-files"])}.${company.domain}`
    : random.tail(company.sites).name;
  resolve(
    world,
    time,
    random.pick(company.workstations).ip,
    name,
    missing ? [] : [random.tail(company.sites).ip],
  );
}

function officeWork(world: World, time: number): void {
  const { company, random, emit } = world;
  const host = random.pick(company.workstations);
  const machine = host.name.split(".")[0] as string;
  if (random.chance(0.5)) {
    const share = "\\\\files1\\company";
    const name = random.tail(SHARES);
    const content = prose(Math.round(random.spread(5200, 1.6)));
    const flow = converse(
      world,
      { time, source: host.ip, target: company.fileServer.ip, targetPort: 445, service: "smb" },
      smbTurns({
        action: "read",
        share,
        name,
        content,
        domain: WINDOWS_DOMAIN,
        user: host.user,
        machine,
        time,
        seed: random.int(1, 2 ** 30),
      }),
      { roundTrip: NEAR_BY },
    );
    emit({ time, sensor: "bro", record: smbFile(flow, "SMB::FILE_OPEN", share, name, content.length) });
    emit({ time, sensor: "bro", record: conn(flow) });
  } else {
    const service = `host/${random.pick(company.servers).name}`;
    const flow = converse(
      world,
      { time, source: host.ip, target: company.domainController.ip, targetPort: 88, service: "krb_tcp" },
      ticketTurns({
        realm: WINDOWS_DOMAIN,
        client: host.user,
        service,
        isGranted: true,
        encryption: 18,
        time,
        seed: random.int(1, 2 ** 30),
      }),
      { roundTrip: NEAR_BY },
    );
    emit({
      time,
      sensor: "bro",
      record: kerberos(flow, `${host.user}/${WINDOWS_DOMAIN}`, service, true),
    });
    emit({ time, sensor: "bro", record: conn(flow) });
  }
}

function systemLog({ company, random, emit }: World, time: number): void {
  const host: Host = random.pick(company.servers);
  const short = host.name.split(".")[0] as string;
  const pid = random.int(400, 32000);
  const from = random.pick(company.workstations);
  const [program, text] = random.pick([
    [
      `sshd[${pid}]`,
      `Accepted publickey for ${from.user} from ${from.ip} port ${random.int(32768, 60999)} ssh2`,
    ],
    [`CRON[${pid}]`, "(root) CMD (run-parts /etc/cron.hourly)"],
    [`systemd[1]`, "Started Daily rotation of log files."],
    [
      `sshd[${pid}]`,
      `Failed password for ${from.user} from ${from.ip} port ${random.int(32768, 60999)} ssh2`,
    ],
  ] as const);
  emit({ time, sensor: "syslog", record: syslog(time, short, program, text) });
}

/** The internet knocks: port scans that the firewall denies. */
function scanned({ company, random, emit }: World, time: number): void {
  const source = `${random.pick([45, 89, 92, 141, 185, 193])}.${random.int(1, 250)}.${random.int(1, 250)}.${random.int(1, 250)}`;
  const flow = makeFlow(random, {
    time,
    source,
    target: company.nat,
    targetPort: random.pick([22, 23, 80, 443, 445, 3389, 5900, 8080]),
    state: "S0",
    sent: 0,
    received: 0,
    duration: 0,
  });
  emit({ time, sensor: "asa", record: asaDeny(flow, company.firewall) });
}

function falseAlarm(world: World, time: number): void {
  const { company, random, emit } = world;
  const host = random.pick(company.workstations);
  const site = random.tail(company.sites);
  const flow = converse(
    world,
    { time, source: host.ip, target: site.ip, targetPort: 80, service: "http" },
    httpTurns(pageOf(random, site.name)),
    { roundTrip: random.spread(20, 0.5) },
  );
  if (random.chance(0.5)) {
    emit({
      time,
      sensor: "snort",
      record: snort(
        flow,
        random.pick([
          { id: 1384, message: "MALFORMED UPnP advertisement" },
          { id: 408, message: "ICMP Echo Reply" },
          { id: 2925, message: "INFO web bug 1x1 gif attempt" },
        ]),
      ),
    });
  } else {
    const alert = random.pick([
      {
        id: 2013504,
        signature: "ET INFO GNU/Linux APT User-Agent Outbound likely related to package management",
        category: "Not Suspicious Traffic",
        severity: 3,
      },
      {
        id: 2210020,
        signature: "SURICATA STREAM ESTABLISHED packet out of window",
        category: "Generic Protocol Command Decode",
        severity: 3,
      },
    ]);
    emit({ time, sensor: "suricata", record: suricataAlert(flow, alert) });
  }
}
