import { readFileSync } from "node:fs";
import { listFields } from "../api/search.ts";
import { makeContext } from "../core/context.ts";
import { Fault } from "../core/fault.ts";
import { openShellPlatform, type ShellPlatform } from "../platform/services/shell.ts";
import { Session } from "../stellar/shell/session.ts";
import { addressOf, connect, dataFolder } from "./client.ts";
import { consoleLog } from "./log.ts";
import type { Reach } from "./options.ts";
import { editText, type Field, runScript, runStatements, runTerminal, type Shell } from "./stellar-shell.ts";
import { evaluateEach } from "./stellar-stream.ts";

export type StellarOptions = Reach & {
  json?: true;
  expression?: string[];
  each?: true;
  filter?: true;
  variables?: string;
  functions?: string[];
  secretsFrom?: string[];
};

/** What `metron stellar` does. */
export async function runStellar(script: string | undefined, options: StellarOptions): Promise<void> {
  const variables = options.variables === undefined ? {} : readVariables(options.variables);
  const url = await platformUrl(options);
  await using platform = await openShellPlatform({
    data: dataFolder(options),
    url,
    functions: options.functions ?? [],
    secretsFrom: options.secretsFrom,
    context: makeContext({ log: await consoleLog(false) }),
    globals: () => session.globals,
  });
  const session: Session = openSession(platform, variables);
  const shell: Shell = { session, prepare: platform.prepare, json: options.json === true };
  if (options.each === true) {
    const [expression, ...more] = options.expression ?? [];
    if (expression === undefined || more.length > 0 || script !== undefined) {
      throw new Fault("REQUEST_INVALID", "--each takes exactly one expression, given by -e");
    }
    await evaluateEach(expression, shell, { filter: options.filter === true });
  } else if (options.expression !== undefined) {
    await runStatements(options.expression, shell);
  } else if (script !== undefined) {
    await runScript(readText(script), shell);
  } else if (process.stdin.isTTY) {
    await runTerminal(shell, url, fieldsOf(options, url));
  } else {
    await runScript(readFileSync(0, "utf8"), shell);
  }
}

/** The fields of the platform's messages; none when it does not answer, as completion is no reason to fail. */
async function fieldsOf(options: Reach, url: string | undefined): Promise<readonly Field[]> {
  if (url === undefined) return [];
  try {
    const { fields } = await (await connect(options)).call(listFields);
    return fields.map(({ name, type, about }) => [name, about || type]);
  } catch {
    return [];
  }
}

function openSession(platform: ShellPlatform, variables: Readonly<Record<string, unknown>>): Session {
  const { registry, services, global } = platform;
  return new Session({ registry, services, variables, globals: global.global, edit: editText });
}

function readVariables(path: string): Readonly<Record<string, unknown>> {
  const text = readText(path);
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  } catch (error) {
    throw new Fault("INPUT_UNREADABLE", `reading variables of ${path}: it is not JSON`, { cause: error });
  }
  throw new Fault("INPUT_UNREADABLE", `reading variables of ${path}: it is not a JSON object`);
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new Fault("INPUT_UNREADABLE", `reading ${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** Where the platform is that the shell works over; undefined when none runs on the data folder. */
async function platformUrl(options: StellarOptions): Promise<string | undefined> {
  if (options.server === undefined && addressOf(dataFolder(options)) === undefined) return undefined;
  try {
    return (await connect(options)).url;
  } catch (error) {
    // A platform that is named must answer; one whose address is merely left over need not.
    const isLeftOver = options.server === undefined && error instanceof Fault;
    if (isLeftOver && error.code === "SERVER_UNREACHABLE") return undefined;
    throw error;
  }
}
