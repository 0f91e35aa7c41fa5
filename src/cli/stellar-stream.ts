/** One expression over a stream of JSON messages, one per line. */
import { createInterface } from "node:readline";
import { Fault } from "../core/fault.ts";
import { messageToJson } from "../core/message.ts";
import { StellarError } from "../stellar/language/error.ts";
import { formatError } from "../stellar/language/report.ts";
import { compile } from "../stellar/run/compile.ts";
import { layered } from "../stellar/run/environment.ts";
import type { Session } from "../stellar/shell/session.ts";
import { toMessage, toText } from "../stellar/values/value.ts";
import { type Shell, visible } from "./stellar-shell.ts";

/**
 * Evaluates for every line of standard input and prints the value, or with `filter` the line itself when the value is
 * true. The session's variables are beneath the message. Lines that fail are named on standard error; then the exit
 * code is 1.
 */
export async function evaluateEach(
  expression: string,
  { session, prepare, json }: Shell,
  options: { readonly filter: boolean },
): Promise<void> {
  await prepare(expression);
  const program = compiled(expression, session);
  const beneath = new Map(Array.from(session.variables, ([name, { value }]) => [name, value]));
  let number = 0;
  for await (const line of createInterface({ input: process.stdin })) {
    number++;
    if (line.trim() === "") continue;
    try {
      const variables = layered(messageOf(line), beneath);
      if (options.filter) {
        if (program.test(variables) === true) process.stdout.write(`${line}\n`);
        continue;
      }
      const value = program.evaluate(variables);
      if (json) process.stdout.write(`${messageToJson(toMessage(value))}\n`);
      else process.stdout.write(`${value === null ? "" : visible(toText(value))}\n`);
    } catch (error) {
      if (!(error instanceof StellarError)) throw error;
      process.exitCode = 1;
      process.stderr.write(`line ${number}: ${visible(error.message)}\n`);
    }
  }
}

function compiled(expression: string, session: Session) {
  try {
    return compile(expression, session.environment);
  } catch (error) {
    if (!(error instanceof StellarError)) throw error;
    throw new Fault("REQUEST_INVALID", `reading the expression:\n${formatError(expression, error)}`, {
      cause: error,
    });
  }
}

function messageOf(line: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new StellarError("this is not a JSON object");
}
