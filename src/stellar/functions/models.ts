/** Models that run as services. */
import { defineServiceFunction, type Namespace } from "../language/function.ts";
import { StellarMap, toText } from "../values/value.ts";

/** An instance of a model: its address, and the paths of its functions by name. */
export type ModelEndpoint = {
  readonly name: string;
  readonly version: string;
  readonly url: string;
  readonly functions: Readonly<Record<string, string>>;
};

/** The models that expressions reach. */
export type ModelAccess = {
  /** An instance of a model, of its current version unless one is given; undefined when it has none. */
  find(name: string, version: string | undefined): ModelEndpoint | undefined;
  /** What an instance answers; undefined when it fails, which is told elsewhere. */
  apply(
    endpoint: Pick<ModelEndpoint, "name" | "version" | "url">,
    path: string,
    args: ReadonlyMap<string, string>,
  ): StellarMap | undefined;
};

declare module "../run/services.ts" {
  interface Services {
    readonly models?: ModelAccess;
  }
}

/** What the names of functions begin with in the map of an endpoint. */
const FUNCTION = "endpoint:";

const getEndpoint = defineServiceFunction({
  name: "MAAS_GET_ENDPOINT",
  summary: "Gives an endpoint of a deployed model.",
  params: [
    { name: "model", type: "string", about: "Name of the model." },
    {
      name: "version",
      type: "string",
      about: "Version of the model; unless given, the last in the order of text.",
      optional: true,
    },
  ],
  returns: "any",
  result:
    "A map with `url`, `name`, `version` and, for each function, `endpoint:NAME` with its path; null when there is no such model.",
  needs: ["models"],
  examples: [],
  call: (services, model, version) => {
    const endpoint = model === null ? undefined : services.models.find(model, version ?? undefined);
    if (endpoint === undefined) return null;
    const { url, name, functions } = endpoint;
    return new StellarMap([
      ["url", url],
      ["name", name],
      ["version", endpoint.version],
      ...Object.entries(functions).map(([each, path]) => [FUNCTION + each, path] as const),
    ]);
  },
});

const modelApply = defineServiceFunction({
  name: "MAAS_MODEL_APPLY",
  summary: "Applies a model to arguments and gives the map of its answers.",
  params: [
    { name: "endpoint", type: "any", about: "The endpoint that MAAS_GET_ENDPOINT gave." },
    {
      name: "function",
      type: "any",
      about: "Name of the model's function, `apply` unless given; or the arguments.",
    },
    { name: "arguments", type: "any", about: "The arguments, a map of texts.", optional: true },
  ],
  returns: "any",
  result:
    "The map that the model answers, kept for ten minutes for the same arguments; null when it fails, or an argument is no text.",
  needs: ["models"],
  examples: [],
  call: (services, endpoint, named, given) => {
    if (!(endpoint instanceof StellarMap)) return null;
    const wanted = typeof named === "string" ? named : "apply";
    const args = given ?? (typeof named === "string" ? null : named);
    const pathOf = (name: string) => textIn(endpoint, FUNCTION + name);
    // As in the original, where a map of arguments goes to `apply` whatever function is named.
    const path = (args instanceof StellarMap ? pathOf("apply") : undefined) ?? pathOf(wanted) ?? wanted;
    const url = textIn(endpoint, "url");
    if (url === undefined) return null;
    const { name = "", version = "" } = {
      name: textIn(endpoint, "name"),
      version: textIn(endpoint, "version"),
    };
    const texts = new Map<string, string>();
    for (const [parameter, value] of args instanceof StellarMap ? args : []) {
      if (typeof value !== "string") {
        services.warn?.("A model was not asked, as an argument is no text.", { argument: toText(parameter) });
        return null;
      }
      texts.set(toText(parameter), value);
    }
    return services.models.apply({ name, version, url }, path, texts) ?? null;
  },
});

export const models: Namespace = {
  name: "models",
  summary: "Ask models that are deployed as services.",
  functions: [getEndpoint, modelApply],
};

function textIn(map: StellarMap, key: string): string | undefined {
  const value = map.get(key);
  return typeof value === "string" ? value : undefined;
}
