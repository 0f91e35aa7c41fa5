/** Settings of the REST functions: where they come from and what they mean. */

import { StellarError } from "../language/error.ts";
import type { Services } from "../run/services.ts";
import { toBoolean, toInteger } from "../values/conversion.ts";
import { isCollection, StellarMap, toText, type Value } from "../values/value.ts";

export type RestSettings = {
  readonly user: string | undefined;
  /** The password or what names it; wins over a path of the platform's own files. */
  readonly password: Value;
  readonly passwordPath: string | undefined;
  readonly proxy: { readonly host: string; readonly port: number } | undefined;
  readonly proxyUser: string | undefined;
  readonly proxyPassword: Value;
  readonly proxyPasswordPath: string | undefined;
  /** Milliseconds after which the call is given up. */
  readonly timeout: number;
  readonly connectTimeout: number | undefined;
  readonly socketTimeout: number | undefined;
  readonly allowedStatus: ReadonlySet<number>;
  readonly emptyContent: Value;
  readonly errorValue: Value;
  readonly verifyLength: boolean;
  readonly enforceJson: boolean;
};

/** Later layers win: the general global settings, those of the method, the function's own argument. */
export function restSettings(
  services: Services,
  method: "get" | "post",
  given: StellarMap | null,
): RestSettings {
  const globals = services.globals?.();
  const layers = [
    globals?.get("stellar.rest.settings"),
    globals?.get(`stellar.rest.${method}.settings`),
    given,
  ];
  const merged = new StellarMap();
  for (const layer of layers) {
    if (layer instanceof StellarMap) for (const [key, value] of layer) merged.set(key, value);
  }
  return read(merged);
}

function read(settings: StellarMap): RestSettings {
  const text = (key: string) => {
    const value = settings.get(key) ?? null;
    return value === null ? undefined : toText(value);
  };
  const number = (key: string) => {
    const value = settings.get(key) ?? null;
    const converted = toInteger(value);
    if (value !== null && converted === null)
      throw new StellarError(`the setting \`${key}\` must be a whole number`);
    return converted ?? undefined;
  };
  const flag = (key: string, otherwise: boolean) => toBoolean(settings.get(key) ?? null) ?? otherwise;
  const host = text("proxy.host");
  const port = number("proxy.port");
  return {
    user: text("basic.auth.user"),
    password: settings.get("basic.auth.password") ?? null,
    passwordPath: text("basic.auth.password.path"),
    proxy: host === undefined || port === undefined ? undefined : { host, port },
    proxyUser: text("proxy.basic.auth.user"),
    proxyPassword: settings.get("proxy.basic.auth.password") ?? null,
    proxyPasswordPath: text("proxy.basic.auth.password.path"),
    timeout: number("timeout") ?? 1000,
    connectTimeout: number("connect.timeout"),
    socketTimeout: number("socket.timeout"),
    allowedStatus: allowed(settings.get("response.codes.allowed") ?? null),
    emptyContent: settings.get("empty.content.override") ?? null,
    errorValue: settings.get("error.value.override") ?? null,
    verifyLength: flag("verify.content.length", false),
    enforceJson: flag("enforce.json", true),
  };
}

function allowed(codes: Value): ReadonlySet<number> {
  if (codes === null) return new Set([200]);
  const list = isCollection(codes) ? Array.from(codes) : [codes];
  return new Set(list.map((code) => toInteger(code) ?? Number.NaN));
}
