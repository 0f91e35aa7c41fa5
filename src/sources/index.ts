import { Fault } from "../core/fault.ts";
import { file } from "./file/file.ts";
import type { SourceDefinition } from "./source.ts";
import { syslog } from "./syslog/syslog.ts";

/** Every source there is, in the order of the reference. HTTP is not among them: the server brings its records. */
export const sources = [file, syslog] as const;

/** A source by name. Throws Fault CONFIG_INVALID. */
export function findSource(name: string): SourceDefinition {
  const definition = sources.find((candidate) => candidate.name === name);
  if (definition !== undefined) return definition as unknown as SourceDefinition;
  const known = sources.map((candidate) => candidate.name).join(", ");
  throw new Fault("CONFIG_INVALID", `there is no source \`${name}\`; known are ${known}`, {
    details: { path: [name] },
  });
}
