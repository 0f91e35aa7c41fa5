import { asaTeardown, snort, squid, suricataAlert, syslog } from "./formats/others.ts";
import { conn, file, http, kerberos, smbFile, ssl } from "./formats/zeek.ts";
import { makeFlow, resolve, type World } from "./traffic.ts";

/** The steps of the intrusion, in order, with what each looks like to an analyst. */
export const STAGES = [
  {
    name: "delivery",
    about: "A workstation opens a link from a phishing mail and downloads a document with macros.",
  },
  {
    name: "command-and-control",
    about: "The implant calls home over TLS every minute, and tunnels in DNS at first.",
  },
  {
    name: "discovery",
    about: "The workstation scans the server network for file shares and remote desktops.",
  },
  {
    name: "credential-access",
    about: "Service tickets with weak encryption are requested for many services (kerberoasting).",
  },
  {
    name: "lateral-movement",
    about: "The domain controller is entered with a service account; a tool is copied to its admin share.",
  },
  {
    name: "collection",
    about: "The file server's plans are read one after another by an account that never did.",
  },
  {
    name: "exfiltration",
    about: "Hundreds of megabytes leave for an address nobody has talked to before, at night's pace.",
  },
] as const;

/**
 * Who attacks from where. The addresses lie in networks of large hosters so that geography comes out as in life;
 * names and story are invented and say nothing about whoever holds them.
 */
export const ADVERSARY = {
  lureName: "invoices.contoso-rnetal.com",
  lureIp: "185.220.101.47",
  controlName: "telemetry-sync.net",
  controlIp: "91.219.236.166",
  dropName: "backup-eu.storage-vault.cc",
  dropIp: "45.9.148.114",
  implant: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
} as const;

/** The indicator list that a threat intelligence feed would have brought: the adversary's, among others. */
export function indicatorList(
  others: number,
): { indicator: string; type: string; source: string; comment: string }[] {
  const list: { indicator: string; type: string; source: string; comment: string }[] = [
    { indicator: ADVERSARY.lureIp, type: "malicious_ip", source: "vendor-feed", comment: "Phishing host" },
    {
      indicator: ADVERSARY.controlIp,
      type: "malicious_ip",
      source: "vendor-feed",
      comment: "Command and control",
    },
    { indicator: ADVERSARY.dropIp, type: "malicious_ip", source: "isac", comment: "Exfiltration drop" },
    {
      indicator: ADVERSARY.lureName,
      type: "malicious_domain",
      source: "vendor-feed",
      comment: "Look-alike domain",
    },
    {
      indicator: ADVERSARY.controlName,
      type: "malicious_domain",
      source: "vendor-feed",
      comment: "Command and control",
    },
    { indicator: ADVERSARY.dropName, type: "malicious_domain", source: "isac", comment: "Exfiltration drop" },
    { indicator: ADVERSARY.implant, type: "malicious_hash", source: "vendor-feed", comment: "Implant" },
  ];
  for (let index = 0; index < others; index++) {
    // Addresses of 240.0.0.0/4 are reserved: padding that matches nothing real.
    const [high, low] = [Math.floor(index / 65536), index % 65536];
    list.push({
      indicator: `240.${high % 256}.${low >> 8}.${low & 255}`,
      type: "malicious_ip",
      source: "bulk-feed",
      comment: "",
    });
  }
  return list;
}

/**
 * Plays the intrusion between `start` and `end` (epoch ms). Every record is marked with its stage: these are the
 * answers a detection is measured against.
 */
export function intrude(world: World, start: number, end: number): void {
  const at = (share: number) => Math.round(start + (end - start) * share);
  delivery(world, at(0));
  control(world, at(0.04), end);
  discovery(world, at(0.25), at(0.33));
  credentials(world, at(0.42));
  lateral(world, at(0.55));
  collection(world, at(0.68), at(0.8));
  exfiltration(world, at(0.84), at(0.98));
}

const victimOf = ({ company }: World) => company.workstations[Math.floor(company.workstations.length / 3)]!;

