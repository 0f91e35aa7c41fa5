import { spawnSync } from "node:child_process";

/** Whether all these programs are installed. Tests beside the programs of others are left out where they are not. */
export function areInstalled(...programs: readonly string[]): boolean {
  return programs.every((program) => spawnSync(program, ["--version"]).error === undefined);
}
