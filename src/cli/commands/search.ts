import { Command, InvalidArgumentError, Option } from "commander";
import { listFields, type PartialAnswer, searchMessages } from "../../api/search.ts";
import { Fault } from "../../core/fault.ts";
import { FieldNames } from "../../query/fields.ts";
import { type Client, connect } from "../client.ts";
import { marked } from "../mark.ts";
import { duration, moment, type Reach, wholeNumber, withJson, withReach } from "../options.ts";
import { count, counted, printJson, printTable, safeText, timeText } from "../print.ts";
import { tellPartial } from "../tell-partial.ts";

type Options = Reach & {
  json?: true;
  last?: number;
  from?: number;
  to?: number;
  sensor?: string[];
  limit: number;
  sort: string;
  fields?: readonly string[];
};

type NamedFields = {
  readonly wanted: readonly string[];
  readonly unknown: Map<string, string | undefined>;
};

const PAGE = 1000;
const COLUMNS = [
  "timestamp",
  "source.type",
  "threat.triage.score",
  "ip_src_addr",
  "ip_dst_addr",
  "protocol",
  "original_string",
];

const ERROR_COLUMNS = ["timestamp", "failed_sensor_type", "error_type", "message", "raw_message"];

export function searchCommand(): Command {
  const command = new Command("search")
    .argument("[query]", "query in Lucene's syntax (docs/guide/search.md); all messages when left out", "")
    .addOption(
      new Option("--last <span>", "only this far back from now, e.g. 24h")
        .argParser(duration)
        .conflicts("from"),
    )
    .option("--from <time>", "only from this time on", moment)
    .option("--to <time>", "only before this time", moment)
    .option("--sensor <name...>", "only messages of these sensors")
    .option("--limit <n>", "at most this many messages", wholeNumber, 50)
    .option("--sort <field>", "sort by this field, `-` in front for descending", "-timestamp")
    .option("--fields <list>", "only these fields, separated by commas", fieldList)
    .addHelpText(
      "after",
      `
Examples:
  metron search 'ip_dst_addr:10.0.0.5 AND threat.triage.score:>50' --last 24h --json
  metron search 'is_alert:true AND NOT source.type:snort' --sort -threat.triage.score --limit 20
  metron search 'ip_src_addr:10.10.0.0/16 AND _exists_:server_name' --fields ip_src_addr,server_name --json | jq -r .server_name`,
    );
  return withJson(withReach(command)).action((query: string, options: Options) =>
    search(query, options).catch((error: unknown) => {
      throw error instanceof Fault && error.code === "QUERY_INVALID" ? marked(query, error) : error;
    }),
  );
}

async function search(query: string, options: Options): Promise<void> {
  const client = await connect(options);
  const from = options.last === undefined ? options.from : Date.now() - options.last;
  const columns = options.sensor?.every((sensor) => sensor === "error") ? ERROR_COLUMNS : COLUMNS;
  if (from !== undefined && options.to !== undefined && from >= options.to)
    throw new Fault(
      "REQUEST_INVALID",
      "searching: the end (--to) is not after the beginning (--from, --last), so no message can match",
    );
  const named = options.fields === undefined ? undefined : await namedFields(client, options.fields);
  const wanted = named?.wanted ?? (options.json ? undefined : columns);
  const descending = options.sort.startsWith("-");
  const rows: Record<string, unknown>[] = [];
  let cursor: string | undefined;
  let total: number | undefined;
  let partial: PartialAnswer | undefined;
  let left = options.limit;
  do {
    const page = await client.call(searchMessages, {
      body: {
        query,
        ...(from === undefined ? {} : { from }),
        ...(options.to === undefined ? {} : { to: options.to }),
        ...(options.sensor === undefined ? {} : { sensors: options.sensor }),
        sort: [{ field: options.sort.replace(/^-/, ""), order: descending ? "desc" : "asc" }],
        size: Math.min(left, PAGE),
        ...(cursor === undefined ? {} : { cursor }),
        ...(wanted === undefined ? {} : { fields: [...wanted] }),
        total: total === undefined,
      },
    });
    total ??= page.total ?? 0;
    for (const hint of page.hints) tellHint(hint);
    partial = page.partial ?? partial;
    left -= page.hits.length;
    // With very many fields the platform does not know all of their names.
    for (const hit of page.hits) for (const name of Object.keys(hit)) named?.unknown.delete(name);
    cursor = page.hits.length === 0 ? undefined : page.cursor;
    if (options.json) for (const hit of page.hits) printJson(hit);
    else rows.push(...page.hits);
  } while (left > 0 && cursor !== undefined);
  if (named !== undefined && total > 0) tellEmpty(named.unknown);
  if (options.json) return tellPartial(partial, options);
  const shown = wanted ?? columns;
  printTable(
    shown,
    rows.map((row) =>
      shown.map((column) => (column === "timestamp" ? timeText(row[column]) : shorten(row[column]))),
    ),
  );
  tellPartial(partial, options);
  process.stderr.write(`${count(rows.length)} of ${counted(total ?? rows.length, "message")}\n`);
}

function fieldList(text: string): readonly string[] {
  const names = new Set(text.split(",").map((name) => name.trim()));
  names.delete("");
  if (names.size === 0) throw new InvalidArgumentError("expected names of fields, separated by commas");
  return [...names];
}

/** The fields of a list as messages call them, and those that no message is known to have with the nearest one. */
async function namedFields(client: Client, written: readonly string[]): Promise<NamedFields> {
  const { fields } = await client.call(listFields);
  const names = new FieldNames(fields.map(({ name }) => name));
  const unknown = written.filter((name) => names.resolve(name) === undefined);
  return {
    wanted: written.map((name) => names.resolve(name) ?? name),
    unknown: new Map(unknown.map((name) => [name, names.near(name)[0]])),
  };
}

/** Tells of fields whose columns stay empty; they may be misspelt. */
function tellEmpty(unknown: NamedFields["unknown"]): void {
  for (const [name, nearest] of unknown) {
    const better = nearest === undefined ? "" : `; the nearest one is ${nearest}`;
    tellHint({ text: `None of these messages has a field ${name}${better}.` });
  }
}

/** Beside the answer, and apart from it: what is read by programs goes to standard output. */
function tellHint({ text, query }: { text: string; query?: string | undefined }): void {
  const better = query === undefined ? "" : `\n  try: ${safeText(query)}`;
  process.stderr.write(`hint: ${safeText(text)}${better}\n`);
}

const WIDEST = 80;

function shorten(value: unknown): unknown {
  return typeof value === "string" && value.length > WIDEST ? `${value.slice(0, WIDEST - 1)}…` : value;
}