function delivery(world: World, time: number): void {
  const { random, emit, company } = world;
  const stage = "delivery";
  const victim = victimOf(world);
  resolve(world, time, victim.ip, ADVERSARY.lureName, [ADVERSARY.lureIp], stage);
  const flow = makeFlow(random, {
    time: time + 200,
    source: victim.ip,
    target: ADVERSARY.lureIp,
    targetPort: 80,
    service: "http",
    sent: 480,
    received: 284_160,
    duration: 1.82,
  });
  const uri = "/statement/2026-11/Invoice_88213.docm";
  emit({ time: flow.time, sensor: "bro", record: conn(flow, random), stage });
  emit({
    time: flow.time,
    sensor: "bro",
    record: http(flow, {
      method: "GET",
      host: ADVERSARY.lureName,
      uri,
      agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64)",
      status: 200,
      mime: "application/vnd.ms-word.document.macroEnabled.12",
    }),
    stage,
  });
  emit({
    time: flow.time,
    sensor: "squid",
    record: squid(flow, "GET", `http://${ADVERSARY.lureName}${uri}`, 200),
    stage,
  });
  emit({
    time: flow.time + 900,
    sensor: "bro",
    record: file(
      flow,
      "application/vnd.ms-word.document.macroEnabled.12",
      "Invoice_88213.docm",
      284_160,
      ADVERSARY.implant,
    ),
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
    time: flow.time + 1200,
    sensor: "asa",
    record: asaTeardown(flow, company.firewall, random.int(1e6, 9e8)),
    stage,
  });
}

/** A beacon a minute with a little jitter; the first calls tunnel in DNS. */
function control(world: World, from: number, until: number): void {
  const { random, emit } = world;
  const stage = "command-and-control";
  const victim = victimOf(world);
  const interval = Math.max(2000, Math.min(60_000, (until - from) / 90));
  let count = 0;
  for (let time = from; time < until; time += interval * (0.9 + random.next() * 0.2)) {
    if (count < 12)
      resolve(
        world,
        time - 400,
        victim.ip,
        `${random.hex(48)}.${random.hex(24)}.${ADVERSARY.controlName}`,
        [ADVERSARY.controlIp],
        stage,
      );
    const flow = makeFlow(random, {
      time: Math.round(time),
      source: victim.ip,
      target: ADVERSARY.controlIp,
      targetPort: 443,
      service: "ssl",
      sent: 642 + random.int(0, 24),
      received: 318 + random.int(0, 16),
      duration: 0.41,
    });
    emit({ time: flow.time, sensor: "bro", record: conn(flow, random), stage });
    emit({ time: flow.time, sensor: "bro", record: ssl(flow, ADVERSARY.controlName, random), stage });
    if (count === 3 || count === 40)
      emit({
        time: flow.time + 20,
        sensor: "suricata",
        record: suricataAlert(flow, {
          id: 2035465,
          signature: "ET MALWARE Observed implant TLS fingerprint",
          category: "Malware Command and Control Activity Detected",
          severity: 1,
        }),
        stage,
      });
    count++;
  }
}

function discovery(world: World, from: number, until: number): void {
  const { random, emit } = world;
  const stage = "discovery";
  const victim = victimOf(world);
  const ports = [445, 3389, 5985, 1433];
  const targets = 60;
  for (let index = 0; index < targets; index++) {
    const time = Math.round(from + ((until - from) * index) / targets);
    const flow = makeFlow(random, {
      time,
      source: victim.ip,
      target: `10.20.0.${1 + index}`,
      targetPort: ports[index % ports.length]!,
      state: index % 5 === 0 ? "SF" : index % 2 === 0 ? "S0" : "REJ",
      sent: 0,
      received: 0,
      duration: 0.003,
    });
    emit({ time, sensor: "bro", record: conn(flow, random), stage });
    if (index % 20 === 7)
      emit({
        time: time + 10,
        sensor: "snort",
        record: snort(flow, { id: 469, message: "INDICATOR-SCAN sweep of remote services from inside" }),
        stage,
      });
  }
}

