import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, extname, join } from "node:path";
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
import type { Diagnostic } from "../../api/problem.ts";
import type { Kind } from "../../config/kinds.ts";
import { Fault } from "../../core/fault.ts";
import { type Client, connect } from "../client.ts";
import { examples, type Reach, readInput, wholeNumber, withJson, withReach } from "../options.ts";
import { printJson, printTable } from "../print.ts";

type Name = { kind: Kind; name: string };
type Json = { json?: true };

export function configCommand(): Command {
  const config = new Command("config").addHelpText(
    "after",
    examples(
      'metron config publish config/sensors/asa.yaml --note "Score scans higher"',
      "metron config history sensor/asa",
      "metron config rollback sensor/asa 3",
      "metron config import /etc/metron/config/zookeeper --write config/sensors",
    ),
  );
  const add = (name: string, about: string, ...calls: string[]): Command => {
    const command = withJson(withReach(new Command(name)))
      .description(about)
      .addHelpText("after", examples(...calls.map((call) => `metron config ${call}`)));
    config.addCommand(command);
    return command;
  };
  const DOCUMENT = "sensor/NAME, functions/NAME, profiles or global";
  add("list", "list the documents in force", "list", "list --json | jq -r .name").action(list);
  add("show", "print a document", "show sensor/asa", "show global --version 2")
    .argument("<document>", DOCUMENT, document)
    .option("--version <n>", "an earlier version", wholeNumber)
    .action(show);
  add(
    "draft",
    "print a document to begin a new sensor with",
    "draft firewall --parser keyValue > firewall.yaml",
  )
    .argument("<sensor>", "name of the new sensor")
    .requiredOption("--parser <name>", "what reads its records; see docs/reference/parsers.md")
    .action(draft);
  add("check", "check documents and show their mistakes", "check config/sensors/*.yaml", "check -")
    .argument("<file...>", FILES)
    .action(check);
  add(
    "publish",
    "publish documents, all of them or none; they take effect at the next batch",
    "publish asa.yaml bro.yaml --note 'Score scans higher'",
    "publish ours.stellar",
  )
    .argument("<file...>", FILES)
    .option("--note <text>", "what changes and why", "")
    .action(publish);
  add("history", "list the versions of a document", "history sensor/asa")
    .argument("<document>", DOCUMENT, document)
    .action(history);
  add("diff", "show what changed between two versions", "diff sensor/asa 1 2", "diff sensor/asa 0 1")
    .argument("<document>", DOCUMENT, document)
    .argument("<from>", "older version; 0 for nothing", wholeNumber)
    .argument("<to>", "newer version", wholeNumber)
    .action(diff);
  add("rollback", "publish an earlier version again", "rollback sensor/asa 3")
    .argument("<document>", DOCUMENT, document)
    .argument("<version>", "the version to return to", wholeNumber)
    .action(rollback);
  add("remove", "withdraw a document; its history stays", "remove sensor/asa")
    .alias("withdraw")
    .argument("<document>", DOCUMENT, document)
    .action(remove);
  add(
    "import",
    "turn Metron's JSON (a folder with parsers/, enrichments/, indexing/, global.json, profiler.json) into documents",
    "import /etc/metron/config/zookeeper",
    "import zookeeper --write config/sensors",
  )
    .argument("<folder>", "folder of a ZooKeeper dump")
    .option("--write <folder>", "write YAML files there instead of publishing")
    .action(importFolder);
  add(
    "export",
    "print a sensor as Metron's JSON, or write all documents as Metron's folder",
    "export sensor/asa",
    "export --write zookeeper",
  )
    .argument("[document]", "sensor/NAME, profiles or global; all when left out", document)
    .option(
      "--write <folder>",
      "write parsers/, enrichments/, indexing/, global.json and profiler.json there",
    )
    .action(exportDocuments);
  return config;
}

const FILES = "YAML files, *.stellar files of functions, or - for standard input";

