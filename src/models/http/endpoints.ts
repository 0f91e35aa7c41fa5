/**
 * Models that run elsewhere as HTTP services, as the original's model as a service has them: an endpoint is an address with the paths of
 * its functions. Expressions reach them by MAAS_GET_ENDPOINT and MAAS_MODEL_APPLY.
 */
import { z } from "zod";
import type { Clock } from "../../core/context.ts";
import type { ModelAccess, ModelEndpoint } from "../../stellar/functions/models.ts";
import type { HttpAccess } from "../../stellar/functions/rest.ts";
import { StellarError } from "../../stellar/language/error.ts";
import { parseJson } from "../../stellar/values/json-reader.ts";
import { StellarMap } from "../../stellar/values/value.ts";
import { Pause } from "../pause.ts";

export const endpointsConfig = z.strictObject({
  endpoints: z
    .array(
      z.strictObject({
        name: z.string().min(1).describe("Name of the model."),
        version: z
          .string()
          .min(1)
          .describe(
            "Version of the model. Of several the current one is the last in the order of text, so `1.9` comes after `1.10`.",
          ),
        url: z
          .url({ protocol: /^https?$/, error: "expected an address such as http://models.example.org:1500" })
          .describe("Address of an instance. A model may have several."),
        functions: z
          .record(z.string(), z.string())
          .default({ apply: "apply" })
          .describe("Paths of its functions by name."),
      }),
    )
    .default([])
    .describe("Instances of models that run as HTTP services."),
  milliseconds: z
    .number()
    .int()
    .min(1)
    .max(60_000)
    .default(1000)
    .describe("Time that an answer may take; the function is null when it is over."),
});

/** The original's documented limits of its cache and of what it avoids. */
const KEPT_FOR = 10 * 60_000;
const MOST_KEPT = 100_000;
const DRAWS = 10;

type Kept = { readonly value: StellarMap; readonly until: number };

export type EndpointsContext = {
  readonly clock: Clock;
  readonly send: HttpAccess;
  readonly warn: (sentence: string, fields: Readonly<Record<string, unknown>>) => void;
  /** Uniform in [0, 1). */
  readonly random: () => number;
};

/** The registered endpoints of one thread, with what they answered. */
export class ModelEndpoints implements ModelAccess {
  readonly #endpoints: readonly ModelEndpoint[];
  readonly #milliseconds: number;
  readonly #context: EndpointsContext;
  /** By address: until when it is avoided where there are others. */
  readonly #avoided = new Map<string, number>();
  readonly #pauses = new Map<string, Pause>();
  /** What was answered, the least recently used first. */
  readonly #kept = new Map<string, Kept>();

  constructor({ endpoints, milliseconds }: z.output<typeof endpointsConfig>, context: EndpointsContext) {
    this.#endpoints = endpoints;
    this.#milliseconds = milliseconds;
    this.#context = context;
  }

  find(name: string, version: string | undefined): ModelEndpoint | undefined {
    const ofName = this.#endpoints.filter((endpoint) => endpoint.name === name);
    if (ofName.length === 0) {
      this.#context.warn("An expression names a model that is not registered.", { model: name });
      return undefined;
    }
    const wanted =
      version ??
      ofName
        .map((endpoint) => endpoint.version)
        .toSorted()
        .at(-1);
    const found = ofName.filter((endpoint) => endpoint.version === wanted);
    let drawn: ModelEndpoint | undefined;
    for (let draw = 0; draw < DRAWS; draw++) {
      drawn = found[Math.floor(this.#context.random() * found.length)];
      if (drawn === undefined || (this.#avoided.get(drawn.url) ?? 0) <= this.#context.clock.now()) break;
    }
    return drawn;
  }

  apply(
    { name, version, url }: Pick<ModelEndpoint, "name" | "version" | "url">,
    path: string,
    args: ReadonlyMap<string, string>,
  ): StellarMap | undefined {
    const key = JSON.stringify([name, version, path, [...args]]);
    const { clock } = this.#context;
    const kept = this.#kept.get(key);
    if (kept !== undefined) {
      this.#kept.delete(key);
      if (kept.until > clock.now()) {
        this.#kept.set(key, kept);
        return kept.value;
      }
    }
    const value = this.#ask(url, path, args);
    if (value === undefined) return undefined;
    this.#kept.set(key, { value, until: clock.now() + KEPT_FOR });
    if (this.#kept.size > MOST_KEPT) this.#kept.delete(this.#kept.keys().next().value as string);
    return value;
  }

  #ask(url: string, path: string, args: ReadonlyMap<string, string>): StellarMap | undefined {
    const { clock, send, warn } = this.#context;
    // The address stands in the global document: what a message says is never called.
    if (!this.#endpoints.some((endpoint) => endpoint.url === url)) {
      warn("An expression applies a model at an address that is not registered.", { url });
      return undefined;
    }
    const pause = this.#pauses.get(url) ?? new Pause(clock);
    this.#pauses.set(url, pause);
    if (pause.isOn) return undefined;
    const address = new URL(`${url.replace(/\/$/, "")}/${path.replace(/^\//, "")}`);
    for (const [parameter, value] of args) address.searchParams.append(parameter, value);
    const outcome = send({
      ...{ method: "GET", url: address.href, headers: { Accept: "application/json" } },
      ...{ body: undefined, proxy: undefined, timeout: this.#milliseconds },
      ...{ connectTimeout: undefined, socketTimeout: undefined },
    });
    const answer = "failure" in outcome ? outcome.failure : answerOf(outcome);
    if (answer instanceof StellarMap) {
      pause.noteSuccess();
      return answer;
    }
    pause.noteFailure();
    this.#avoided.set(url, clock.now() + KEPT_FOR);
    warn("A model gives no answer.", { url, path, reason: answer });
    return undefined;
  }
}

/** The map that a model answered, or why there is none. */
function answerOf({ status, body }: { readonly status: number; readonly body: string }): StellarMap | string {
  if (status !== 200) return `status ${status}`;
  try {
    const value = parseJson(body);
    return value instanceof StellarMap ? value : "the answer is no JSON object";
  } catch (error) {
    if (!(error instanceof StellarError)) throw error;
    return "the answer is no JSON";
  }
}
