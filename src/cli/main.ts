#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import { Fault } from "../core/fault.ts";
import { VERSION } from "../platform/version.ts";
import { COMMANDS } from "./commands/index.ts";
import { CLOSED_PIPE, isOutputUnread, leave, leaveUnread } from "./leaving.ts";
import { tellFault, WRONG_USAGE } from "./tell-fault.ts";

const program = new Command("metron")
  .description("Security analytics: telemetry in, scored and searchable alerts out.")
  .version(VERSION)
  .configureHelp({ sortSubcommands: true, showGlobalOptions: true })
  .showHelpAfterError("(add --help for options and examples)")
  // Options after a command are the command's own: `config show --version 2`.
  .enablePositionalOptions()
  .exitOverride();

const words = new Set(process.argv.slice(2));
for (const [name, { about, load }] of Object.entries(COMMANDS)) {
  // One that is not named is only listed.
  const command = words.has(name) ? (await load())() : new Command(name);
  program.addCommand(command.description(about));
  inherit(program, command);
}

/** Commands of commands answer a wrong command line the same way. */
function inherit(parent: Command, command: Command): void {
  command.copyInheritedSettings(parent);
  for (const below of command.commands) inherit(command, below);
}

leaveUnread();

// Started by the launcher, this process ends with it, also when it is killed and can pass on no signal.
if (process.connected) {
  process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
  process.channel?.unref();
}

try {
  await program.parseAsync();
} catch (thrown) {
  const [first, ...others] = partsOf(thrown);
  // A caller that waited for room in the output gets the same error.
  // Not of a connection that its other end has closed.
  if (isClosedPipe(first) && (await isOutputUnread())) leave(CLOSED_PIPE);
  else {
    process.exitCode = tell(first);
    for (const other of others) tell(other);
  }
}

function isClosedPipe(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && thrown.code === "EPIPE";
}

/** What was thrown, and then what was thrown while everything was closed because of it. */
function partsOf(thrown: unknown): unknown[] {
  if (!(thrown instanceof SuppressedError)) return [thrown];
  return [...partsOf(thrown.suppressed), ...partsOf(thrown.error)];
}

/** Tells of an error, and answers the code to exit with. */
function tell(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : WRONG_USAGE;
  if (error instanceof Fault) return tellFault(error);
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`metron: this is a bug: ${text}\n`);
  return 1;
}
