import { createReadStream } from "node:fs";
import { access } from "node:fs/promises";
import { Command, Option } from "commander";
import { findIndicators, listIndicators, listIntel, loadIntel, removeIndicator } from "../../api/intel.ts";
import { Fault } from "../../core/fault.ts";
import { messageToJson } from "../../core/message.ts";
import { INDICATOR_MEANINGS } from "../../schema/meaning.ts";
import { connect } from "../client.ts";
import { examples, type Reach, withJson, withReach } from "../options.ts";
import { counted, printJson, printTable, safeText } from "../print.ts";

type LoadOptions = Reach & {
  json?: true;
  type: string;
  column: string;
  separator: string;
  as?: (typeof INDICATOR_MEANINGS)[number];
  replace?: true;
};
type TypeOptions = Reach & { json?: true; type: string };

/** Indicators of a page while exporting. */
const PAGE = 10_000;

export function intelCommand(): Command {
  const intel = new Command("intel").addHelpText(
    "after",
    `
Examples:
  metron intel load feed.csv --type malicious_ip --column ip
  curl -s https://feed.example/list.csv | metron intel load - --type malicious_domain
  metron intel lookup 203.0.113.9
  metron intel remove 203.0.113.9 --type malicious_ip
  metron intel export --type malicious_ip > malicious_ip.csv
  metron intel list`,
  );
  intel.addCommand(
    withJson(withReach(new Command("list")))
      .description("list the indicator lists in force")
      .addHelpText("after", examples("metron intel list", "metron intel list --json"))
      .action(list),
  );
  intel.addCommand(
    withJson(withReach(new Command("load")))
      .description("load indicators from CSV with a header; in force within two seconds")
      .addHelpText(
        "after",
        examples(
          "metron intel load feed.csv --type malicious_ip --column ip",
          "metron intel load feed.csv.gz --type malicious_domain --replace",
        ),
      )
      .argument("<file>", "CSV file (gzip too), or - for standard input")
      .requiredOption("--type <type>", "kind of indicator, such as malicious_ip")
      .option("--column <name>", "the column that holds the indicator", "indicator")
      .option("--separator <sign>", "what separates the columns", ",")
      .addOption(
        new Option(
          "--as <meaning>",
          "what the indicators are; derived from the name of the type when left out",
        ).choices(INDICATOR_MEANINGS),
      )
      .option("--replace", "also remove the indicators of this type that are not in the file")
      .action(load),
  );
  intel.addCommand(
    withJson(withReach(new Command("lookup")))
      .description("show which lists hold a value, in any spelling, and what they say about it")
      .addHelpText(
        "after",
        examples("metron intel lookup 2001:DB8:0:0::9", "metron intel lookup EVIL.example. --json"),
      )
      .argument("<value>", "an address, name, hash or other value")
      .action(lookup),
  );
  intel.addCommand(
    withJson(withReach(new Command("remove")))
      .description("remove one indicator from a list")
      .addHelpText("after", examples("metron intel remove 203.0.113.9 --type malicious_ip"))
      .argument("<value>", "the indicator, in any spelling")
      .requiredOption("--type <type>", "the list")
      .action(remove),
  );
  intel.addCommand(
    withJson(withReach(new Command("export")))
      .description("print a list as CSV that `intel load` can read")
      .addHelpText(
        "after",
        examples(
          "metron intel export --type malicious_ip > malicious_ip.csv",
          "metron intel export --type c2 --json",
        ),
      )
      .requiredOption("--type <type>", "the list")
      .action(exportList),
  );
  return intel;
}

async function list(options: Reach & { json?: true }): Promise<void> {
  const { lists } = await (await connect(options)).call(listIntel);
  if (options.json) return lists.forEach(printJson);
  printTable(
    ["type", "indicators", "updated"],
    lists.map((entry) => [
      entry.type,
      entry.indicators,
      entry.updated === null ? null : new Date(entry.updated).toISOString(),
    ]),
  );
}

async function load(file: string, options: LoadOptions): Promise<void> {
  if (file !== "-") {
    await access(file).catch((cause: Error) => {
      throw new Fault("INPUT_UNREADABLE", `reading ${file}: ${cause.message}`, { cause });
    });
  }
  const client = await connect(options);
  const answer = await client.call(loadIntel, {
    params: { type: options.type },
    query: {
      column: options.column,
      separator: options.separator,
      ...(options.as === undefined ? {} : { as: options.as }),
      replace: options.replace === true ? "true" : "false",
    },
    body: file === "-" ? process.stdin : createReadStream(file),
    headers: { "content-type": "text/csv", ...(file.endsWith(".gz") ? { "content-encoding": "gzip" } : {}) },
  });
  if (options.json) return printJson(answer);
  process.stdout.write(
    `${counted(answer.loaded, "indicator")} of type ${options.type} loaded, ${counted(answer.rejectedCount, "line")} left out\n`,
  );
  for (const { line, reason } of answer.rejected.slice(0, 10))
    process.stderr.write(`${file}:${line}: ${safeText(reason)}\n`);
}

/** Prints the lists that hold a value; exits with 1 when none does, so that a script can ask. */
async function lookup(value: string, options: Reach & { json?: true }): Promise<void> {
  const { found } = await (await connect(options)).call(findIndicators, { query: { value } });
  if (found.length === 0) process.exitCode = 1;
  if (options.json) return found.forEach(printJson);
  if (found.length === 0) return void process.stderr.write(`no list holds ${safeText(value)}\n`);
  printTable(
    ["type", "indicator", "columns"],
    found.map(({ type, indicator, columns }) => [type, indicator, columns]),
  );
}

async function remove(value: string, options: TypeOptions): Promise<void> {
  const client = await connect(options);
  const answer = await client.call(removeIndicator, { params: { type: options.type }, query: { value } });
  if (options.json) return printJson(answer);
  process.stdout.write(`${safeText(value)} removed from ${options.type}\n`);
}

async function exportList({ json, type, ...reach }: TypeOptions): Promise<void> {
  const client = await connect(reach);
  let names: string[] | undefined;
  for (let after: string | undefined; ; ) {
    const query = { size: PAGE, ...(after === undefined ? {} : { after }) };
    const { indicators } = await client.call(listIndicators, { params: { type }, query });
    const lines = indicators.map(({ indicator, columns }) => {
      if (json) return messageToJson({ indicator, ...columns });
      names ??= ["indicator", ...Object.keys(columns).filter((name) => name !== "indicator")];
      return names.map((name) => csvCell(name === "indicator" ? indicator : columns[name])).join(",");
    });
    const header = after === undefined && names !== undefined ? [names.map(csvCell).join(",")] : [];
    if (lines.length > 0) await written(`${[...header, ...lines].join("\n")}\n`);
    if (indicators.length < PAGE) return;
    after = indicators.at(-1)?.indicator;
  }
}

/** A cell of CSV as in RFC 4180. */
function csvCell(value: unknown): string {
  const text =
    value === undefined || value === null
      ? ""
      : typeof value === "object"
        ? messageToJson(value)
        : String(value);
  // Within quotes the loader takes a backslash for an escape.
  return /[",\r\n]/.test(text) ? `"${text.replaceAll("\\", "\\\\").replaceAll('"', '""')}"` : text;
}

/** Writes to standard output as fast as its reader takes it. One that has left is dealt with for all commands (`main.ts`). */
function written(text: string): Promise<void> {
  return new Promise((resolve, reject) =>
    process.stdout.write(text, (error) => {
      if (error && (error as NodeJS.ErrnoException).code !== "EPIPE") reject(error);
      else resolve();
    }),
  );
}
