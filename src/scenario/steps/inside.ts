/** What the adversary does within the company: looks around, takes an account, goes to another machine. */
import { snort, suricataAlert, syslog } from "../formats/others.ts";
import { conn, kerberos, smbFile } from "../formats/zeek.ts";
import { TOOL } from "../packets/documents.ts";
import { ticketTurns } from "../packets/kerberos.ts";
import { smbTurns } from "../packets/smb.ts";
import { converse, NEAR_BY, WINDOWS_DOMAIN, type World } from "../traffic.ts";
import { nameOf, STOLEN, transfer, victimOf } from "./actors.ts";

export function discovery(world: World, from: number, until: number): void {
  const { emit } = world;
  const stage = "discovery";
  const victim = victimOf(world);
  const ports = [445, 3389, 5985, 1433];
  const targets = 60;
  for (let index = 0; index < targets; index++) {
    const time = Math.round(from + ((until - from) * index) / targets);
    const part = {
      time,
      source: victim.ip,
      target: `10.20.0.${1 + index}`,
      targetPort: ports[index % ports.length]!,
      state: index % 5 === 0 ? "SF" : index % 2 === 0 ? "S0" : "REJ",
    } as const;
    const flow = converse(world, part, [], { roundTrip: NEAR_BY });
    emit({ time, sensor: "bro", record: conn(flow), stage });
    if (index % 20 === 7)
      emit({
        time: time + 10,
        sensor: "snort",
        record: snort(flow, { id: 469, message: "INDICATOR-SCAN sweep of remote services from inside" }),
        stage,
      });
  }
}

export function credentials(world: World, from: number): void {
  const { random, emit, company } = world;
  const stage = "credential-access";
  const victim = victimOf(world);
  for (let index = 0; index < 14; index++) {
    const time = from + index * 120;
    const service = `MSSQLSvc/${random.pick(company.servers).name}`;
    const isGranted = index % 4 !== 0;
    const seed = random.int(1, 2 ** 30);
    const flow = converse(
      world,
      { time, source: victim.ip, target: company.domainController.ip, targetPort: 88, service: "krb_tcp" },
      ticketTurns({
        realm: WINDOWS_DOMAIN,
        client: victim.user,
        service,
        isGranted,
        encryption: 23,
        time,
        seed,
      }),
      { roundTrip: NEAR_BY },
    );
    emit({
      time,
      sensor: "bro",
      record: kerberos(flow, `${victim.user}/${WINDOWS_DOMAIN}`, service, isGranted).replace(
        "aes256-cts-hmac-sha1-96",
        "rc4-hmac",
      ),
      stage,
    });
    emit({ time, sensor: "bro", record: conn(flow), stage });
  }
}

export function lateral(world: World, time: number): void {
  const { random, emit, company } = world;
  const stage = "lateral-movement";
  const victim = victimOf(world);
  const share = "\\\\dc1\\ADMIN$";
  const name = `Temp\\${TOOL.name}`;
  const flow = converse(
    world,
    { time, source: victim.ip, target: company.domainController.ip, targetPort: 445, service: "smb" },
    smbTurns({
      action: "write",
      share,
      name,
      content: TOOL.content,
      domain: WINDOWS_DOMAIN,
      user: STOLEN,
      machine: nameOf(victim),
      time,
      seed: random.int(1, 2 ** 30),
    }),
    { roundTrip: NEAR_BY, lasts: 4_100 },
  );
  const what = { source: "SMB", mime: "text/plain", file: TOOL, isSent: true } as const;
  emit({
    time,
    sensor: "bro",
    record: smbFile(flow, "SMB::FILE_WRITE", share, name, TOOL.content.length),
    stage,
  });
  emit({ time, sensor: "bro", record: conn(flow), stage });
  emit({ time: time + 30, sensor: "bro", record: transfer(flow, what), stage });
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
      `Service svcupd installed by ${STOLEN} from ${victim.ip}`,
      36,
    ),
    stage,
  });
}
