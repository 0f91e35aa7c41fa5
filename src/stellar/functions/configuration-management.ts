/** The platform's configuration, read and published from an expression. */
import { StellarError } from "../language/error.ts";
import { defineServiceFunction, type Namespace } from "../language/function.ts";
import { parseJson } from "../values/json-reader.ts";
import { prettyJson } from "../values/json-writer.ts";
import { toText, type Value } from "../values/value.ts";

const CONFIG_TYPES = ["GLOBAL", "PROFILER", "ENRICHMENT", "INDEXING", "PARSER"] as const;
export type ConfigType = (typeof CONFIG_TYPES)[number];

/** The store of configurations, in Metron's own JSON; `sensor` is given for the last three types. */
export type ConfigurationAccess = {
  readonly read: (type: ConfigType, sensor: string | undefined) => string | undefined;
  /** Publishes; throws a StellarError when the store refuses the document. */
  readonly write: (type: ConfigType, sensor: string | undefined, json: string) => void;
};

declare module "../run/services.ts" {
  interface Services {
    readonly configuration?: ConfigurationAccess;
  }
}

const TYPE = {
  name: "type",
  type: "string",
  about: "GLOBAL, PROFILER, ENRICHMENT, INDEXING or PARSER.",
} as const;

const configGet = defineServiceFunction({
  name: "CONFIG_GET",
  summary: "Gives a configuration as JSON.",
  params: [
    TYPE,
    {
      name: "sensor",
      type: "any",
      about: "The sensor, for ENRICHMENT, INDEXING and PARSER.",
      optional: true,
    },
    {
      name: "emptyIfNotPresent",
      type: "any",
      about: "False: null where there is none, instead of an empty configuration.",
      optional: true,
    },
  ],
  returns: "string",
  needs: ["configuration"],
  examples: [],
  call: ({ configuration }, type, sensor, emptyIfNotPresent) => {
    const known = typeOf(type);
    const name = sensorOf(known, sensor);
    const found = configuration.read(known, name);
    if (found !== undefined) return prettyJson(parseJson(found));
    return (emptyIfNotPresent ?? sensor) === false ? null : prettyJson(parseJson(emptyDocument(known, name)));
  },
});

const configPut = defineServiceFunction({
  name: "CONFIG_PUT",
  summary: "Publishes a configuration, which takes effect at once; null changes nothing.",
  params: [
    TYPE,
    { name: "config", type: "string", about: "The whole configuration as JSON." },
    {
      name: "sensor",
      type: "any",
      about: "The sensor, for ENRICHMENT, INDEXING and PARSER.",
      optional: true,
    },
  ],
  returns: "any",
  needs: ["configuration"],
  examples: [],
  call: ({ configuration }, type, config, sensor) => {
    const known = typeOf(type);
    if (config === null) return null;
    const name = sensorOf(known, sensor);
    // What is not JSON must not reach the store.
    parseJson(config);
    configuration.write(known, name, config);
    return null;
  },
});

export const configurationManagement: Namespace = {
  name: "configurationManagement",
  summary: "Read and publish configurations.",
  functions: [configGet, configPut],
};

function typeOf(type: string | null): ConfigType {
  const known = CONFIG_TYPES.find((candidate) => candidate === type);
  if (known === undefined)
    throw new StellarError(`the type is one of ${CONFIG_TYPES.join(", ")}, not \`${type}\``);
  return known;
}

function sensorOf(type: ConfigType, sensor: Value | undefined): string | undefined {
  if (type === "GLOBAL" || type === "PROFILER") return undefined;
  if (sensor === undefined || sensor === null)
    throw new StellarError(`a ${type} configuration is that of a sensor`);
  return toText(sensor);
}

function emptyDocument(type: ConfigType, sensor: string | undefined): string {
  switch (type) {
    case "GLOBAL":
      return "{}";
    case "PROFILER":
      return '{"profiles":[]}';
    case "ENRICHMENT":
      return (
        '{"enrichment":{"fieldMap":{},"fieldToTypeMap":{},"config":{}},' +
        '"threatIntel":{"fieldMap":{},"fieldToTypeMap":{},"config":{},' +
        '"triageConfig":{"riskLevelRules":[],"aggregator":"MAX","aggregationConfig":{}}},"configuration":{}}'
      );
    case "INDEXING":
      return "{}";
    case "PARSER":
      return `{"sensorTopic":${JSON.stringify(sensor)},"fieldTransformations":[],"parserConfig":{}}`;
  }
}