async function list(options: Reach & { json?: true }): Promise<void> {
  const { documents } = await (await connect(options)).call(listDocuments);
  if (options.json) return documents.forEach(printJson);
  printTable(
    ["document", "version", "published", "by", "note"],
    documents.map((entry) => [
      titleOf(entry),
      entry.version,
      new Date(entry.at).toISOString(),
      entry.author,
      entry.note,
    ]),
  );
}

async function draft(sensor: string, options: Json & { parser: string }): Promise<void> {
  const { draftSensor } = await import("../../config/draft.ts");
  const { builtIn } = await import("../../config/components.ts");
  const text = draftSensor(sensor, options.parser, builtIn);
  if (options.json) printJson({ text });
  else process.stdout.write(text);
}

async function show(params: Name, options: Reach & Json & { version?: number }): Promise<void> {
  const client = await connect(options);
  const found = await client.call(getDocument, { params, query: { version: options.version } });
  if (options.json) return printJson(found);
  process.stdout.write(found.text.endsWith("\n") ? found.text : `${found.text}\n`);
}

async function check(files: string[], options: Reach & Json): Promise<void> {
  const client = await connect(options);
  for (const file of files) {
    const diagnostics = await checkFile(file, client);
    if (diagnostics.some((mistake) => mistake.severity === "error")) process.exitCode = 1;
    if (options.json) {
      printJson({ file, diagnostics });
      continue;
    }
    for (const { line, column, severity, path, message, suggestion } of diagnostics) {
      const where = path === undefined || path === "" ? "" : `${path}: `;
      const hint = suggestion === undefined ? "" : `; ${suggestion}`;
      process.stdout.write(`${file}:${line}:${column}: ${severity}: ${where}${message}${hint}\n`);
    }
    if (!diagnostics.some((mistake) => mistake.severity === "error"))
      process.stdout.write(`${file}: may be published\n`);
  }
}

const PLACED = /^:(\d+):(\d+): (.*)$/s;

/** What the platform says of a file, or why it is no document: the files after it are checked all the same. */
async function checkFile(file: string, client: Client): Promise<readonly Diagnostic[]> {
  let body: Awaited<ReturnType<typeof readDocument>>;
  try {
    body = await readDocument(file);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const [, line = 1, column = 1, message = error.message] =
      PLACED.exec(error.message.replace(file, "")) ?? [];
    return [{ line: Number(line), column: Number(column), length: 0, path: "", message, severity: "error" }];
  }
  return (await client.call(checkDocument, { body })).diagnostics;
}

async function publish(files: string[], options: Reach & Json & { note: string }): Promise<void> {
  const read = await Promise.allSettled(files.map(readDocument));
  throwReasons(read.filter((each) => each.status === "rejected").map(({ reason }) => reason as unknown));
  const documents = read.filter((each) => each.status === "fulfilled").map(({ value }) => value);
  const client = await connect(options);
  await publishAll(client, documents, options, (message) =>
    // The server knows documents by name; who publishes files wants to hear of files.
    files.reduce((text, file, index) => {
      const { kind, name } = documents[index] as Name;
      const known = titleOf({ kind, name });
      return text.replaceAll(new RegExp(`^${known.replaceAll(".", "\\.")}:(?=\\d+:\\d+:)`, "gm"), `${file}:`);
    }, message),
  );
}

/** Tells of all files that cannot be read as documents, not of the first alone. */
function throwReasons(reasons: readonly unknown[]): void {
  const [first] = reasons;
  if (first === undefined) return;
  if (reasons.length === 1 || !(first instanceof Fault)) throw first;
  throw new Fault(first.code, reasons.map((reason) => (reason as Error).message).join("\n"), {
    cause: first,
  });
}

