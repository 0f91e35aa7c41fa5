import { homedir } from "node:os";
import { isAbsolute, join, sep } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { Fault } from "../core/fault.ts";
import { ROOT } from "../platform/version.ts";

/** How a command finds a platform: on the data folder it names, or on those where platforms are when none is named. */
export type Reach = { data?: string; server?: string };

/** The data folder when none is named. */
export const DEFAULT_DATA = defaultData(ROOT, process.env, homedir());

/** The data folder of `metron up --demo`, which is what `npm start` does. */
export const DEMO_DATA = join(DEFAULT_DATA, "demo");

/**
 * METRON_DATA, or `data` in a checkout. An installed package is replaced by the next version, so its data lies where the
 * XDG base directory specification puts data of programs: `$XDG_DATA_HOME/metron`, or `~/.local/share/metron`.
 *
 * @param root folder of the program.
 */
export function defaultData(root: string, env: NodeJS.ProcessEnv, home: string): string {
  if (env.METRON_DATA !== undefined) return env.METRON_DATA;
  if (!root.split(sep).includes("node_modules")) return join(root, "data");
  // The specification: a relative path is to be ignored.
  const shared = env.XDG_DATA_HOME;
  return join(shared && isAbsolute(shared) ? shared : join(home, ".local", "share"), "metron");
}

/** Adds the options by which a command finds a running platform. */
export function withReach(command: Command): Command {
  return command
    .option(
      "--data <folder>",
      `data folder of the platform (default: ${DEFAULT_DATA}, or its \`demo\` when only that has one running)`,
    )
    .addOption(
      new Option("--server <url>", "address of the platform, if not the one on the data folder").env(
        "METRON_SERVER",
      ),
    );
}

export function withJson(command: Command): Command {
  return command.option("--json", "print JSON, one object per line");
}

/** Command lines to show below a command's help. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join("\n")}`;
}

export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError("expected a whole number");
  return value;
}

/** A whole number from 1. */
export function countingNumber(text: string): number {
  const value = wholeNumber(text);
  if (value === 0) throw new InvalidArgumentError("expected a whole number above 0");
  return value;
}

export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < Number.POSITIVE_INFINITY))
    throw new InvalidArgumentError("expected a number above 0");
  return value;
}

export function portNumber(text: string): number {
  const value = Number(text);
  if (text === "" || !Number.isInteger(value) || value < 0 || value > 65_535)
    throw new InvalidArgumentError("expected a port, 0 to 65535");
  return value;
}

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** `90s`, `15m`, `24h`, `7d` as milliseconds. */
export function duration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/.exec(text);
  if (match === null) throw new InvalidArgumentError("expected a span of time such as 90s, 15m, 24h or 7d");
  return Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
}

/** An ISO time or epoch milliseconds. */
export function moment(text: string): number {
  const value = /^\d{10,}$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isNaN(value))
    throw new InvalidArgumentError("expected a time such as 2026-11-21T10:00Z, or epoch milliseconds");
  return value;
}

/** Reads all of standard input as text. */
export async function readInput(): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of process.stdin) parts.push(part as Buffer);
  if (parts.length === 0) throw new Fault("INPUT_UNREADABLE", "reading standard input: it is empty");
  return Buffer.concat(parts).toString("utf8");
}
