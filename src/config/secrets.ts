import { isAlias, isMap, isScalar, isSeq, parseDocument } from "yaml";
import { SECRET_VARIABLE, type SecretReference } from "../core/secret.ts";
import { placeOf } from "../stellar/language/report.ts";
import type { Kind } from "./kinds.ts";
import type { Change } from "./store.ts";
import { type Document, type Mistake, mistakeIn } from "./yaml.ts";

/**
 * Credentials in documents. A document should name where one is (`secret: { file }`, `secret: { env }`). Imported
 * documents hold them in plain text: these work as before, publishing warns of them, and who only reads does not see them.
 */

/** Where a document of a kind holds free values, which may name or be credentials. */
const FREE: Readonly<Partial<Record<Kind, string>>> = { global: "global", sensor: "variables" };
/** What a key ends with that holds a credential. One that names a file of it ends otherwise (`password.path`). */
const CREDENTIAL =
  /(?:pass(?:word|wd|phrase)|secret|token|credential|(?:api|access|private|secret)[._-]?key)s?$/i;
/** The password in an address with a user: `https://user:password@host`. */
const IN_ADDRESS = /\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s/?#'"@:]*:([^\s/?#'"@]+)@/dgi;
const HIDDEN = "<hidden>";
/** Credentials told per document at the most; all are hidden. */
const TOLD = 100;
const CURE =
  "a credential in plain text is kept in the history for ever; write `secret: { file: PATH }` or `secret: { env: METRON_SECRET_NAME }` in its place";
const CURE_IN_ADDRESS =
  "an address with a password keeps it in the history for ever; name the user and a secret in the settings of the call (`basic.auth.user`, `basic.auth.password`)";

/** Credentials in plain text, the first hundred: where they are and what to do instead. Their text is no part of the answer. */
export function plainCredentials(changes: readonly Change[]): (Mistake & { readonly document: string })[] {
  return changes.flatMap(({ kind, name, text }) => {
    if (text === null) return [];
    const document = kind === "global" ? "global" : `${kind}/${name}`;
    return spansOf(kind, text)
      .slice(0, TOLD)
      .map(({ from, path, inAddress }) => ({
        ...placeOf(text, from),
        ...{ document, path, message: inAddress ? CURE_IN_ADDRESS : CURE },
      }));
  });
}

/** A document for those who only read: its plain credentials are hidden, its lines are the same in number. */
export function withoutCredentials(kind: Kind, text: string): string {
  const parts: string[] = [];
  let at = 0;
  for (const { from, to, inAddress } of spansOf(kind, text)) {
    const ends = "\n".repeat(text.slice(from, to).split("\n").length - 1);
    parts.push(text.slice(at, from), inAddress ? HIDDEN : `"${HIDDEN}"${ends}`);
    at = to;
  }
  return [...parts, text.slice(at)].join("");
}

/**
 * What is wrong with the secrets that a document names.
 * @param refusal says why a secret cannot be read; undefined when it can
 */
export function wrongReferences(
  kind: Kind,
  document: Document,
  refusal: (reference: SecretReference) => string | undefined,
): Mistake[] {
  const free = FREE[kind];
  if (free === undefined) return [];
  const mistakes: Mistake[] = [];
  const look = (value: unknown, path: readonly PropertyKey[]): void => {
    if (typeof value !== "object" || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      const at = [...path, key];
      if (key !== "secret" || !isReference(inner)) {
        look(inner, at);
        continue;
      }
      const message = wrongReference(inner, refusal);
      if (message !== undefined) mistakes.push(mistakeIn(document, at, message));
    }
  };
  look((document.data as Record<string, unknown> | null)?.[free], [free]);
  return mistakes;
}

function isReference(value: unknown): value is Partial<Record<string, unknown>> {
  return typeof value === "object" && value !== null && ("file" in value || "env" in value);
}

function wrongReference(
  written: Partial<Record<string, unknown>>,
  refusal: (reference: SecretReference) => string | undefined,
): string | undefined {
  const { file, env } = written;
  if (Object.keys(written).length !== 1) return "expected either `file` or `env`, and nothing else";
  if (typeof file === "string") return refusal({ file });
  if (typeof env !== "string") return "expected a text";
  if (SECRET_VARIABLE.test(env)) return refusal({ env });
  return `\`${env}\` is no secret of Metron: the names of these variables begin with METRON_SECRET_`;
}

/** A credential in a text: offsets of what hides it. `path` is empty where the text is no YAML. */
type Span = {
  readonly from: number;
  readonly to: number;
  readonly path: string;
  readonly inAddress: boolean;
};

/** The plain credentials of a text in order; none is within another. */
function spansOf(kind: Kind, text: string): Span[] {
  const byKey = spansByKey(kind, text);
  const found = [...byKey];
  let next = 0;
  for (const { indices } of text.matchAll(IN_ADDRESS)) {
    const [from = 0, to = 0] = indices?.[1] ?? [];
    while ((byKey[next]?.to ?? Number.POSITIVE_INFINITY) <= from) next++;
    const isWithin = (byKey[next]?.from ?? Number.POSITIVE_INFINITY) < to;
    if (!isWithin) found.push({ from, to, path: "", inAddress: true });
  }
  return found.sort((a, b) => a.from - b.from);
}

/** Values that are under the key of a credential, or in a map or list below it, in order. */
function spansByKey(kind: Kind, text: string): Span[] {
  const free = FREE[kind];
  if (free === undefined) return [];
  // Whether keys are unique was checked when it was published, and takes the square of their number.
  const document = parseDocument(text, { uniqueKeys: false });
  // By where they begin: an anchored value may be used at several places.
  const found = new Map<number, Span>();
  const look = (written: unknown, path: readonly string[], isCredential: boolean): void => {
    const node = isAlias(written) ? written.resolve(document) : written;
    if (isSeq(node))
      for (const [index, item] of node.items.entries()) look(item, [...path, String(index)], isCredential);
    if (isMap(node))
      for (const { key, value } of node.items) {
        const name = isScalar(key) ? String(key.value) : "";
        if (name === "secret" && isMap(value) && (value.has("file") || value.has("env"))) continue;
        look(value, [...path, name], isCredential || CREDENTIAL.test(name));
      }
    if (!isCredential || !isScalar(node) || node.value === null || node.value === "") return;
    const [from, to] = node.range ?? [0, 0];
    found.set(from, { from, to, path: path.join("."), inAddress: false });
  };
  look(document.get(free, true), [free], false);
  return [...found.values()].sort((a, b) => a.from - b.from);
}
