import { parseDocument, stringify } from "yaml";
import { readGlobal } from "../../config/global.ts";
import type { Kind } from "../../config/kinds.ts";
import { exportMetron } from "../../config/metron/export.ts";
import { importGlobal, importSensor } from "../../config/metron/import.ts";
import { readSensor } from "../../config/sensor.ts";
import type { ConfigType, ConfigurationAccess } from "../../stellar/functions/configuration-management.ts";
import { StellarError } from "../../stellar/language/error.ts";
import { refusing } from "./parsers.ts";

type Json = Record<string, unknown>;

/** The documents of the platform, as far as one may reach them. */
export type Documents = {
  readonly read: (kind: Kind, name: string) => string | undefined;
  /** Publishes; throws a StellarError or a Fault when that is refused. */
  readonly write: (kind: Kind, name: string, text: string) => void;
};

/** The parts of a sensor document that each of Metron's documents holds. */
const PARTS = {
  PARSER: ["raw", "parser", "transforms", "filter"],
  ENRICHMENT: ["enrichments", "threatIntel", "triage"],
  INDEXING: ["index"],
} as const;

/** What CONFIG_GET and CONFIG_PUT ask: Metron's JSON over our documents, of which all else stays as it is. */
export function configurationAccess(documents: Documents): ConfigurationAccess {
  return {
    read(type, sensor) {
      if (type === "PROFILER") return undefined;
      const name = sensor ?? "global";
      const text = documents.read(type === "GLOBAL" ? "global" : "sensor", name);
      if (text === undefined) return undefined;
      return refusing(() =>
        JSON.stringify(type === "GLOBAL" ? readGlobal(text, name).global : metron(type, text, name)),
      );
    },
    write(type, sensor, json) {
      const given = JSON.parse(json) as Json;
      if (type === "PROFILER")
        throw new StellarError("profiles are not part of this version of the platform");
      if (typeof given !== "object" || given === null || Array.isArray(given))
        throw new StellarError("the configuration must be a JSON object");
      refusing(() => {
        if (type === "GLOBAL") writeGlobal(documents, given);
        else writeSensor(documents, type, sensor ?? "", given);
      });
    },
  };
}

type SensorType = keyof typeof PARTS;

function metron(type: Exclude<ConfigType, "GLOBAL" | "PROFILER">, text: string, name: string): Json {
  const { parser, enrichment, indexing } = exportMetron(readSensor(text, name).sensor);
  return { PARSER: parser, ENRICHMENT: enrichment, INDEXING: indexing }[type];
}

function writeGlobal(documents: Documents, given: Json): void {
  const document = parseDocument(documents.read("global", "global") ?? "");
  const { global = {}, validations } = importGlobal(given, []);
  document.set("global", document.createNode(global));
  if (validations !== undefined) document.set("validations", document.createNode(validations));
  documents.write("global", "global", document.toString());
}

/** Puts the parts that one of Metron's documents holds into the sensor's; comments of the others stay. */
function writeSensor(documents: Documents, type: SensorType, name: string, given: Json): void {
  const present = documents.read("sensor", name);
  if (present === undefined && type !== "PARSER")
    throw new StellarError(`there is no sensor \`${name}\`; publish its PARSER configuration first`);
  const now = present === undefined ? undefined : exportMetron(readSensor(present, name).sensor);
  const imported = importSensor(
    name,
    type === "PARSER" ? given : (now?.parser ?? {}),
    type === "ENRICHMENT" ? given : (now?.enrichment ?? {}),
    type === "INDEXING" ? given : (now?.indexing ?? {}),
    [],
  );
  if (present === undefined) {
    documents.write("sensor", name, stringify(imported, { lineWidth: 120 }));
    return;
  }
  const document = parseDocument(present);
  const put = (path: readonly string[], value: unknown) => {
    if (value === undefined) document.deleteIn(path);
    else document.setIn(path, document.createNode(value));
  };
  const variables = imported.variables as Json | undefined;
  if (type === "INDEXING") {
    const { enabled = true } = (imported.index ?? {}) as { enabled?: boolean };
    if (!enabled || document.hasIn(["index", "enabled"])) document.setIn(["index", "enabled"], enabled);
  } else {
    for (const part of PARTS[type]) put([part], imported[part]);
    put(["variables"], variables);
  }
  documents.write("sensor", name, document.toString());
}
