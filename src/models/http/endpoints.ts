/**
 * Models that run elsewhere as HTTP services, as the original's model as a service has them: an endpoint is an address with the paths of
 * its functions. Expressions reach them by MAAS_GET_ENDPOINT and MAAS_MODEL_APPLY.
 */
import { hash } from "node:crypto";
import { z } from "zod";
import type { Clock } from "../../core/context.ts";
import type { ModelAccess, ModelEndpoint } from "../../stellar/functions/models.ts";
import type { HttpAccess } from "../../stellar/functions/rest.ts";
import { StellarError } from "../../stellar/language/error.ts";
import { parseJson } from "../../stellar/values/json-reader.ts";
import { StellarMap } from "../../stellar/values/value.ts";
import { Allowance, Pause } from "../pause.ts";

/** Steps that lead up or stand still are no names of functions. */
const PLAIN_PATH = /^\/?(?!\.{1,2}(?:\/|$))[\w.~-]{1,100}(?:\/(?!\.{1,2}(?:\/|$))[\w.~-]{1,100}){0,9}$/;

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
          .refine(
            isBare,
            "expected an address without a user, a password, `?` or `#`: it is written to messages and to the log",
          )
          .describe("Address of an instance. A model may have several."),
        functions: z
          .record(
            z.string(),
            z
              .string()
              .regex(
                PLAIN_PATH,
                "expected a path such as `v2/score`: letters, digits and `._~-` between `/`",
              ),
          )
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
/** What kept answers may take of the memory of a thread, and one of them, in characters: mostly one byte each, at most two. */
const MOST_KEPT_CHARACTERS = 32 * 1024 * 1024;
const MOST_ANSWER = 1024 * 1024;
/** What an answer takes beside its text: its key and its place. */
const KEPT_BESIDE = 200;
/** Servers refuse requests with longer addresses. */
const MOST_ADDRESS = 8_000;
/**
 * Milliseconds that a thread waits for an instance at once; from then on as long as it does other things. A service that is slow but well
 * would otherwise hold it for an hour over the messages of one batch, and Kafka gives a consumer up that is silent for 20 seconds.
 */
const WAITING = 5_000;
const WAITING_SHARE = 1;

type Kept = { readonly text: string; readonly until: number };

export type EndpointsContext = {
  /** One that does not jump. */
  readonly clock: Clock;
  readonly send: HttpAccess;
  /** Takes note of why there is no answer; `endpoint` among the fields is the address of a registered instance. */
  readonly warn: (sentence: string, fields: Readonly<Record<string, unknown>>) => void;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** What kept answers may take of the memory of the thread, in characters. */
  readonly mostKept?: number;
};

/** How an instance does. */
type Health = {
  readonly pause: Pause;
  readonly allowance: Allowance;
  /** Until when it is avoided where there are others. */
  avoidedUntil: number;
};

