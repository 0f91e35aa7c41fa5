/** The Stellar shell on a terminal and over scripts. */
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { messageToJson } from "../core/message.ts";
import { complete, functionLines } from "../stellar/editor/completion.ts";
import type { Answer } from "../stellar/shell/answer.ts";
import { MAGICS } from "../stellar/shell/magics.ts";
import { describeType, renderValue } from "../stellar/shell/render.ts";
import type { Session } from "../stellar/shell/session.ts";
import { isIncomplete, statementsIn } from "../stellar/shell/statement.ts";
import { toMessage, typeName } from "../stellar/values/value.ts";

const PROMPT = "[Stellar]>>> ";
const CONTINUED = "         ... ";
const HISTORY = join(homedir(), ".metron_stellar_history");
const HISTORY_LINES = 1000;

/** The name of a field of stored messages, and a word on it. */
export type Field = readonly [name: string, detail: string];

/** A session, and what must be done before a statement is run in it. */
export type Shell = {
  readonly session: Session;
  readonly prepare: (statement: string) => Promise<void>;
  readonly json: boolean;
};

/** Runs statements one after the other, printing each answer; the exit code is 1 when one failed. */
export async function runStatements(statements: readonly string[], shell: Shell): Promise<void> {
  const { session, json } = shell;
  for (const statement of statements) {
    await shell.prepare(statement);
    const answer = session.run(statement);
    if (answer.kind === "quit") return;
    if (answer.kind === "error") {
      process.exitCode = 1;
      process.stderr.write(`${visible(`[!] ${answer.message}`)}\n`);
    } else {
      print(json ? asJson(answer) : shown(answer));
    }
  }
}

export function runScript(text: string, shell: Shell): Promise<void> {
  return runStatements(statementsIn(text), shell);
}

/**
 * Reads lines from the terminal until the user leaves; `url` is the platform it works over, if one runs, and `fields`
 * those of its messages, which are completed once they are known.
 */
export async function runTerminal(
  { session, prepare }: Shell,
  url: string | undefined,
  fields: Promise<readonly Field[]>,
): Promise<void> {
  print(url === undefined ? "No platform runs; this shell works alone." : `Over the platform at ${url}.`);
  print(
    `Stellar, Go! ${session.registry.names.length} functions. ?NAME for help, %magics for commands, quit to leave.`,
  );
  const terminal = createInterface({
    input: process.stdin,
    output: process.stdout,
    prompt: PROMPT,
    history: readHistory(),
    historySize: HISTORY_LINES,
    removeHistoryDuplicates: true,
    completer: (line: string, done: (error: null, found: [string[], string]) => void) =>
      void fields.then((known) => done(null, completions(line, session, known))),
  });
  let open = "";
  terminal.on("SIGINT", () => {
    open = "";
    process.stdout.write("^C\n");
    // What was typed of the line goes too.
    terminal.write(null, { ctrl: true, name: "e" });
    terminal.write(null, { ctrl: true, name: "u" });
    ask(terminal, open);
  });
  ask(terminal, open);
  for await (const line of terminal) {
    open = open === "" ? line : `${open}\n${line}`;
    // An empty line ends a statement that will never be complete.
    if (line.trim() === "" || !isIncomplete(open)) {
      keepHistory(open);
      await prepare(open);
      const answer = session.run(open);
      open = "";
      if (answer.kind === "quit") break;
      print(shown(answer));
    }
    ask(terminal, open);
  }
  terminal.close();
}

function ask(terminal: Interface, open: string): void {
  terminal.setPrompt(open === "" ? PROMPT : CONTINUED);
  terminal.prompt();
}

function completions(line: string, session: Session, fields: readonly Field[]): [string[], string] {
  const variables = Array.from(session.variables, ([name, { value }]) => [name, typeName(value)] as const);
  const { from, options } = complete(line, line.length, {
    functions: functionLines(session.registry),
    variables: [...variables, ...fields.filter(([name]) => !session.variables.has(name))],
    magics: MAGICS,
  });
  const typed = line.slice(from);
  // The terminal puts in what it is given, so only what continues the typed text is offered.
  return [options.map(({ text }) => text).filter((text) => text.startsWith(typed)), typed];
}

/** An answer for the eye. */
function shown(answer: Answer): string {
  switch (answer.kind) {
    case "nothing":
    case "quit":
      return "";
    case "text":
      return answer.text;
    case "error":
      return `[!] ${answer.message}`;
    case "value": {
      const value = renderValue(answer.value, process.stdout.columns || 100);
      if (answer.milliseconds === undefined) return value;
      return `${value}\n${answer.milliseconds.toFixed(3)} ms, ${describeType(answer.value)}`.trimStart();
    }
  }
}

function asJson(answer: Answer): string {
  if (answer.kind === "value") return messageToJson(toMessage(answer.value));
  return answer.kind === "text" ? JSON.stringify(answer.text) : "";
}

function print(text: string): void {
  if (text !== "") process.stdout.write(`${visible(text)}\n`);
}

/** Text from telemetry must not steer the terminal: only line feeds and tabs of the control characters stay. */
export function visible(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach the terminal
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "\ufffd");
}

function readHistory(): string[] {
  try {
    const lines = readFileSync(HISTORY, "utf8").split("\n").filter(Boolean);
    return lines.slice(-HISTORY_LINES).reverse();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function keepHistory(statement: string): void {
  const line = statement.replaceAll("\n", " ").trim();
  if (line !== "") appendFileSync(HISTORY, `${line}\n`, { mode: 0o600 });
}

/** SHELL_EDIT: the user's editor on a text in a file of its own. */
export function editText(text: string): string | undefined {
  const editor = process.env.EDITOR ?? process.env.VISUAL ?? "vi";
  const folder = mkdtempSync(join(tmpdir(), "metron-edit-"));
  try {
    const file = join(folder, "text");
    writeFileSync(file, text, { mode: 0o600 });
    const [command = "vi", ...args] = editor.split(" ");
    const { status } = spawnSync(command, [...args, file], { stdio: "inherit" });
    return status === 0 ? readFileSync(file, "utf8") : undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