function credentials(world: World, time: number): void {
  const { random, emit, company } = world;
  const stage = "credential-access";
  const victim = victimOf(world);
  for (let index = 0; index < 14; index++) {
    const flow = makeFlow(random, {
      time: time + index * 120,
      source: victim.ip,
      target: company.domainController.ip,
      targetPort: 88,
      service: "krb_tcp",
      sent: 1420,
      received: 1380,
      duration: 0.004,
    });
    emit({
      time: flow.time,
      sensor: "bro",
      record: kerberos(
        flow,
        `${victim.user}/CONTOSO`,
        `MSSQLSvc/${random.pick(company.servers).name}`,
        index % 4 !== 0,
      ).replace("aes256-cts-hmac-sha1-96", "rc4-hmac"),
      stage,
    });
    emit({ time: flow.time, sensor: "bro", record: conn(flow, random), stage });
  }
}

function lateral(world: World, time: number): void {
  const { random, emit, company } = world;
  const stage = "lateral-movement";
  const victim = victimOf(world);
  const flow = makeFlow(random, {
    time,
    source: victim.ip,
    target: company.domainController.ip,
    targetPort: 445,
    service: "smb",
    sent: 1_204_224,
    received: 8120,
    duration: 4.1,
  });
  emit({
    time,
    sensor: "bro",
    record: smbFile(flow, "SMB::FILE_WRITE", "\\\\dc1\\ADMIN$", "Temp\\svcupd.exe", 1_196_032),
    stage,
  });
  emit({ time, sensor: "bro", record: conn(flow, random), stage });
  emit({
    time: time + 40,
    sensor: "suricata",
    record: suricataAlert(flow, {
      id: 2027267,
      signature: "ET POLICY Executable written to administrative share",
      category: "Potential Corporate Privacy Violation",
      severity: 1,
    }),
    stage,
  });
  emit({
    time: time + 900,
    sensor: "syslog",
    record: syslog(
      time + 900,
      "dc1",
      "winlogbeat[812]",
      `Service svcupd installed by svc-erp-db1 from ${victim.ip}`,
      36,
    ),
    stage,
  });
}

function collection(world: World, from: number, until: number): void {
  const { random, emit, company } = world;
  const stage = "collection";
  for (let index = 0; index < 40; index++) {
    const time = Math.round(from + ((until - from) * index) / 40);
    const flow = makeFlow(random, {
      time,
      source: company.domainController.ip,
      target: company.fileServer.ip,
      targetPort: 445,
      service: "smb",
      sent: 4200,
      received: 7_400_000 + random.int(0, 2e6),
      duration: 1.4,
    });
    emit({
      time,
      sensor: "bro",
      record: smbFile(
        flow,
        "SMB::FILE_OPEN",
        "\\\\files1\\company",
        `plans\\2026\\line-${index + 1}.dwg`,
        flow.received,
      ),
      stage,
    });
    emit({ time, sensor: "bro", record: conn(flow, random), stage });
  }
}

function exfiltration(world: World, from: number, until: number): void {
  const { random, emit, company } = world;
  const stage = "exfiltration";
  const source = company.domainController.ip;
  resolve(world, from - 300, source, ADVERSARY.dropName, [ADVERSARY.dropIp], stage);
  for (let index = 0; index < 8; index++) {
    const time = Math.round(from + ((until - from) * index) / 8);
    const flow = makeFlow(random, {
      time,
      source,
      target: ADVERSARY.dropIp,
      targetPort: 443,
      service: "ssl",
      sent: 38_000_000 + random.int(0, 6e6),
      received: 90_000,
      duration: 48.2,
    });
    emit({ time, sensor: "bro", record: conn(flow, random), stage });
    emit({ time, sensor: "bro", record: ssl(flow, ADVERSARY.dropName, random), stage });
    emit({
      time: time + 48_300,
      sensor: "asa",
      record: asaTeardown(flow, company.firewall, random.int(1e6, 9e8)),
      stage,
    });
  }
}
