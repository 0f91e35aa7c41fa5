import { basename } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  hasForeignTools,
  type Merged,
  mergeCaptures,
  placeOf,
  run,
  sharedCaptures,
} from "../testing/captures.ts";
import { type ReadRecord, recordsOfFile } from "../testing/records.ts";

const captures = sharedCaptures();
const isPossible = captures.length > 0 && hasForeignTools();
if (!isPossible) console.warn("No captures to compare with tshark, or no tshark: left out.");
const { merged, remove } = isPossible ? mergeCaptures(captures) : { merged: [], remove: () => {} };
afterAll(remove);

const FIELDS = [
  "frame.protocols",
  "dns.flags.response",
  "dns.id",
  "dns.qry.name",
  "dns.qry.type",
  "dns.flags.rcode",
  "http.request.method",
  "http.request.uri",
  "http.host",
  "http.user_agent",
  "http.response.code",
  "tls.handshake.ja3",
  "tls.handshake.ja3s",
  "tls.handshake.extensions_server_name",
  "x509af.serialNumber",
  "ssh.protocol",
  "ssh.kex.hassh",
  "ssh.kex.hasshserver",
  "smtp.req.command",
  "smtp.req.parameter",
  "ftp.request.command",
  "ftp.request.arg",
  "kerberos.CNameString",
  "kerberos.error_code",
  "dhcp.hw.mac_addr",
  "dhcp.option.hostname",
  "ntp.xmt",
  "smb2.tree",
  "smb.path",
  "ntlmssp.auth.username",
  "ntlmssp.auth.hostname",
] as const;

type Name = (typeof FIELDS)[number];
/** The values of a field in a packet. */
type Row = (name: Name) => readonly string[];

type Comparison = {
  readonly name: string;
  /** What tshark says of a packet, and what a record says, in the same words. */
  readonly theirs: (row: Row) => readonly string[];
  readonly ours: (
    kind: string,
    text: (field: string) => string | undefined,
    fields: ReadRecord["fields"],
  ) => readonly (string | undefined)[];
};

/** How Zeek writes what another tool writes otherwise. */
const withoutPort = (host: string): string => host.replace(/:\d+$/, "");

