/** The control connection of FTP (RFC 959), as Zeek's ftp.log tells it: a record for each command that concerns a file, with its answer. */
import type { Side } from "../reassembly/segment.ts";
import { FileReader } from "./file.ts";
import { LineReader } from "./lines.ts";
import type { FlowContext, StreamProtocol } from "./protocol.ts";
import { textOfLatin1 } from "./text.ts";

/** What is told: commands that concern files, open data connections, or say who logs in where the log-in is refused. */
const TOLD: ReadonlySet<string> = new Set([
  "APPE",
  "DELE",
  "RETR",
  "STOR",
  "STOU",
  "ACCT",
  "PORT",
  "PASV",
  "EPRT",
  "EPSV",
]);
const WITH_FILES: ReadonlySet<string> = new Set(["APPE", "DELE", "RETR", "STOR", "STOU", "SIZE", "MDTM"]);
/** Commands that move a file over the data connection. */
const MOVES: ReadonlySet<string> = new Set(["APPE", "RETR", "STOR", "STOU"]);
const MOST_PENDING = 32;
const LOGIN_REFUSED = 530;
/** Continued replies are kept up to here. */
const REPLY_LIMIT = 4_096;

type Command = { readonly micros: number; readonly verb: string; readonly rest: string };
type Endpoint = { readonly address: string; readonly port: number };
/** What goes over a data connection: the name that was asked for, and that of the file once it comes. */
type Transfer = { filename: string | undefined; fuid: string | undefined };

export const ftp: StreamProtocol = {
  tells({ heads, ports }) {
    const [client = "", server = ""] = heads.map((head) => Buffer.from(head).toString("latin1"));
    if (client === "" && server === "") return undefined;
    if (server.length >= 3 && !/^(?:220|120)/.test(server)) return false;
    if (client === "") return undefined;
    const isCommand = /^(?:USER|AUTH (?:TLS|SSL|GSSAPI)|FEAT|OPTS|SYST|CLNT|HOST|PASV|EPSV|CWD)\b/i.test(
      client,
    );
    if (client.length < 4) return undefined;
    // POP3 has USER too, but greets otherwise.
    return isCommand && (ports.includes(21) || server.length >= 3 || client.includes("anonymous"));
  },
  open: openFtp,
};

