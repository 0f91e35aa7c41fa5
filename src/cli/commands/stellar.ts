import { Command } from "commander";
import { withJson, withReach } from "../options.ts";
import type { StellarOptions } from "../stellar-run.ts";

export function stellarCommand(): Command {
  const command = new Command("stellar")
    .argument("[script]", "a file of statements to run")
    .option("-e, --expression <text...>", "run these statements and leave")
    .option("--each", "evaluate the expression for every JSON message on standard input")
    .option("--filter", "with --each: print the messages for which the expression is true")
    .option("-v, --variables <file>", "variables to begin with: a JSON object")
    .option("--functions <file...>", "functions of your own: files of `NAME := (x) -> expression`")
    .option("--secrets-from <folder...>", "settings may name secrets below these folders: `secret: { file }`")
    .addHelpText(
      "after",
      `
The globals of the platform that runs on the data folder are used when there is one.

Examples:
  metron stellar
  metron stellar -e "TO_UPPER('metron')"
  metron stellar -e "DOMAIN_REMOVE_SUBDOMAINS(host)" --each < events.ndjson
  metron stellar -e "bytes > 1000000 and not(IN_SUBNET(ip_dst_addr, '10.0.0.0/8'))" --each --filter < events.ndjson`,
    );
  return withJson(withReach(command)).action(async (script: string | undefined, options: StellarOptions) => {
    // The language is read only here: other commands need not wait for it.
    await (await import("../stellar-run.ts")).runStellar(script, options);
  });
}