const COMPARISONS: readonly Comparison[] = [
  {
    name: "questions of DNS",
    theirs: (row) => {
      const [id = ""] = row("dns.id");
      const [name = ""] = row("dns.qry.name");
      const [type = ""] = row("dns.qry.type");
      return id === "" || type === ""
        ? []
        : [`${Number(id)} ${type} ${name.replace(/^<Root>$/, "").toLowerCase()}`];
    },
    ours: (kind, text) =>
      kind === "dns" && text("qtype") !== undefined
        ? [`${text("trans_id")} ${text("qtype")} ${text("query")}`]
        : [],
  },
  {
    name: "requests of HTTP",
    theirs: (row) => {
      const [method] = row("http.request.method");
      const [uri = ""] = row("http.request.uri");
      const [host = ""] = row("http.host");
      return method === undefined ? [] : [`${method} ${withoutPort(host)} ${uri}`];
    },
    ours: (kind, text) =>
      kind === "http" && text("method") !== undefined
        ? [`${text("method")} ${text("host") ?? ""} ${text("uri") ?? ""}`]
        : [],
  },
  {
    name: "user agents of HTTP",
    theirs: (row) => row("http.user_agent").filter((agent) => agent !== ""),
    ours: (kind, text) => (kind === "http" && text("user_agent") !== "" ? [text("user_agent")] : []),
  },
  {
    name: "JA3",
    theirs: (row) => row("tls.handshake.ja3"),
    ours: (kind, text) => (kind === "ssl" ? [text("ja3")] : []),
  },
  {
    name: "JA3S",
    theirs: (row) => row("tls.handshake.ja3s"),
    ours: (kind, text) => (kind === "ssl" ? [text("ja3s")] : []),
  },
  {
    name: "server names",
    theirs: (row) => row("tls.handshake.extensions_server_name"),
    ours: (kind, text) => (kind === "ssl" ? [text("server_name")] : []),
  },
  {
    name: "serial numbers of certificates",
    theirs: (row) => row("x509af.serialNumber").map(serial),
    ours: (kind, text) => (kind === "x509" ? [serial(text("certificate.serial") ?? "")] : []),
  },
  {
    name: "versions of SSH",
    theirs: (row) => row("ssh.protocol"),
    ours: (kind, text) => (kind === "ssh" ? [text("client"), text("server")] : []),
  },
  {
    name: "HASSH",
    theirs: (row) => [...row("ssh.kex.hassh"), ...row("ssh.kex.hasshserver")],
    ours: (kind, text) => (kind === "ssh" ? [text("hassh"), text("hasshServer")] : []),
  },
  {
    name: "recipients of mails",
    theirs: (row) => {
      const [command = ""] = row("smtp.req.command");
      const [parameter = ""] = row("smtp.req.parameter");
      return command.toUpperCase() === "RCPT" ? [/<([^>]*)>/.exec(parameter)?.[1] ?? parameter] : [];
    },
    ours: (kind, _text, fields) =>
      kind === "smtp" && Array.isArray(fields.rcptto) ? fields.rcptto.map(String) : [],
  },
  {
    name: "transfers of FTP",
    theirs: (row) => {
      const [command = ""] = row("ftp.request.command");
      const [name = ""] = row("ftp.request.arg");
      return /^(?:RETR|STOR)$/i.test(command) ? [`${command.toUpperCase()} ${name.split("/").at(-1)}`] : [];
    },
    ours: (kind, text) =>
      kind === "ftp" && /^(?:RETR|STOR)$/.test(text("command") ?? "")
        ? [`${text("command")} ${text("arg")?.split("/").at(-1)}`]
        : [],
  },
  {
    name: "errors of Kerberos",
    theirs: (row) => row("kerberos.error_code"),
    ours: (kind, text) => (kind === "kerberos" ? [text("error_code")] : []),
  },
  {
    name: "clients of DHCP",
    theirs: (row) => row("dhcp.hw.mac_addr"),
    ours: (kind, text) => (kind === "dhcp" ? [text("mac")] : []),
  },
  {
    name: "shares of SMB",
    theirs: (row) => [...row("smb2.tree"), ...row("smb.path")],
    ours: (kind, text) => (kind === "smb_mapping" ? [text("path")] : []),
  },
  {
    name: "users of NTLM",
    theirs: (row) => row("ntlmssp.auth.username").filter((user) => user !== "NULL"),
    ours: (kind, text) => (kind === "ntlm" ? [text("username")] : []),
  },
];

