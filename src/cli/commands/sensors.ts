import { Command } from "commander";
import { listSensors } from "../../api/sensors.ts";
import { connect } from "../client.ts";
import { type Reach, withJson, withReach } from "../options.ts";
import { printJson, printTable, safeText } from "../print.ts";
import { tellPartial } from "../tell-partial.ts";

export function sensorsCommand(): Command {
  const command = new Command("sensors").addHelpText(
    "after",
    "\nExamples:\n  metron sensors\n  metron sensors --json | jq 'select(.lag > 0)'",
  );
  return withJson(withReach(command)).action(async (options: Reach & { json?: true }) => {
    const client = await connect(options);
    const { sensors, partial, asOf } = await client.call(listSensors);
    if (options.json) {
      sensors.forEach(printJson);
      return tellPartial(partial, options);
    }
    printTable(
      ["sensor", "parser", "state", "received/s", "indexed/s", "lag", "rejected", "alerts", "stored"],
      sensors.map((sensor) => [
        sensor.name,
        sensor.parser,
        sensor.state,
        sensor.receivedPerSecond,
        sensor.indexedPerSecond,
        sensor.lag,
        sensor.rejected,
        sensor.alerts,
        sensor.stored,
      ]),
    );
    if (asOf !== undefined)
      process.stderr.write(
        `what is stored is told as of ${asOf === null ? "no time yet" : new Date(asOf).toISOString()}: the index does not answer\n`,
      );
    for (const { name, detail, timeless } of sensors) {
      if (detail !== undefined) process.stdout.write(`${name}: ${safeText(detail)}\n`);
      if (timeless !== undefined)
        process.stdout.write(
          `${name}: ${timeless.messages} messages since ${new Date(timeless.since).toISOString()} have no time of their own and were given that of their arrival; \`timestamp\` in the document names the field that holds the time\n`,
        );
    }
    tellPartial(partial, options);
  });
}
