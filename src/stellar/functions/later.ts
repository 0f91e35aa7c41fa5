/**
 * Functions whose services are not part of the platform yet. They are declared, so that the checker knows their
 * signatures and an expression that calls one is told what it needs. Each is replaced when its service is built.
 */
import { StellarError } from "../language/error.ts";
import {
  defineServiceFunction,
  type Namespace,
  type Param,
  type StellarFunction,
} from "../language/function.ts";
import type { Services } from "../run/services.ts";

declare module "../run/services.ts" {
  interface Services {
    readonly models?: object;
  }
}

export const models: Namespace = {
  name: "models",
  summary: "Ask models that are deployed as services.",
  functions: [
    declared("models", "MAAS_GET_ENDPOINT", "Gives an endpoint of a deployed model.", [
      { name: "model", type: "string", about: "Name of the model." },
      {
        name: "version",
        type: "string",
        about: "Version of the model; the latest unless given.",
        optional: true,
      },
    ]),
    declared("models", "MAAS_MODEL_APPLY", "Applies a model to arguments and gives the map of its answers.", [
      { name: "endpoint", type: "map", about: "The endpoint that MAAS_GET_ENDPOINT gave." },
      {
        name: "function",
        type: "any",
        about: "Name of the model's function, `apply` unless given; or the arguments.",
      },
      { name: "arguments", type: "map", about: "The arguments, a map.", optional: true },
    ]),
  ],
};

function declared(
  service: keyof Services,
  name: string,
  summary: string,
  params: readonly Param[],
): StellarFunction {
  return defineServiceFunction({
    name,
    summary,
    params,
    returns: "any",
    needs: [service],
    examples: [],
    call: () => {
      throw new StellarError(`${name} needs ${service}, which this version of the platform does not have`);
    },
  });
}
