/** Calls of web services that speak JSON. */
import { StellarError } from "../language/error.ts";
import { defineServiceFunction, type Namespace } from "../language/function.ts";
import type { Services } from "../run/services.ts";
import { parseJson } from "../values/json-reader.ts";
import { compactJson } from "../values/json-writer.ts";
import { StellarMap, toText, type Value } from "../values/value.ts";
import { type RestSettings, restSettings } from "./rest-settings.ts";
import { isSecret, revealed } from "./secrets.ts";

export type HttpRequest = {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly proxy:
    | { readonly host: string; readonly port: number; readonly authorization: string | undefined }
    | undefined;
  /** Milliseconds: for everything, and for its parts where they have limits of their own. */
  readonly timeout: number;
  readonly connectTimeout: number | undefined;
  readonly socketTimeout: number | undefined;
};

/** `contentLength`: what the header announced, when it did. */
export type HttpResponse = {
  readonly status: number;
  readonly body: string;
  readonly contentLength: number | undefined;
};

/**
 * Sends a request and waits for its response: evaluation is synchronous. What goes wrong on the way (no connection,
 * too slow) is an answer too: its text, for the log.
 */
export type HttpAccess = (request: HttpRequest) => HttpResponse | { readonly failure: string };

declare module "../run/services.ts" {
  interface Services {
    readonly http?: HttpAccess;
    /** Takes note of what an expression survives but someone should know. */
    readonly warn?: (message: string, fields: Readonly<Record<string, unknown>>) => void;
  }
}

const URL_PARAM = { name: "url", type: "string", about: "The address to call." } as const;
const CONFIG = {
  name: "config",
  type: "map",
  about:
    "Settings of the call, such as `timeout`, `basic.auth.user` and `basic.auth.password`; they win over the global ones.",
  optional: true,
} as const;
const QUERY = {
  name: "query",
  type: "map",
  about: "Parameters to put into the address, a map from name to text or to the secret that holds it.",
  optional: true,
} as const;
const RESULT =
  "The response's JSON object as a map; null, or what the settings say, when it is empty or the call fails.";

const restGet = defineServiceFunction({
  name: "REST_GET",
  summary: "Calls a web service by GET.",
  params: [URL_PARAM, CONFIG, QUERY],
  returns: "any",
  result: RESULT,
  needs: ["http"],
  examples: [],
  call: (services, url, config, query) => {
    const settings = restSettings(services, "get", config ?? null);
    const headers = { Accept: "application/json" };
    const address = addressOf(services, url, query);
    return send(services, settings, { method: "GET", ...address, headers, body: undefined });
  },
});

const restPost = defineServiceFunction({
  name: "REST_POST",
  summary: "Calls a web service by POST.",
  params: [
    URL_PARAM,
    {
      name: "data",
      type: "any",
      about:
        "What to send: a map becomes JSON, with the text of the secrets among its values; a text must be JSON unless the settings say otherwise.",
    },
    CONFIG,
    QUERY,
  ],
  returns: "any",
  result: RESULT,
  needs: ["http"],
  examples: [],
  call: (services, url, data, config, query) => {
    const settings = restSettings(services, "post", config ?? null);
    const headers = { Accept: "application/json", "Content-type": "application/json" };
    return send(services, settings, {
      method: "POST",
      ...addressOf(services, url, query),
      headers,
      body: bodyOf(services, data, settings),
    });
  },
});

export const rest: Namespace = {
  name: "rest",
  summary: "Call web services.",
  functions: [restGet, restPost],
};

/** `shown` is the address without its secrets, for the log. */
type Call = Pick<HttpRequest, "method" | "url" | "headers" | "body"> & { readonly shown: string };

function send(
  services: Services & Required<Pick<Services, "http">>,
  settings: RestSettings,
  { shown, ...call }: Call,
): Value {
  const { method } = call;
  const { user, password, passwordPath, proxyUser, proxyPassword, proxyPasswordPath } = settings;
  const authorization = credentials(services, user, password, passwordPath);
  const outcome = services.http({
    ...call,
    headers: authorization === undefined ? call.headers : { ...call.headers, Authorization: authorization },
    proxy: settings.proxy && {
      ...settings.proxy,
      authorization: credentials(services, proxyUser, proxyPassword, proxyPasswordPath),
    },
    timeout: settings.timeout,
    connectTimeout: settings.connectTimeout,
    socketTimeout: settings.socketTimeout,
  });
  const failure = "failure" in outcome ? outcome.failure : refusal(outcome, settings);
  if (failure !== undefined || "failure" in outcome) {
    services.warn?.("A REST call failed.", { method, url: shown, failure });
    return settings.errorValue;
  }
  if (outcome.body === "") return settings.emptyContent;
  const value = readBody(outcome.body);
  if (value !== undefined) return value;
  services.warn?.("A REST call gave no JSON object.", { method, url: shown });
  return settings.errorValue;
}

function refusal(response: HttpResponse, settings: RestSettings): string | undefined {
  if (!settings.allowedStatus.has(response.status)) return `status ${response.status}`;
  const actual = new TextEncoder().encode(response.body).length;
  if (settings.verifyLength && response.contentLength !== undefined && response.contentLength !== actual) {
    return `${response.contentLength} bytes announced, ${actual} received`;
  }
  return undefined;
}

/** The JSON object that a body is, if it is one. */
function readBody(body: string): StellarMap | undefined {
  try {
    const value = parseJson(body);
    return value instanceof StellarMap ? value : undefined;
  } catch (error) {
    if (!(error instanceof StellarError)) throw error;
    return undefined;
  }
}

/** The address with its parameters; one that is there already is replaced. */
function addressOf(
  services: Services,
  address: string | null,
  query: StellarMap | null | undefined,
): Pick<Call, "url" | "shown"> {
  const url = address === null ? null : URL.parse(address);
  if (url === null) throw new StellarError(`\`${address}\` is not an address to call`);
  const shown = new URL(url);
  shown.username = "";
  shown.password = "";
  for (const [name, given] of query ?? []) {
    const value = revealed(services, given);
    if (typeof value !== "string")
      throw new StellarError(`the parameter \`${toText(name)}\` must be a string`);
    url.searchParams.set(toText(name), value);
    shown.searchParams.set(toText(name), isSecret(given) ? "hidden" : value);
  }
  return { url: url.href, shown: shown.href };
}

function bodyOf(services: Services, data: Value, settings: RestSettings): string {
  if (data === null) return "";
  if (data instanceof StellarMap)
    return compactJson(
      new StellarMap(Array.from(data, ([name, value]) => [name, revealed(services, value)])),
    );
  const text = toText(data);
  // Throws what is wrong with it.
  if (settings.enforceJson) parseJson(text);
  return text;
}

/** The value of a basic authorization header; the password is given, named as a secret, or the whole content of a file. */
function credentials(
  services: Services,
  user: string | undefined,
  given: Value,
  passwordPath: string | undefined,
): string | undefined {
  if (user === undefined || (given === null && passwordPath === undefined)) return undefined;
  const password =
    given === null ? services.platformFiles?.read(passwordPath ?? "") : toText(revealed(services, given));
  if (password === undefined) throw new StellarError(`the password file \`${passwordPath}\` cannot be read`);
  const bytes = new TextEncoder().encode(`${user}:${password}`);
  return `Basic ${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))}`;
}
