import { readFileSync } from "node:fs";
import { basename, extname } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import {
  checkDocument,
  documentDiff,
  documentHistory,
  getDocument,
  listDocuments,
  publishDocuments,
  rollbackDocument,
  withdrawDocument,
} from "../../api/config.ts";
import { exportMetron } from "../../config/metron/export.ts";
import { importMetron, readMetronFolder } from "../../config/metron/import.ts";
import { readSensor } from "../../config/sensor.ts";
import { Fault } from "../../core/fault.ts";
import { connect } from "../client.ts";
import { type Reach, readInput, wholeNumber, withJson, withReach } from "../options.ts";
import { printJson, printTable } from "../print.ts";

type Name = { kind: "sensor" | "global"; name: string };

export function configCommand(): Command {
  const config = new Command("config").description("read, publish and roll back configuration").addHelpText(
    "after",
    `
Examples:
  metron config publish config/sensors/asa.yaml --note "Score scans higher"
  metron config history sensor/asa
  metron config rollback sensor/asa 3
  metron config import /etc/metron/config/zookeeper --write config/sensors`,
  );
  config.addCommand(
    withJson(withReach(new Command("list")))
      .description("list the documents in force")
      .action(list),
  );
  config.addCommand(
    withReach(new Command("show"))
      .description("print a document")
      .argument("<document>", "sensor/NAME or global", document)
      .option("--version <n>", "an earlier version", wholeNumber)
      .action(show),
  );
  config.addCommand(
    withReach(new Command("check"))
      .description("say what is wrong with documents")
      .argument("<file...>", "YAML files, or - for standard input")
      .action(check),
  );
  config.addCommand(
    withReach(new Command("publish"))
      .description("publish documents: all of them or none")
      .argument("<file...>", "YAML files, or - for standard input")
      .option("--note <text>", "what changes and why", "")
      .action(publish),
  );
  config.addCommand(
    withJson(withReach(new Command("history")))
      .description("list the versions of a document")
      .argument("<document>", "sensor/NAME or global", document)
      .action(history),
  );
  config.addCommand(
    withReach(new Command("diff"))
      .description("show what changed between two versions")
      .argument("<document>", "sensor/NAME or global", document)
      .argument("<from>", "older version; 0 for nothing", wholeNumber)
      .argument("<to>", "newer version", wholeNumber)
      .action(diff),
  );
  config.addCommand(
    withReach(new Command("rollback"))
      .description("publish an earlier version again")
      .argument("<document>", "sensor/NAME or global", document)
      .argument("<version>", "the version to return to", wholeNumber)
      .action(rollback),
  );
  config.addCommand(
    withReach(new Command("remove"))
      .description("withdraw a document; its history stays")
      .argument("<document>", "sensor/NAME", document)
      .action(remove),
  );
  config.addCommand(
    withReach(new Command("import"))
      .description(
        "turn Metron's JSON (a folder with parsers/, enrichments/, indexing/, global.json) into documents",
      )
      .argument("<folder>", "folder of a ZooKeeper dump")
      .option("--write <folder>", "write YAML files there instead of publishing")
      .action(importFolder),
  );
  config.addCommand(
    withReach(new Command("export"))
      .description("print a sensor as Metron's JSON")
      .argument("<document>", "sensor/NAME", document)
      .action(exportSensor),
  );
  return config;
}

async function list(options: Reach & { json?: true }): Promise<void> {
  const { documents } = await (await connect(options)).call(listDocuments);
  if (options.json) return documents.forEach(printJson);
  printTable(
    ["document", "version", "published", "by", "note"],
    documents.map((entry) => [
      `${entry.kind}/${entry.name}`,
      entry.version,
      new Date(entry.at).toISOString(),
      entry.author,
      entry.note,
    ]),
  );
}

async function show(params: Name, options: Reach & { version?: number }): Promise<void> {
  const client = await connect(options);
  const { text } = await client.call(getDocument, { params, query: { version: options.version } });
  process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
}

async function check(files: string[], options: Reach): Promise<void> {
  const client = await connect(options);
  for (const file of files) {
    const body = await readDocument(file);
    const { diagnostics } = await client.call(checkDocument, { body });
    for (const mistake of diagnostics)
      process.stdout.write(
        `${file}:${mistake.line}:${mistake.column}: ${mistake.severity}: ${mistake.path ? `${mistake.path}: ` : ""}${mistake.message}\n`,
      );
    if (diagnostics.some((mistake) => mistake.severity === "error")) process.exitCode = 1;
    else process.stdout.write(`${file}: may be published\n`);
  }
}

