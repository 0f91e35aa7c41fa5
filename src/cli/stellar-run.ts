import { readFileSync } from "node:fs";
import { getDocument } from "../api/config.ts";
import { readGlobal } from "../config/global.ts";
import { Fault } from "../core/fault.ts";
import { StellarError } from "../stellar/error.ts";
import { buildRegistry, type Registry } from "../stellar/function.ts";
import { functions, standardRegistry } from "../stellar/functions/index.ts";
import { formatError } from "../stellar/report.ts";
import { Session } from "../stellar/shell/session.ts";
import { parseUserFunctions } from "../stellar/user-functions.ts";
import { addressOf, connect } from "./client.ts";
import type { Reach } from "./options.ts";
import { editText, runScript, runStatements, runTerminal } from "./stellar-shell.ts";
import { evaluateEach } from "./stellar-stream.ts";

export type StellarOptions = Reach & {
  json?: true;
  expression?: string[];
  each?: true;
  filter?: true;
  variables?: string;
  functions?: string[];
};

/** What `metron stellar` does. */
export async function runStellar(script: string | undefined, options: StellarOptions): Promise<void> {
  const registry = (options.functions ?? []).reduce(withFunctionsOf, standardRegistry);
  const variables = options.variables === undefined ? {} : readVariables(options.variables);
  const session = new Session({ registry, variables, globals: await globalsOf(options), edit: editText });
  const json = options.json === true;
  if (options.each === true) {
    const [expression, ...more] = options.expression ?? [];
    if (expression === undefined || more.length > 0 || script !== undefined) {
      throw new Fault("REQUEST_INVALID", "--each takes exactly one expression, given by -e");
    }
    await evaluateEach(expression, session, { json, filter: options.filter === true });
  } else if (options.expression !== undefined) {
    runStatements(options.expression, session, json);
  } else if (script !== undefined) {
    runScript(readText(script), session, json);
  } else if (process.stdin.isTTY) {
    await runTerminal(session);
  } else {
    runScript(readFileSync(0, "utf8"), session, json);
  }
}

/** Adds the functions of a file; a mistake in it names the place. */
function withFunctionsOf(registry: Registry, path: string): Registry {
  const text = readText(path);
  try {
    const known =
      registry === standardRegistry ? functions : registry.names.flatMap((name) => registry.get(name) ?? []);
    return buildRegistry(known, parseUserFunctions(text, registry));
  } catch (error) {
    if (!(error instanceof StellarError)) throw error;
    throw new Fault("CONFIG_INVALID", `reading functions of ${path}:\n${formatError(text, error)}`, {
      cause: error,
    });
  }
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

/** The free keys of the platform's global document; none without a platform or a document. */
async function globalsOf(options: StellarOptions): Promise<Readonly<Record<string, unknown>>> {
  if (options.server === undefined && addressOf(options.data) === undefined) return {};
  try {
    const client = await connect(options);
    const { text } = await client.call(getDocument, { params: { kind: "global", name: "global" } });
    return readGlobal(text, "global").global;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    // A platform that is named must answer; one whose address is merely left over need not.
    if (error.code === "NOT_FOUND" || error.code === "CONFIG_NOT_FOUND") return {};
    if (options.server === undefined && error.code === "SERVER_UNREACHABLE") return {};
    throw error;
  }
}