/** Every way in which the readings may differ, and why. */
const EXPLAINED: readonly { readonly why: string; readonly is: (difference: string) => boolean }[] = [
  {
    why: "tshark reads DTLS, which is not read here",
    is: (difference) => /^rdp__rdpeudp2.*tshark alone: (?:JA3S?|server names)/.test(difference),
  },
  {
    why: "tshark takes a datagram of QUIC for DNS",
    is: (difference) =>
      difference.startsWith("quic__vector-max-size-crash.pcap#1: tshark alone: questions of DNS"),
  },
  {
    why: "tshark looks for SSH, TLS and HTTP at their ports, and behind a start of TLS that it knows; here the first bytes tell",
    is: (difference) =>
      /^ssh__ssh\.server|^ssl-and-ssh|^postgresql__psql-aws|^metasploit.*(?:JA3|serial)|^http__query-method/.test(
        difference,
      ) && difference.includes("only we"),
  },
  {
    why: "names of NetBIOS are Zeek's DNS and another protocol of tshark's",
    is: (difference) => /only we: questions of DNS: \d+ 32 /.test(difference),
  },
  {
    why: "a message of ICMP quotes the question that it answers",
    is: (difference) => difference.startsWith("icmp__icmp-destunreach-udp.pcap#1: tshark alone"),
  },
  {
    why: "a datagram of SSDP has the form of HTTP",
    is: (difference) => /^metasploit.*tshark alone: (?:requests|user agents)/.test(difference),
  },
  {
    why: "a request without a version is one of HTTP/0.9, which has no headers",
    is: (difference) => /^http__(?:methods|http_09|no-version)|^ipv6-http-atomic/.test(difference),
  },
  {
    why: "what is behind the end of a body is the next request, which tshark takes for a part of the body",
    is: (difference) => /^http__261__.*only we: requests of HTTP: GET target \/smuggled/.test(difference),
  },
  {
    why: "a client that speaks HTTP to a server of SSH makes a conversation of HTTP",
    is: (difference) => difference.startsWith("http__get-to-ssh-server.pcap"),
  },
  {
    why: "tshark reads no request whose method it does not know",
    is: (difference) => difference.startsWith("http__http-inner-transfer-encoding-ossfuzz.pcap: only we"),
  },
  {
    why: "a head that the capture cut within its first line says nothing",
    is: (difference) => difference.startsWith("tcp.pcap#4: tshark alone: requests of HTTP"),
  },
  {
    why: "tshark reads certificates in answers of OCSP too",
    is: (difference) => difference.startsWith("tls__ocsp-revoked.pcap#7: tshark alone: serial numbers"),
  },
];

test.skipIf(!isPossible)("what protocols say is what tshark reads", { timeout: 600_000 }, async () => {
  /** What was said, and where first. */
  const ours = COMPARISONS.map(() => new Map<string, string>());
  for (const path of captures)
    for (const { kind, fields } of await recordsOfFile(path)) {
      const text = (field: string) => (fields[field] === undefined ? undefined : String(fields[field]));
      for (const [at, comparison] of COMPARISONS.entries())
        for (const said of comparison.ours(kind, text, fields)) note(ours[at], said, basename(path));
    }
  const theirs = COMPARISONS.map(() => new Map<string, string>());
  for (const capture of merged)
    for (const [packet, row] of rowsOf(capture).entries())
      for (const [at, comparison] of COMPARISONS.entries())
        for (const said of comparison.theirs(row)) note(theirs[at], said, placeOf(capture, packet));
  const differences = COMPARISONS.flatMap(({ name }, at) => {
    const [mine, other] = [ours[at] ?? new Map(), theirs[at] ?? new Map()];
    expect(other.size, name).toBeGreaterThan(0);
    return [
      ...[...other].flatMap(([said, place]) =>
        mine.has(said) ? [] : [`${place}: tshark alone: ${name}: ${said}`],
      ),
      ...[...mine].flatMap(([said, place]) =>
        other.has(said) ? [] : [`${place}: only we: ${name}: ${said}`],
      ),
    ];
  });
  expect(differences.filter((difference) => !EXPLAINED.some(({ is }) => is(difference)))).toEqual([]);
  expect(EXPLAINED.filter(({ is }) => !differences.some(is)).map(({ why }) => why)).toEqual([]);
});

function note(said: Map<string, string> | undefined, text: string | undefined, place: string): void {
  if (text !== undefined && said?.has(text) === false) said.set(text, place);
}

const SEPARATOR = "\u001f";

function rowsOf({ path }: Merged): readonly Row[] {
  const fields = FIELDS.flatMap((field) => ["-e", field]);
  const format = ["-T", "fields", "-E", `aggregator=${SEPARATOR}`];
  const lines = run("tshark", ["-2", "-n", "-r", path, ...format, ...fields])
    .trimEnd()
    .split("\n");
  return lines.map((line) => {
    const cells = line.split("\t");
    return (name) => {
      const cell = cells[FIELDS.indexOf(name)] ?? "";
      return cell === "" ? [] : cell.split(SEPARATOR);
    };
  });
}

/** Digits of a serial number without those that only say that it is positive. */
function serial(text: string): string {
  return text.replaceAll(":", "").replace(/^0+/, "").toLowerCase();
}
