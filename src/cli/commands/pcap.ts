import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Command, Option } from "commander";
import { addressOf } from "../../api/client.ts";
import { exportPackets, listPackets, type PacketRow } from "../../api/packet-reading.ts";
import {
  getPacketQuery,
  type PacketQueryState,
  startPacketQuery,
  stopPacketQuery,
} from "../../api/packets.ts";
import { Fault } from "../../core/fault.ts";
import { type Client, connect } from "../client.ts";
import {
  duration,
  examples,
  moment,
  portNumber,
  type Reach,
  wholeNumber,
  withJson,
  withReach,
} from "../options.ts";
import { pagesOf } from "../pcap-pages.ts";
import { bytes, counted, printJson, printTable, safeText, timeText } from "../print.ts";

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
    .description("find stored packets, look at them, write them to files")
    .addCommand(queryCommand())
    .addCommand(inspectCommand())
    .addCommand(exportCommand());
}

function queryCommand(): Command {
  const command = new Command("query")
    .description("look for packets and write them as pcap: to standard output, or to files")
    .option("--prefix <text>", "write files pcap-data-<text>+NNNN.pcap instead")
    .option("--records-per-file <count>", "packets of a file, with --prefix", wholeNumber, 10_000)
    .addHelpText(
      "after",
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
    .addHelpText("after", examples("metron pcap inspect --last 5m --bpf 'tcp port 443' -n 20"));
  return withJson(withReach(withFilter(command))).action(inspect);
}

function exportCommand(): Command {
  const command = new Command("export")
    .description("write what a query found, or one conversation of it, to standard output")
    .argument("<query>", "the id of the query")
    .addOption(new Option("--format <format>", "the format").choices(["pcapng", "pcap"]).default("pcapng"))
    .option("--stream <number>", "only this conversation of the result", wholeNumber)
    .addOption(
      new Option("--direction <side>", "with --stream: only what this side sent")
        .choices(["both", "client", "server"])
        .default("both"),
    )
    .addHelpText("after", examples("metron pcap export 2c1d… --stream 1 > flow.pcapng"));
  return withReach(command).action(exportResult);
}

/** The options of the original's `pcap_query.sh` under whole words, with its short ones where they have one letter. */
function withFilter(command: Command): Command {
  return command
    .option("--start <time>", "earliest time: ISO 8601 or epoch milliseconds", moment)
    .option("--end <time>", "latest time", moment)
    .option("--last <span>", "packets this far back from now, e.g. 15m", duration)
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
    .option("--limit <count>", "end after so many packets", wholeNumber);
}

async function query(
  options: Filter & Reach & { json?: true; prefix?: string; recordsPerFile: number },
): Promise<void> {
  const client = await connect(options);
  const found = await ended(client, await start(client, options));
  tellProblems(found);
  if (options.prefix === undefined && !options.json) {
    await write(client, found.id, { format: "pcap" });
  } else if (options.prefix !== undefined) {
    const { prefix, recordsPerFile } = options;
    const files = await pagesOf(
      await fetchExport(client, found.id, { format: "pcap" }),
      prefix,
      recordsPerFile,
    );
    if (!options.json) process.stdout.write(`${files.map((file) => `${file}\n`).join("")}`);
  }
  if (options.json) printJson(found);
  else
    process.stderr.write(`${counted(found.packets, "packet")}, ${bytes(found.bytes)}; query ${found.id}\n`);
}

async function inspect(options: Filter & Reach & { json?: true; count: number }): Promise<void> {
  const client = await connect(options);
  const found = await ended(client, await start(client, options));
  tellProblems(found);
  let left = options.count;
  for (let after: number | undefined = 0; after !== undefined && left > 0; ) {
    const size = Math.min(left, PAGE_ROWS);
    const { rows, next }: { rows: PacketRow[]; next?: number | undefined } = await client.call(listPackets, {
      params: { id: found.id },
      query: { after, size },
    });
    if (options.json) for (const row of rows) printJson(row);
    else
      printTable(
        ["number", "time", "source", "destination", "protocol", "bytes", "info"],
        rows.map((row) => [
          row.number,
          timeText(row.time),
          endOf(row.source, row.sourcePort),
          endOf(row.destination, row.destinationPort),
          row.protocol,
          row.length,
          row.info,
        ]),
      );
    left -= rows.length;
    after = next;
  }
  if (found.packets > options.count && !options.json)
    process.stderr.write(`${options.count} of ${counted(found.packets, "packet")}; query ${found.id}\n`);
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
  const client = await connect(reach);
  await write(client, id, { format, direction, ...(stream === undefined ? {} : { stream }) });
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
  return client.call(startPacketQuery, {
    body: {
      ...defined({ from, to: options.end, limit }),
      filter: {
        ...defined({ search, bpf, stellar, message }),
        ...(Object.keys(fixed).length > 0 ? { fixed } : {}),
      },
      ...(Object.keys(payload).length > 0 ? { payload } : {}),
    },
  });
}

function defined<Values extends Record<string, unknown>>(values: Values): Partial<Values> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as Partial<Values>;
}

/** Waits until a query has ended; one that is interrupted from the keyboard is stopped. Throws Fault SEARCH_LIMIT for one that failed. */
async function ended(client: Client, begun: PacketQueryState): Promise<PacketQueryState> {
  const params = { id: begun.id };
  const stop = () => void client.call(stopPacketQuery, { params }).finally(() => process.exit(130));
  process.once("SIGINT", stop);
  let query = begun;
  while (query.state === "waiting" || query.state === "running") {
    await sleep(POLL);
    query = await client.call(getPacketQuery, { params });
  }
  process.off("SIGINT", stop);
  if (query.state === "failed") throw new Fault("SEARCH_LIMIT", `looking for packets: ${query.error}`);
  return query;
}

function tellProblems({ problems, isCut }: PacketQueryState): void {
  for (const problem of problems) process.stderr.write(`${safeText(problem)}\n`);
  if (isCut)
    process.stderr.write("there may be more packets: the limit of packets or of bytes was reached\n");
}

type ExportQuery = { format: "pcapng" | "pcap"; stream?: number; direction?: "both" | "client" | "server" };

async function fetchExport(
  client: Client,
  id: string,
  asked: ExportQuery,
): Promise<AsyncIterable<Uint8Array>> {
  const response = await fetch(client.url + addressOf(exportPackets, { id }, asked));
  if (response.ok && response.body !== null) return response.body;
  const { detail } = (await response.json()) as { detail: string };
  throw new Fault(response.status === 404 ? "NOT_FOUND" : "REQUEST_INVALID", detail);
}

async function write(client: Client, id: string, asked: ExportQuery): Promise<void> {
  for await (const chunk of await fetchExport(client, id, asked))
    if (!process.stdout.write(chunk)) await once(process.stdout, "drain");
}
