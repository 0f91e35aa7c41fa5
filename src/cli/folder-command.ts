/** Which command a data folder is started with, so that advice names one that fits. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Log } from "../core/context.ts";
import { readWorkerNote } from "./worker-note.ts";

const schema = z.object({ command: z.enum(["up", "server", "worker", "capture-host"]) });

export type FolderCommand = z.output<typeof schema>["command"];

const fileOf = (data: string): string => join(data, "command.json");

/** Notes in a data folder the command that runs on it. The note stays when the process ends; a disk that does not take it is told in the log. */
export function noteCommand(data: string, command: FolderCommand, log: Log): void {
  if (readNote(data) === command) return;
  const file = fileOf(data);
  try {
    writeFileSync(file, `${JSON.stringify({ command })}\n`);
  } catch (error) {
    const { message } = error as Error;
    log.warn("The command of the data folder could not be noted; advice may name another one.", {
      file,
      error: message,
    });
  }
}

/** The command that ran last on a data folder, or runs there; `up` where nothing is noted. */
export function commandOf(data: string): FolderCommand {
  const noted = readNote(data);
  if (noted !== undefined) return noted;
  // Earlier versions left only the note of a process that listens on nothing.
  const role = readWorkerNote(data)?.role;
  return role === "capture host" ? "capture-host" : (role ?? "up");
}

/** The command line that starts a process on a data folder. @param data undefined: on the default one */
export function startLine(command: FolderCommand, data: string | undefined): string {
  const needed = command === "capture-host" ? " --interface NAME" : "";
  return `metron ${command}${needed}${data === undefined ? "" : ` --data ${data}`}`;
}

function readNote(data: string): FolderCommand | undefined {
  try {
    return schema.safeParse(JSON.parse(readFileSync(fileOf(data), "utf8"))).data?.command;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR" || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
