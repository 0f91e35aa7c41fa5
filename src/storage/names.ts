import { Fault } from "../core/fault.ts";

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,199}$/;

/** Refuses, with REQUEST_INVALID, what cannot name a topic or table: their names are names of files as well. */
export function checkName(doing: string, name: string): void {
  if (NAME.test(name)) return;
  const rule = "a name is 1 to 200 of a-z, A-Z, 0-9, '.', '_' and '-', and begins with a letter or digit";
  throw new Fault("REQUEST_INVALID", `${doing} ${JSON.stringify(name)}: ${rule}`);
}
