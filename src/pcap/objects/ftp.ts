/** Reads the transfers that an FTP control conversation arranges (RFC 959; EPRT and EPSV: RFC 2428). */
import type { Conversation, Endpoint } from "../reassembly/conversation.ts";
import type { Seen } from "../reassembly/segment.ts";

/** A transfer and where its data connection goes to. */
export type FtpTransfer = {
  /** RETR, STOR, STOU or APPE; or a listing: LIST, NLST, MLSD. */
  readonly command: string;
  readonly name: string;
  /** Who is connected to. The address is what was told, or that of the control connection where only a port was (EPSV). */
  readonly listener: Endpoint;
  /** Whether the server listens (PASV, EPSV), not the client (PORT, EPRT). */
  readonly isPassive: boolean;
  /** Whether the client sends. */
  readonly isUpload: boolean;
  /** Where in the file it begins (REST). */
  readonly offset: number;
  readonly user: string;
  readonly seen: Seen;
  /** The size that SIZE or the server's answer told, and whether the server said that all was sent (226, 250). */
  size: number | undefined;
  isConfirmed: boolean;
};

const LINE_LIMIT = 4_096;
const TRANSFER_LIMIT = 100_000;
const UPLOADS: ReadonlySet<string> = new Set(["STOR", "STOU", "APPE"]);
const DOWNLOADS: ReadonlySet<string> = new Set(["RETR", "LIST", "NLST", "MLSD"]);

/** Reads the first transfers of a control conversation, in order, and counts those behind them. Side 0 is the client. */
export function readFtp(conversation: Conversation): {
  readonly transfers: readonly FtpTransfer[];
  readonly more: number;
} {
  const [client, server] = conversation.endpoints;
  const transfers: FtpTransfer[] = [];
  let more = 0;
  const lines: [string, string] = ["", ""];
  const sizes = new Map<string, number>();
  let listener: Endpoint | undefined;
  let isPassive = false;
  let offset = 0;
  let user = "";
  let asked = "";

  const listen = (told: Endpoint | undefined, passive: boolean) => {
    if (told === undefined) return;
    listener = told;
    isPassive = passive;
  };
  const command = (line: string, seen: Seen) => {
    const space = line.indexOf(" ");
    const verb = (space < 0 ? line : line.slice(0, space)).toUpperCase();
    const rest = space < 0 ? "" : line.slice(space + 1);
    if (verb === "PORT") listen(sixNumbers(rest), false);
    else if (verb === "EPRT") listen(extended(rest, client), false);
    else if (verb === "USER") user = rest;
    else if (verb === "REST") offset = /^\d{1,15}$/.test(rest) ? Number(rest) : 0;
    else if (verb === "SIZE") asked = rest;
    else if (UPLOADS.has(verb) || DOWNLOADS.has(verb)) {
      if (listener !== undefined && transfers.length >= TRANSFER_LIMIT) more++;
      else if (listener !== undefined)
        transfers.push({
          command: verb,
          name: rest,
          listener,
          isPassive,
          isUpload: UPLOADS.has(verb),
          offset,
          user,
          seen,
          size: sizes.get(rest),
          isConfirmed: false,
        });
      offset = 0;
    }
  };
  const reply = (line: string) => {
    const last = transfers.at(-1);
    if (line.startsWith("227")) listen(sixNumbers(line), true);
    else if (line.startsWith("229")) listen(extended(inBrackets(line), server), true);
    else if (/^213 \d{1,15}$/.test(line) && sizes.size < TRANSFER_LIMIT)
      sizes.set(asked, Number(line.slice(4)));
    else if (line.startsWith("150") && last !== undefined) {
      const told = /\((\d{1,15}) bytes\)/i.exec(line)?.[1];
      if (told !== undefined) last.size = Number(told);
    } else if (/^2(?:26|50) /.test(line) && last !== undefined) last.isConfirmed = true;
  };

  for (const chunk of conversation.chunks) {
    if (chunk.kind !== "bytes") {
      // A line of which a part is missing says nothing.
      lines[chunk.side] = "";
      continue;
    }
    const text = lines[chunk.side] + Buffer.from(chunk.bytes).toString("latin1");
    const whole = text.split("\n");
    lines[chunk.side] = (whole.pop() ?? "").slice(-LINE_LIMIT);
    for (const line of whole) {
      const text = line.slice(0, LINE_LIMIT).trimEnd();
      if (chunk.side === 0) command(text, chunk);
      else reply(text);
    }
  }
  return { transfers, more };
}

/** What is between the first opening and the last closing bracket. */
function inBrackets(line: string): string {
  const start = line.indexOf("(");
  return start < 0 ? "" : line.slice(start + 1, Math.max(start + 1, line.lastIndexOf(")")));
}

/** `h1,h2,h3,h4,p1,p2`, with anything around it. */
function sixNumbers(text: string): Endpoint | undefined {
  const found = /(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3})(?!\d)/.exec(text);
  const [a = 0, b = 0, c = 0, d = 0, high = 0, low = 0] = found?.slice(1).map(Number) ?? [];
  if (found === null || [a, b, c, d, high, low].some((number) => number > 255)) return undefined;
  return { address: `${a}.${b}.${c}.${d}`, port: high * 256 + low };
}

/** `|1|address|port|` or `|||port|`, with any sign in place of the bars. */
function extended(text: string, own: Endpoint): Endpoint | undefined {
  const [, , address = "", port = ""] = text.split(text.charAt(0));
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) return undefined;
  return { address: address === "" ? own.address : address.toLowerCase(), port: Number(port) };
}
