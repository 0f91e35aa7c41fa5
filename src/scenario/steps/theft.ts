/** The plans are read from the file server and leave. */
import { ADVERSARY } from "../adversary.ts";
import { asaTeardown } from "../formats/others.ts";
import { conn, ftp, http, smbFile, ssl } from "../formats/zeek.ts";
import { said } from "../packets/content.ts";
import { ARCHIVE, DRAWINGS, LISTING } from "../packets/documents.ts";
import { dataTime, ftpTurns } from "../packets/ftp.ts";
import { httpTurns } from "../packets/http.ts";
import { smbTurns } from "../packets/smb.ts";
import { IMPLANT, tlsTurns } from "../packets/tls.ts";
import { converse, endOf, NEAR_BY, resolve, WINDOWS_DOMAIN, type World } from "../traffic.ts";
import { AGENT, AWAY, nameOf, STOLEN, transfer } from "./actors.ts";

export function collection(world: World, from: number, until: number): void {
  const { random, emit, company } = world;
  const stage = "collection";
  const share = "\\\\files1\\company";
  for (const [index, drawing] of DRAWINGS.entries()) {
    const time = Math.round(from + ((until - from) * index) / DRAWINGS.length);
    const name = `plans\\2026\\${drawing.name}`;
    const flow = converse(
      world,
      {
        time,
        source: company.domainController.ip,
        target: company.fileServer.ip,
        targetPort: 445,
        service: "smb",
      },
      smbTurns({
        action: "read",
        share,
        name,
        content: drawing.content,
        domain: WINDOWS_DOMAIN,
        user: STOLEN,
        machine: nameOf(company.domainController),
        time,
        seed: random.int(1, 2 ** 30),
      }),
      { roundTrip: NEAR_BY, lasts: 900 },
    );
    const size = drawing.content.length;
    emit({ time, sensor: "bro", record: smbFile(flow, "SMB::FILE_OPEN", share, name, size), stage });
    emit({ time, sensor: "bro", record: conn(flow), stage });
  }
}

export function exfiltration(world: World, from: number, until: number): void {
  const { random, emit, company } = world;
  const stage = "exfiltration";
  const source = company.domainController.ip;
  resolve(world, from - 300, source, ADVERSARY.dropName, [ADVERSARY.dropIp], stage);
  const checks = 3;
  for (let index = 0; index < checks; index++) {
    const time = Math.round(from + ((until - from) * index) / (checks + 1));
    const flow = converse(
      world,
      { time, source, target: ADVERSARY.dropIp, targetPort: 443, service: "ssl" },
      tlsTurns(ADVERSARY.dropName, IMPLANT, 310, 1_240, random.int(1, 2 ** 30)),
      { roundTrip: AWAY.drop },
    );
    emit({ time, sensor: "bro", record: conn(flow), stage });
    emit({ time, sensor: "bro", record: ssl(flow, ADVERSARY.dropName, IMPLANT, random), stage });
  }
  const time = Math.round(from + ((until - from) * checks) / (checks + 1));
  const exchange = {
    method: "POST",
    host: ADVERSARY.dropName,
    uri: `/in/${ARCHIVE.name}`,
    agent: AGENT,
    status: 201,
    mime: "text/plain",
    body: said(""),
    upload: { mime: "application/zip", body: ARCHIVE.content },
  };
  const flow = converse(
    world,
    { time, source, target: ADVERSARY.dropIp, targetPort: 80, service: "http" },
    httpTurns(exchange),
    { roundTrip: AWAY.drop, pace: 2_000 },
  );
  const what = { source: "HTTP", mime: "application/zip", file: ARCHIVE, isSent: true } as const;
  emit({ time, sensor: "bro", record: conn(flow), stage });
  emit({ time, sensor: "bro", record: http(flow, exchange), stage });
  emit({ time: time + 900, sensor: "bro", record: transfer(flow, what), stage });
  emit({
    time: endOf(flow),
    sensor: "asa",
    record: asaTeardown(flow, company.firewall, random.int(1e6, 9e8)),
    stage,
  });
}

/** Before the archive leaves, a list of what is in it does: by FTP, with a password in the clear. */
export function inventory(world: World, time: number): void {
  const { random, emit, company } = world;
  const stage = "exfiltration";
  const call = { source: company.domainController.ip, target: ADVERSARY.dropIp };
  const upload = {
    server: ADVERSARY.dropName,
    user: "vault17",
    password: "Plans-4-sale",
    name: LISTING.name,
    bytes: LISTING.content.length,
    dataPort: random.int(49_152, 65_535),
  };
  const pacing = { roundTrip: AWAY.drop };
  const turns = ftpTurns(upload);
  const flow = converse(world, { ...call, time, targetPort: 21, service: "ftp" }, turns, pacing);
  const data = converse(
    world,
    { ...call, time: dataTime(flow, turns, pacing), targetPort: upload.dataPort, service: "ftp-data" },
    [{ side: 0, content: LISTING.content }],
    pacing,
  );
  const what = { source: "FTP_DATA", mime: "text/plain", file: LISTING, isSent: true } as const;
  emit({ time, sensor: "bro", record: conn(flow), stage });
  emit({ time: data.time, sensor: "bro", record: conn(data), stage });
  emit({ time: data.time, sensor: "bro", record: ftp(flow, upload), stage });
  emit({ time: data.time + 100, sensor: "bro", record: transfer(data, what), stage });
}