async function publish(files: string[], options: Reach & { note: string }): Promise<void> {
  const documents = await Promise.all(files.map(readDocument));
  const client = await connect(options);
  const answer = await client.call(publishDocuments, { body: { documents, note: options.note } });
  for (const entry of answer.documents)
    process.stdout.write(`${entry.kind}/${entry.name}: version ${entry.version} is in force\n`);
}

async function history(params: Name, options: Reach & { json?: true }): Promise<void> {
  const { versions } = await (await connect(options)).call(documentHistory, { params });
  if (options.json) return versions.forEach(printJson);
  printTable(
    ["version", "published", "by", "note"],
    versions.map((entry) => [
      entry.version,
      new Date(entry.at).toISOString(),
      entry.author,
      entry.withdrawn ? `(withdrawn) ${entry.note}` : entry.note,
    ]),
  );
}

const MARKS = { same: "  ", added: "+ ", removed: "- " } as const;

async function diff(params: Name, from: number, to: number, options: Reach): Promise<void> {
  const { lines } = await (await connect(options)).call(documentDiff, { params, query: { from, to } });
  process.stdout.write(lines.map(({ change, text }) => `${MARKS[change]}${text}\n`).join(""));
}

async function rollback(params: Name, version: number, options: Reach): Promise<void> {
  const head = await (await connect(options)).call(rollbackDocument, { params, body: { version } });
  process.stdout.write(
    `${head.kind}/${head.name}: version ${head.version} (the text of version ${version}) is in force\n`,
  );
}

async function remove(params: Name, options: Reach): Promise<void> {
  await (await connect(options)).call(withdrawDocument, { params });
  process.stdout.write(`${params.kind}/${params.name}: withdrawn\n`);
}

async function importFolder(folder: string, options: Reach & { write?: string }): Promise<void> {
  const { documents, notes } = importMetron(await readMetronFolder(folder));
  for (const note of notes) process.stderr.write(`note: ${note}\n`);
  if (options.write !== undefined) {
    const { mkdir, writeFile } = await import("node:fs/promises");
    await mkdir(options.write, { recursive: true });
    for (const { name, text } of documents) await writeFile(`${options.write}/${name}.yaml`, text);
    process.stdout.write(`${documents.length} documents written to ${options.write}\n`);
    return;
  }
  const client = await connect(options);
  const answer = await client.call(publishDocuments, {
    body: { documents: [...documents], note: `Imported from ${basename(folder)}.` },
  });
  for (const entry of answer.documents)
    process.stdout.write(`${entry.kind}/${entry.name}: version ${entry.version} is in force\n`);
}

async function exportSensor(params: Name, options: Reach): Promise<void> {
  const { text } = await (await connect(options)).call(getDocument, { params, query: {} });
  process.stdout.write(`${JSON.stringify(exportMetron(readSensor(text, params.name).sensor), null, 2)}\n`);
}

function document(text: string): Name {
  if (text === "global") return { kind: "global", name: "global" };
  const match = /^sensor\/(.+)$/.exec(text);
  if (match === null) throw new InvalidArgumentError("expected sensor/NAME or global");
  return { kind: "sensor", name: match[1] as string };
}

/** A file as a document: a sensor document names its sensor, anything else is the global one. */
async function readDocument(file: string): Promise<Name & { text: string }> {
  const text = file === "-" ? await readInput() : readText(file);
  const sensor = /^sensor:\s*["']?([A-Za-z0-9][\w.-]*)/m.exec(text)?.[1];
  if (sensor !== undefined) return { kind: "sensor", name: sensor, text };
  if (
    file === "-" ||
    basename(file, extname(file)) === "metron" ||
    basename(file, extname(file)) === "global"
  )
    return { kind: "global", name: "global", text };
  throw new Fault(
    "CONFIG_INVALID",
    `${file}:1:1: expected \`sensor: NAME\` (a sensor document), or a file called metron.yaml (the global one)`,
  );
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new Fault("INPUT_UNREADABLE", `reading ${file}: ${(cause as Error).message}`, { cause });
  }
}
