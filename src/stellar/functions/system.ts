import { defineServiceFunction, type Namespace } from "../language/function.ts";

/** What the process runs in. The provider decides which names an expression may see. */
export type SystemAccess = {
  readonly environment: (name: string) => string | undefined;
  readonly property: (key: string) => string | undefined;
};

declare module "../run/services.ts" {
  interface Services {
    readonly system?: SystemAccess;
  }
}

const systemEnvGet = defineServiceFunction({
  name: "SYSTEM_ENV_GET",
  summary: "Gives the value of an environment variable; null when it is not set.",
  params: [{ name: "name", type: "any", about: "Name of the variable.", optional: true }],
  returns: "string",
  needs: ["system"],
  examples: [],
  call: ({ system }, name) => (typeof name === "string" ? (system.environment(name) ?? null) : null),
});

const systemPropertyGet = defineServiceFunction({
  name: "SYSTEM_PROPERTY_GET",
  summary: "Gives a property of the running system, such as `os.name`; null when there is none.",
  params: [{ name: "key", type: "any", about: "Name of the property.", optional: true }],
  returns: "string",
  needs: ["system"],
  examples: [],
  call: ({ system }, key) => (typeof key === "string" ? (system.property(key) ?? null) : null),
});

export const system: Namespace = {
  name: "system",
  summary: "Ask the system that Metron runs on.",
  functions: [systemEnvGet, systemPropertyGet],
};
