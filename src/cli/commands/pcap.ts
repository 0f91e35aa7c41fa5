import { once } from "node:events";
import { fstatSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Command, Option } from "commander";
import { listPackets, type PacketRow } from "../../api/packet-reading.ts";
import {
  getPacketQuery,
  type PacketQueryState,
  startPacketQuery,
  stopPacketQuery,
} from "../../api/packets.ts";
import { Fault } from "../../core/fault.ts";
import { type Client, connect } from "../client.ts";
import { stopWhenLeaving } from "../leaving.ts";
import { marked } from "../mark.ts";
import {
  countingNumber,
  duration,
  examples,
  moment,
  portNumber,
  type Reach,
  wholeNumber,
  withJson,
  withReach,
} from "../options.ts";
import { type ExportQuery, fetchExport } from "../pcap-export.ts";
import { pagesOf, refuseKnownPages } from "../pcap-pages.ts";
import { sendCommand } from "../pcap-send.ts";
import { EXIT_CODES, hasEnded, refuseFailed, tellFound, tellPartial, tellProblems } from "../pcap-telling.ts";
import { bytes, count, counted, openTable, printJson, safeText, timeText } from "../print.ts";

type Filter = {
  start?: number;
  end?: number;
  last?: number;
  search?: string;
  bpf?: string;
  stellar?: string;
  message?: string;
  source?: string;
  destination?: string;
  sourcePort?: number;
  destinationPort?: number;
  protocol?: string;
  includeReverse?: true;
  packetFilter?: string;
  text?: string;
  hex?: string;
  regex?: string;
  limit?: number;
};

const POLL = 100;
const PAGE_ROWS = 1000;

export function pcapCommand(): Command {
  return new Command("pcap")
    .addCommand(queryCommand())
    .addCommand(inspectCommand())
    .addCommand(exportCommand())
    .addCommand(sendCommand());
}

function queryCommand(): Command {
  const command = new Command("query")
    .description(
      "look for packets and write them as pcap: to a pipe as they are found, to files in the order of time",
    )
    .option(
      "--prefix <text>",
      "write files pcap-data-<text>+NNNN.pcap instead; the text may begin with a folder",
    )
    .option("--records-per-file <count>", "packets of a file, with --prefix", countingNumber, 10_000)
    .addHelpText(
      "after",
      EXIT_CODES +
        examples(
          "metron pcap query --last 1h --source 10.0.0.5 --include-reverse | tcpdump -nr -",
          "metron pcap query --search 'community_id:\"1:hO+sN4H+MG5MY/8hIrXPqc4ZQz0=\"' > flow.pcap",
          "metron pcap query --start 2026-11-21T10:00Z --text secret --prefix leak",
        ),
    );
  return withJson(withReach(withFilter(command))).action(query);
}

function inspectCommand(): Command {
  const command = new Command("inspect")
    .description("look for packets and list them, one per line")
    .option("-n, --count <count>", "rows to print", wholeNumber, 100)
    .addHelpText("after", EXIT_CODES + examples("metron pcap inspect --last 5m --bpf 'tcp port 443' -n 20"));
  return withJson(withReach(withFilter(command))).action(inspect);
}

function exportCommand(): Command {
  const command = new Command("export")
    .description("write what a query found, or one conversation of it, to standard output")
    .argument("<query>", "the id of the query")
    .addOption(new Option("--format <format>", "the format").choices(["pcapng", "pcap"]).default("pcapng"))
    .option("--stream <number>", "only this conversation of the result", countingNumber)
    .addOption(
      new Option("--direction <side>", "with --stream: only what this side sent")
        .choices(["both", "client", "server"])
        .default("both"),
    )
    .addHelpText("after", EXIT_CODES + examples("metron pcap export 2c1d… --stream 1 > flow.pcapng"));
  return withReach(command).action(exportResult);
}

/** The options of the original's `pcap_query.sh` under whole words, with its short ones where they have one letter. */
function withFilter(command: Command): Command {
  return command
    .option("--start <time>", "earliest time: ISO 8601 or epoch milliseconds", moment)
    .option("--end <time>", "latest time", moment)
    .addOption(
      new Option("--last <span>", "packets this far back from now, e.g. 15m")
        .argParser(duration)
        .conflicts("start"),
    )
    .option("--source <address>", "source address or network")
    .option("--destination <address>", "destination address or network")
    .option("--source-port <port>", "source port", portNumber)
    .option("--destination-port <port>", "destination port", portNumber)
    .option("-p, --protocol <protocol>", "IP protocol, by number or name")
    .option("--include-reverse", "the other direction too")
    .option("--packet-filter <pattern>", "a pattern of bytes (byteseek) that the frame must hold")
    .option("--search <query>", "the search language over fields of packets")
    .option("--bpf <filter>", "a filter in the language of tcpdump")
    .option("-q, --stellar <expression>", "a Stellar predicate over fields of packets")
    .option("--message <guid>", "packets of the conversation that a message is about")
    .option("--text <text>", "text that the payload must hold")
    .option("--hex <bytes>", "bytes that the payload must hold")
    .option("--regex <pattern>", "a regular expression that the payload must match")
    .option("--limit <count>", "end after so many packets (default: 1000000)", countingNumber);
}