function openFtp(flow: FlowContext) {
  const [client, server] = flow.addresses;
  const lines = [new LineReader(), new LineReader()] as const;
  const pending: Command[] = [];
  let user: string | undefined;
  let folder = ".";
  let listener: Endpoint | undefined;
  let isPassive = false;
  let transfer: Transfer | undefined;
  /** The number of a reply that goes on, and its words. */
  let open: string | undefined;
  let words = "";
  flow.speaks("ftp");

  const write = ({ micros, verb, rest }: Command, code: number | undefined, message: string | undefined) => {
    const hasFile = WITH_FILES.has(verb);
    const opens =
      listener !== undefined && /^(?:PASV|EPSV|PORT|EPRT)$/.test(verb) && code !== undefined && code < 300;
    flow.write("ftp", micros, {
      user: user ?? "<unknown>",
      command: verb,
      arg: hasFile ? `ftp://${server}${pathOf(folder, rest)}` : rest === "" ? undefined : rest,
      reply_code: code,
      reply_msg: message,
      fuid: MOVES.has(verb) ? transfer?.fuid : undefined,
      ...(opens && {
        "data_channel.passive": isPassive,
        "data_channel.orig_h": isPassive ? client : server,
        "data_channel.resp_h": listener?.address,
        "data_channel.resp_p": listener?.port,
      }),
    });
  };
  const command = (line: string) => {
    const [, word = "", rest = ""] = /^\s*(\S+)\s*(.*)$/.exec(textOfLatin1(line)) ?? [];
    const verb = word.toUpperCase();
    if (!/^[A-Z]{3,8}$/.test(verb)) return;
    if (verb === "USER") user = rest;
    if (MOVES.has(verb) && transfer !== undefined) transfer.filename = rest.split("/").at(-1);
    if (pending.length >= MOST_PENDING) pending.shift();
    pending.push({ micros: flow.now(), verb, rest: verb === "PASS" ? "" : rest });
  };
  const reply = (code: number, message: string) => {
    // A reply of the kind 1xx announces another.
    const answered = code < 200 ? pending[0] : pending.shift();
    if (answered === undefined) return;
    const { verb, rest } = answered;
    if (code < 200) return;
    if (code < 300 && verb === "CWD") folder = pathOf(folder, rest);
    else if (code < 300 && verb === "CDUP") folder = pathOf(folder, "..");
    else if (code === 257 && verb === "PWD") folder = /"([^"]*)"/.exec(message)?.[1] ?? folder;
    else if (code === 227) listen(sixNumbers(message), true);
    else if (code === 229) listen(extended(message, server), true);
    else if (verb === "PORT") listen(sixNumbers(rest), false);
    else if (verb === "EPRT") listen(extended(rest, client), false);
    if (TOLD.has(verb) || (code === LOGIN_REFUSED && (verb === "PASS" || verb === "USER")))
      write(answered, code, message);
    if (code === 234 && verb === "AUTH") flow.restart();
  };
  const listen = (told: Endpoint | undefined, passive: boolean) => {
    listener = told;
    isPassive = passive;
    if (told === undefined) return;
    transfer = { filename: undefined, fuid: undefined };
    // Behind address translation a server tells another address than the one that is connected to.
    const hosts = new Set([told.address, passive ? server : client]);
    for (const host of hosts) flow.expect(host, told.port, dataOf(transfer));
  };
  const replyLine = (line: string) => {
    const [, code, sign, text = ""] = /^(\d{3})([ -]?)(.*)$/.exec(line) ?? [];
    if (open !== undefined && (code !== open || sign === "-")) {
      if (words.length < REPLY_LIMIT) words += ` ${textOfLatin1(line.trim())}`;
      return;
    }
    if (code === undefined) return;
    if (sign === "-") {
      open = code;
      words = textOfLatin1(text);
      return;
    }
    const whole = open === undefined ? textOfLatin1(text) : words;
    open = undefined;
    reply(Number(code), whole);
  };

  return {
    data(side: Side, bytes: Uint8Array, start: number, end: number) {
      for (let at = start; at < end; ) {
        at = lines[side].take(bytes, at, end);
        const { line } = lines[side];
        if (line === undefined) continue;
        if (side === 0) command(line);
        else replyLine(line);
      }
    },
    gap: (side: Side) => lines[side].lose(),
    held: () => lines[0].held() + lines[1].held() + words.length,
    end() {
      for (const command of pending) if (TOLD.has(command.verb)) write(command, undefined, undefined);
    },
  };
}

/** A data connection: one file, which either side sends. */
function dataOf(transfer: Transfer): StreamProtocol {
  return {
    tells: () => true,
    open(flow) {
      let file: FileReader | undefined;
      flow.speaks("ftp-data");
      const fileOf = (side: Side): FileReader => {
        const { filename } = transfer;
        file ??= new FileReader({ flow, side, source: "FTP_DATA", number: 0, filename });
        transfer.fuid = file.fuid;
        return file;
      };
      return {
        data: (side, bytes, start, end) => fileOf(side).data(bytes, start, end),
        gap: (side, length) => fileOf(side).gap(length),
        held: () => 0,
        end: () => void file?.end(),
      };
    },
  };
}

/** A path from the root, or from `.` where it is not known where the client is. */
function pathOf(folder: string, name: string): string {
  const parts = name.startsWith("/") ? [""] : folder.replace(/\/$/, "").split("/");
  for (const part of name.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === ".." && parts.length > 1) parts.pop();
    else if (parts.length < 256) parts.push(part);
  }
  const path = parts.join("/");
  return path.startsWith("/") ? path : `/${path}`;
}

/** `h1,h2,h3,h4,p1,p2`, with anything around it. */
function sixNumbers(text: string): Endpoint | undefined {
  const found = /(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3})(?!\d)/.exec(text);
  if (found === null) return undefined;
  const [a = 0, b = 0, c = 0, d = 0, high = 0, low = 0] = found.slice(1).map(Number);
  if ([a, b, c, d, high, low].some((number) => number > 255)) return undefined;
  return { address: `${a}.${b}.${c}.${d}`, port: high * 256 + low };
}

/** `|1|address|port|` or `|||port|` (RFC 2428), with anything around it. */
function extended(text: string, own: string): Endpoint | undefined {
  const found = /([|!#])[12]?\1([0-9a-fA-F:.]*)\1(\d{1,5})\1/.exec(text);
  const port = Number(found?.[3]);
  if (found === null || port > 65_535) return undefined;
  return { address: found[2] === "" || found[2] === undefined ? own : found[2].toLowerCase(), port };
}