async function publishAll(
  client: Client,
  documents: readonly (Name & { text: string })[],
  options: Json & { note: string },
  named: (message: string) => string = (message) => message,
): Promise<void> {
  try {
    const answer = await client.call(publishDocuments, {
      body: { documents: [...documents], note: options.note },
    });
    for (const entry of answer.documents) {
      if (options.json) printJson(entry);
      else process.stdout.write(`${titleOf(entry)}: version ${entry.version} is in force\n`);
    }
    for (const { document, line, column, path, message } of answer.warnings ?? [])
      process.stderr.write(
        `${named(`${document}:${line}:${column}: `)}warning: ${path ? `${path}: ` : ""}${message}\n`,
      );
    for (const { process: name, reason } of answer.notInForce ?? [])
      process.stderr.write(`warning: not in force in ${name}: ${reason}\n`);
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== "CONFIG_INVALID") throw error;
    throw new Fault(error.code, named(error.message), { cause: error });
  }
}

/** Of some kinds there is one document, which is called as its kind. */
const titleOf = ({ kind, name }: Name): string => (kind === name ? kind : `${kind}/${name}`);

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

async function diff(params: Name, from: number, to: number, options: Reach & Json): Promise<void> {
  const { lines } = await (await connect(options)).call(documentDiff, { params, query: { from, to } });
  if (options.json) return lines.forEach(printJson);
  process.stdout.write(lines.map(({ change, text }) => `${MARKS[change]}${text}\n`).join(""));
}

async function rollback(params: Name, version: number, options: Reach & Json): Promise<void> {
  const head = await (await connect(options)).call(rollbackDocument, { params, body: { version } });
  if (options.json) return printJson(head);
  process.stdout.write(
    `${titleOf(head)}: version ${head.version} (the text of version ${version}) is in force\n`,
  );
}

async function remove(params: Name, options: Reach & Json): Promise<void> {
  const answer = await (await connect(options)).call(withdrawDocument, { params });
  if (options.json) return printJson({ ...params, ...answer });
  process.stdout.write(`${titleOf(params)}: withdrawn\n`);
}

async function importFolder(folder: string, options: Reach & Json & { write?: string }): Promise<void> {
  const { importMetron, mergeGlobal, mergeSensor, readMetronFolder } = await import(
    "../../config/metron/import.ts"
  );
  const { documents, notes } = importMetron(readMetronFolder(folder));
  for (const note of notes) process.stderr.write(`note: ${note}\n`);
  if (options.write !== undefined) {
    mkdirSync(options.write, { recursive: true });
    for (const { kind, name, text } of documents)
      writeFileSync(join(options.write, `${kind === "global" ? "metron" : name}.yaml`), text);
    if (options.json) printJson({ documents: documents.length, folder: options.write });
    else process.stdout.write(`${documents.length} documents written to ${options.write}\n`);
    return;
  }
  const client = await connect(options);
  const inForce = new Set((await client.call(listDocuments)).documents.map(titleOf));
  const merged = await Promise.all(
    documents.map(async ({ kind, name, text }) => {
      if (!inForce.has(titleOf({ kind, name }))) return { kind, name, text };
      const current = await client.call(getDocument, { params: { kind, name }, query: {} });
      if (kind === "profiles") return { kind, name, text };
      const merge = kind === "global" ? mergeGlobal : mergeSensor;
      return { kind, name, text: merge(current.text, text) };
    }),
  );
  await publishAll(client, merged, { ...options, note: `Imported from ${basename(folder)}.` });
}

