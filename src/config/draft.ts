import { stringify } from "yaml";
import { z } from "zod";
import { required } from "../core/component.ts";
import { Fault } from "../core/fault.ts";
import type { ParserDefinition } from "../parsers/parser.ts";
import type { Components } from "./components.ts";
import { sensorSchema } from "./sensor.ts";

/** Fields that name a flow together with its transport protocol. */
const ENDS = ["ip_src_addr", "ip_src_port", "ip_dst_addr", "ip_dst_port"];

/**
 * A document to begin a new sensor with: its parser, with the options that it needs, and what is on in new sensors. Imported
 * documents have nothing that their original had not.
 * @throws Fault CONFIG_INVALID for a parser that does not exist, and a name that no sensor can have
 */
export function draftSensor(sensor: string, parserName: string, { parsers }: Components): string {
  const parser = required(parsers, parserName, ["parser"]);
  const name = sensorSchema.shape.sensor.safeParse(sensor);
  if (!name.success)
    throw new Fault(
      "CONFIG_INVALID",
      `drafting sensor \`${sensor}\`: ${name.error.issues[0]?.message ?? ""}`,
    );
  const lines = [
    // A name such as `404` or `true` is a text in quotes only.
    stringify({ sensor }).trimEnd(),
    "# source: { syslog: { port: 5520 } }   # without one, records come over HTTP and by `metron ingest`",
    ...parserLines(parserName, parser),
  ];
  if (declaresFlow(parser))
    lines.push(
      "transforms:",
      "  # A flow has one name in all sensors then; leave it out where nobody looks for flows.",
      "  - COMMUNITY_ID: {}",
    );
  return `${lines.join("\n")}\n`;
}

/** Whether messages of a parser have what names a flow: two ends and the transport protocol. */
export function declaresFlow({ fields }: ParserDefinition): boolean {
  const names = new Set(fields.map(({ name }) => name));
  return ENDS.every((name) => names.has(name)) && (names.has("protocol") || names.has("proto"));
}

/** The parser, below it the options that have no default, each with what it means. */
function parserLines(name: string, { config }: ParserDefinition): string[] {
  const { properties = {}, required: needed = [] } = z.toJSONSchema(config, {
    io: "input",
    unrepresentable: "any",
  });
  if (needed.length === 0) return [`parser: { ${name}: {} }`];
  const options = needed.map((option) => {
    const described = properties[option];
    const about = typeof described === "object" ? (described.description ?? "") : "";
    return `    ${option}:   # ${about.replace(/\s+/g, " ")}`;
  });
  return ["parser:", `  ${name}:`, ...options];
}
