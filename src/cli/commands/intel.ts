import { createReadStream } from "node:fs";
import { access } from "node:fs/promises";
import { Command } from "commander";
import { listIntel, loadIntel } from "../../api/intel.ts";
import { Fault } from "../../core/fault.ts";
import { connect } from "../client.ts";
import { examples, type Reach, withJson, withReach } from "../options.ts";
import { counted, printJson, printTable } from "../print.ts";

type LoadOptions = Reach & { json?: true; type: string; column: string; replace?: true };

export function intelCommand(): Command {
  const intel = new Command("intel").description("load and list threat intelligence").addHelpText(
    "after",
    `
Examples:
  metron intel load feed.csv --type malicious_ip --column ip
  curl -s https://feed.example/list.csv | metron intel load - --type malicious_domain
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
      .option("--replace", "remove the indicators of this type that the file does not hold")
      .action(load),
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
    query: { column: options.column, replace: options.replace === true ? "true" : "false" },
    stream: file === "-" ? process.stdin : createReadStream(file),
    headers: { "content-type": "text/csv", ...(file.endsWith(".gz") ? { "content-encoding": "gzip" } : {}) },
  });
  if (options.json) return printJson(answer);
  process.stdout.write(
    `${counted(answer.loaded, "indicator")} of type ${options.type} loaded, ${counted(answer.rejectedCount, "line")} left out\n`,
  );
  for (const { line, reason } of answer.rejected.slice(0, 10))
    process.stderr.write(`${file}:${line}: ${reason}\n`);
}
