/** Secrets that settings name: an expression holds the reference, a function that sends something reads the text. */
import type { SecretReference } from "../../core/secret.ts";
import { StellarError } from "../language/error.ts";
import type { Services } from "../run/services.ts";
import { StellarMap, type Value } from "../values/value.ts";

declare module "../run/services.ts" {
  interface Services {
    /** Reads the text of a secret now. Throws a StellarError, which names the reference, when it cannot be read. */
    readonly secret?: (reference: SecretReference) => string;
  }
}

/** Tells whether a value names a secret: the map `{ 'secret': { 'file': PATH } }`, or with `env`. */
export function isSecret(value: Value | undefined): value is StellarMap {
  return referenceOf(value) !== undefined;
}

/** The text of the secret that a value names; any other value as it is. Throws a StellarError. */
export function revealed(services: Services, value: Value): Value {
  const reference = referenceOf(value);
  if (reference === undefined) return value;
  if (services.secret === undefined) throw new StellarError("secrets cannot be read here");
  return services.secret(reference);
}

function referenceOf(value: Value | undefined): SecretReference | undefined {
  const named = value instanceof StellarMap && value.size === 1 ? value.get("secret") : undefined;
  if (!(named instanceof StellarMap) || named.size !== 1) return undefined;
  const [file, env] = [named.get("file"), named.get("env")];
  if (typeof file === "string") return { file };
  return typeof env === "string" ? { env } : undefined;
}