/** The registered endpoints of one thread, with what they answered. */
export class ModelEndpoints implements ModelAccess {
  readonly #endpoints: readonly ModelEndpoint[];
  readonly #milliseconds: number;
  readonly #context: EndpointsContext;
  /** By address. */
  readonly #healths = new Map<string, Health>();
  /** What was answered as JSON, the least recently used first: values of expressions can be changed, and must not be shared. */
  readonly #kept = new Map<string, Kept>();
  #keptCharacters = 0;

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
      if (drawn === undefined || this.#healthOf(drawn.url).avoidedUntil <= this.#context.clock.now()) break;
    }
    return drawn;
  }

  apply(
    { name, version, url }: Pick<ModelEndpoint, "name" | "version" | "url">,
    path: string,
    args: ReadonlyMap<string, string>,
  ): StellarMap | undefined {
    const { warn } = this.#context;
    // The endpoint stands in the global document: a message may have made up the map, and what it says is neither called nor told.
    const isRegistered = this.#endpoints.some(
      (endpoint) => endpoint.url === url && endpoint.name === name && endpoint.version === version,
    );
    if (!isRegistered) {
      warn("An expression applies a model at an endpoint that is not registered.", {});
      return undefined;
    }
    if (!PLAIN_PATH.test(path)) {
      warn("A model is not asked, as the name of the function is no plain path.", { endpoint: url });
      return undefined;
    }
    const address = addressOf(url, path, args);
    if (address === undefined) {
      warn("A model is not asked, as its arguments are too long.", { endpoint: url, path });
      return undefined;
    }
    const key = hash("sha256", JSON.stringify([name, version, address]), "base64");
    const kept = this.#recall(key);
    if (kept !== undefined) return mapIn(kept);
    const text = this.#ask(url, path, address);
    if (text === undefined) return undefined;
    const answer = mapIn(text);
    if (answer === undefined) {
      warn("A model gives no answer.", { endpoint: url, path, reason: "it is no JSON object" });
      return undefined;
    }
    this.#keep(key, text);
    return answer;
  }

  #healthOf(url: string): Health {
    let health = this.#healths.get(url);
    if (health === undefined) {
      const { clock } = this.#context;
      const allowance = new Allowance(WAITING, WAITING_SHARE, clock);
      health = { pause: new Pause(clock), allowance, avoidedUntil: Number.NEGATIVE_INFINITY };
      this.#healths.set(url, health);
    }
    return health;
  }

  #recall(key: string): string | undefined {
    const kept = this.#kept.get(key);
    if (kept === undefined) return undefined;
    this.#forget(key, kept);
    if (kept.until <= this.#context.clock.now()) return undefined;
    this.#kept.set(key, kept);
    this.#keptCharacters += kept.text.length + KEPT_BESIDE;
    return kept.text;
  }

  #keep(key: string, text: string): void {
    const { mostKept = MOST_KEPT_CHARACTERS } = this.#context;
    this.#kept.set(key, { text, until: this.#context.clock.now() + KEPT_FOR });
    this.#keptCharacters += text.length + KEPT_BESIDE;
    for (const [oldest, kept] of this.#kept) {
      if (this.#kept.size <= MOST_KEPT && this.#keptCharacters <= mostKept) return;
      this.#forget(oldest, kept);
    }
  }

  #forget(key: string, { text }: Kept): void {
    this.#kept.delete(key);
    this.#keptCharacters -= text.length + KEPT_BESIDE;
  }

  /** Asks an instance. @returns what it answered with status 200 */
  #ask(endpoint: string, path: string, address: string): string | undefined {
    const { clock, send, warn } = this.#context;
    const health = this.#healthOf(endpoint);
    if (health.pause.isOn) {
      warn("A model is not asked for a while, as it failed.", { endpoint });
      return undefined;
    }
    if (health.allowance.left === 0) {
      warn("A model is not asked, as it took all the time that messages may wait for it.", { endpoint });
      return undefined;
    }
    const outcome = health.allowance.spend(() =>
      send({
        ...{ method: "GET", url: address, headers: { Accept: "application/json" } },
        ...{ body: undefined, proxy: undefined, timeout: this.#milliseconds },
        ...{ connectTimeout: undefined, socketTimeout: undefined },
      }),
    );
    // Other answers are about the arguments, which a message may have made up: the instance is well.
    if ("failure" in outcome || outcome.status >= 500) {
      health.pause.noteFailure();
      health.avoidedUntil = clock.now() + KEPT_FOR;
    } else health.pause.noteSuccess();
    const reason = reasonOf(outcome);
    if (reason === undefined && "body" in outcome) return outcome.body;
    warn("A model gives no answer.", { endpoint, path, reason });
    return undefined;
  }
}

/** Whether an address has nothing in it that may be a secret. */
function isBare(address: string): boolean {
  if (!URL.canParse(address)) return true;
  const { username, password } = new URL(address);
  return username === "" && password === "" && !/[?#]/.test(address);
}

/** The address that is asked; undefined where it is too long for servers. */
function addressOf(url: string, path: string, args: ReadonlyMap<string, string>): string | undefined {
  let characters = 0;
  for (const [parameter, value] of args) characters += parameter.length + value.length;
  if (characters > MOST_ADDRESS) return undefined;
  const address = new URL(`${url.replace(/\/$/, "")}/${path.replace(/^\//, "")}`);
  for (const [parameter, value] of args) address.searchParams.append(parameter, value);
  return address.href.length > MOST_ADDRESS ? undefined : address.href;
}

/** Why an outcome is of no use; undefined where it may be. */
function reasonOf(outcome: ReturnType<HttpAccess>): string | undefined {
  if ("failure" in outcome) return outcome.failure;
  const { status, body } = outcome;
  if (status !== 200) return `status ${status}`;
  if (body.length > MOST_ANSWER) return `it has ${body.length} characters; at most ${MOST_ANSWER} are read`;
  return undefined;
}

/** The map that a text is; undefined for another value, and for what is no JSON. */
function mapIn(text: string): StellarMap | undefined {
  try {
    const value = parseJson(text);
    return value instanceof StellarMap ? value : undefined;
  } catch (error) {
    if (!(error instanceof StellarError)) throw error;
    return undefined;
  }
}