async function query(
  options: Filter & Reach & { json?: true; prefix?: string; recordsPerFile: number },
): Promise<void> {
  const { prefix, recordsPerFile } = options;
  if (prefix === undefined && !options.json) refuseTerminal();
  if (prefix !== undefined) refuseKnownPages(prefix);
  const client = await connect(options);
  if (prefix === undefined && !options.json && !fstatSync(process.stdout.fd).isFile())
    return passOn(client, options);
  const found = await ended(client, options);
  tellProblems(found);
  if (prefix !== undefined) {
    const capture = await fetchExport(client, found.id, { format: "pcap" });
    const files = await pagesOf(capture, prefix, recordsPerFile);
    if (!options.json) process.stdout.write(files.map((file) => `${file}\n`).join(""));
    await tellTaken(client, found.id, capture.sha256());
  } else if (!options.json) await write(client, found.id, { format: "pcap" });
  if (options.json) printJson(await client.call(getPacketQuery, { params: { id: found.id } }));
  else tellFound(found);
}

/**
 * Writes packets as they are found: who reads them waits for the first and not for the last, and ends the query when it leaves. A file gets them
 * in the order of time instead, which is known when the last is found.
 */
async function passOn(client: Client, options: Filter): Promise<void> {
  const starting = start(client, options);
  using _stopping = stopWhenLeaving(() => stop(client, starting));
  const { id } = await starting;
  await write(client, id, { format: "pcap", follow: "true" });
  const found = await client.call(getPacketQuery, { params: { id } });
  refuseFailed(found);
  tellProblems(found);
  tellFound(found);
}

/** Prints rows as they are found. */
async function inspect(options: Filter & Reach & { json?: true; count: number }): Promise<void> {
  const client = await connect(options);
  const starting = start(client, options);
  using _stopping = stopWhenLeaving(() => stop(client, starting));
  const { id } = await starting;
  const table = options.json ? undefined : openTable(COLUMNS);
  let left = options.count;
  let found: PacketQueryState;
  for (let after = 0; ; ) {
    const size = Math.min(Math.max(left, 1), PAGE_ROWS);
    const {
      rows,
      next,
      query: now,
    } = await client.call(listPackets, { params: { id }, query: { after, size } });
    const shown = rows.slice(0, left);
    if (table === undefined) for (const row of shown) printJson(row);
    else if (shown.length > 0) table(shown.map(cellsOf));
    left -= shown.length;
    found = now;
    after = shown.at(-1)?.number ?? after;
    if (left > 0 && next !== undefined) continue;
    // The query may have gone on since the rows were read.
    if (hasEnded(now) && (left === 0 || after >= now.packets)) break;
    await sleep(POLL);
  }
  refuseFailed(found);
  if (left === options.count) table?.([]);
  tellProblems(found);
  if (found.packets > options.count) process.stderr.write(`${count(options.count)} of `);
  tellFound(found);
}

const COLUMNS = ["number", "time", "source", "destination", "protocol", "bytes", "info"];

function cellsOf(row: PacketRow): unknown[] {
  const source = endOf(row.source, row.sourcePort);
  const destination = endOf(row.destination, row.destinationPort);
  return [row.number, timeText(row.time), source, destination, row.protocol, row.length, row.info];
}

async function exportResult(
  id: string,
  {
    format,
    stream,
    direction,
    ...reach
  }: Reach & { format: "pcapng" | "pcap"; stream?: number; direction: "both" | "client" | "server" },
): Promise<void> {
  refuseTerminal();
  const client = await connect(reach);
  const query = await client.call(getPacketQuery, { params: { id } });
  if (!hasEnded(query)) tellPartial(query);
  tellProblems(query);
  await write(client, id, { format, direction, ...(stream === undefined ? {} : { stream }) });
}