async function exportDocuments(
  params: Name | undefined,
  options: Reach & Json & { write?: string },
): Promise<void> {
  const { exportGlobal, exportMetron, leftOut } = await import("../../config/metron/export.ts");
  const { readSensor } = await import("../../config/sensor.ts");
  const { readGlobal } = await import("../../config/global.ts");
  const { exportProfiler } = await import("../../config/metron/export-profiler.ts");
  const { readProfiles } = await import("../../config/profiles.ts");
  const client = await connect(options);
  const read = async (name: Name) => (await client.call(getDocument, { params: name, query: {} })).text;
  if (params !== undefined) {
    const text = await read(params);
    if (params.kind === "functions")
      throw new Fault("REQUEST_INVALID", "exporting functions: Metron has no document for them");

    const json =
      params.kind === "global"
        ? exportGlobal(readGlobal(text, "global"))
        : params.kind === "profiles"
          ? exportProfiler(readProfiles(text).profiles).profiler
          : exportMetron(readSensor(text, params.name).sensor);
    process.stdout.write(options.json ? `${JSON.stringify(json)}\n` : `${JSON.stringify(json, null, 2)}\n`);
    return;
  }
  const folder = options.write;
  if (folder === undefined)
    throw new Fault(
      "REQUEST_INVALID",
      "exporting everything: name a folder with --write FOLDER, or name one document",
    );
  const write = (path: string, json: object) =>
    writeFileSync(join(folder, path), `${JSON.stringify(json, null, 2)}\n`);
  for (const kind of ["parsers", "enrichments", "indexing"])
    mkdirSync(join(folder, kind), { recursive: true });
  const { documents } = await client.call(listDocuments);
  for (const { kind, name } of documents) {
    if (kind === "functions") continue;
    const text = await read({ kind, name });
    if (kind === "global") {
      write("global.json", exportGlobal(readGlobal(text, "global")));
      continue;
    }
    if (kind === "profiles") {
      const { profiler, properties } = exportProfiler(readProfiles(text).profiles);
      write("profiler.json", profiler);
      writeFileSync(join(folder, "profiler.properties"), properties);
      continue;
    }
    const { sensor } = readSensor(text, name);
    for (const note of leftOut(sensor)) process.stderr.write(`note: ${note}\n`);
    const { parser, enrichment, indexing } = exportMetron(sensor);
    write(`parsers/${name}.json`, parser);
    write(`enrichments/${name}.json`, enrichment);
    write(`indexing/${name}.json`, indexing);
  }
  if (options.json) printJson({ documents: documents.length, folder });
  else process.stdout.write(`${documents.length} documents written to ${folder}\n`);
}

function document(text: string): Name {
  if (text === "global" || text === "profiles") return { kind: text, name: text };
  const match = /^(sensor|functions)\/(.+)$/.exec(text);
  if (match === null)
    throw new InvalidArgumentError("expected sensor/NAME, functions/NAME, profiles or global");
  return { kind: match[1] as Name["kind"], name: match[2] as string };
}

/**
 * A file as a document: a sensor document names its sensor, that of profiles lists them, *.stellar holds functions, metron.yaml is the
 * global one.
 */
async function readDocument(file: string): Promise<Name & { text: string }> {
  const text = file === "-" ? await readInput() : readText(file);
  if (extname(file) === ".stellar") return { kind: "functions", name: basename(file, ".stellar"), text };
  const sensor = /^sensor:\s*["']?([A-Za-z0-9][\w.-]*)/m.exec(text)?.[1];
  if (sensor !== undefined) return { kind: "sensor", name: sensor, text };
  if (/^profiles:/m.test(text)) return { kind: "profiles", name: "profiles", text };
  if (["-", "metron", "global"].includes(basename(file, extname(file))))
    return { kind: "global", name: "global", text };
  const { firstGlobalKey } = await import("../../config/global.ts");
  const found = firstGlobalKey(text);
  throw new Fault(
    "CONFIG_INVALID",
    found === undefined
      ? `${file}:1:1: expected \`sensor: NAME\` (a sensor document), \`profiles:\` (that of profiles), or a file called metron.yaml (the global one)`
      : `${file}:${found.line}:${found.column}: \`${found.key}\` is of the global document, whose file is called metron.yaml: rename it; a sensor document has a line \`sensor: NAME\``,
  );
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new Fault("INPUT_UNREADABLE", `reading ${file}: ${(cause as Error).message}`, { cause });
  }
}