/** Packets are bytes, which would steer a terminal. */
function refuseTerminal(): void {
  if (!process.stdout.isTTY) return;
  throw new Fault("REQUEST_INVALID", "writing packets: standard output is a terminal", {
    advice:
      "Write them to a file (`> FILE`), or hand them to a program (`| tcpdump -nr -`). `metron pcap inspect` lists them.",
  });
}

function endOf(address: string | undefined, port: number | undefined): string | undefined {
  return port === undefined ? address : `${address} ${port}`;
}

async function start(client: Client, options: Filter): Promise<PacketQueryState> {
  const { source, destination, sourcePort, destinationPort, protocol, includeReverse, packetFilter } =
    options;
  const fixed = defined({
    ip_src_addr: source,
    ip_dst_addr: destination,
    ip_src_port: sourcePort,
    ip_dst_port: destinationPort,
    protocol,
    includes_reverse_traffic: includeReverse,
    packet_filter: packetFilter,
  });
  const { search, bpf, stellar, message, text, hex, regex, limit } = options;
  const payload = defined({ text, hex, regex });
  const from = options.last === undefined ? options.start : Date.now() - options.last;
  const body = {
    ...defined({ from, to: options.end, limit }),
    filter: {
      ...defined({ search, bpf, stellar, message }),
      ...(Object.keys(fixed).length > 0 ? { fixed } : {}),
    },
    ...(Object.keys(payload).length > 0 ? { payload } : {}),
  };
  const texts: Record<string, string | undefined> = { search, bpf, stellar, payload: text ?? hex ?? regex };
  return client.call(startPacketQuery, { body }).catch((error: unknown) => {
    if (!(error instanceof Fault)) throw error;
    const part = texts[/^reading `(\w+)`/.exec(error.message)?.[1] ?? ""];
    throw part === undefined ? inWordsOfOptions(error) : marked(part, error);
  });
}

/** The options that make up the fixed filter, by its fields. */
const OPTIONS: Readonly<Record<string, string>> = {
  ip_src_addr: "--source",
  ip_dst_addr: "--destination",
  ip_src_port: "--source-port",
  ip_dst_port: "--destination-port",
  protocol: "--protocol",
  packet_filter: "--packet-filter",
};

/** What is wrong with an option is told by the option's name. */
function inWordsOfOptions(fault: Fault): Fault {
  const [, name = "", rest] = /^reading `fixed`[^:]*: (\w+)(: .*)$/s.exec(fault.message) ?? [];
  const option = OPTIONS[name];
  if (option === undefined) return fault;
  return new Fault(fault.code, `reading ${option}${rest}`, {
    ...{ cause: fault, advice: "Correct the option that the message names, and try again." },
  });
}

function defined<Values extends Record<string, unknown>>(values: Values): Partial<Values> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as Partial<Values>;
}

/** Looks for packets until the query has ended; one that is interrupted is stopped. Throws Fault SEARCH_LIMIT for one that failed. */
async function ended(client: Client, options: Filter): Promise<PacketQueryState> {
  const starting = start(client, options);
  using _stopping = stopWhenLeaving(() => stop(client, starting));
  let query = await starting;
  const params = { id: query.id };
  while (!hasEnded(query)) {
    await sleep(POLL);
    query = await client.call(getPacketQuery, { params });
  }
  refuseFailed(query);
  return query;
}

async function stop(client: Client, starting: Promise<PacketQueryState>): Promise<void> {
  const { id } = await starting;
  process.stderr.write(`stopped; what was found until then stays in query ${id}\n`);
  await client.call(stopPacketQuery, { params: { id } });
}

async function write(client: Client, id: string, asked: ExportQuery): Promise<void> {
  const capture = await fetchExport(client, id, asked);
  for await (const chunk of capture) if (!process.stdout.write(chunk)) await once(process.stdout, "drain");
  await tellTaken(client, id, capture.sha256());
}

/** Says what was taken, and what of it was left out. Throws Fault INPUT_UNREADABLE when it is not what the platform sent. */
async function tellTaken(client: Client, id: string, sha256: string): Promise<void> {
  const { exports } = await client.call(getPacketQuery, { params: { id } });
  const taken = exports.find((each) => each.sha256 === sha256);
  if (taken === undefined)
    throw new Fault(
      "INPUT_UNREADABLE",
      `taking packets of query ${id}: what came is not what the platform sent`,
    );
  const { packets = 0, what, bytes: size } = taken;
  process.stderr.write(
    `${safeText(what)}: ${counted(packets, "packet")}, ${bytes(size)}, SHA-256 ${sha256}\n`,
  );
}
