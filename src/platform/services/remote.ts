/** The running platform as the shell's expressions reach it: through its REST interface, waiting for each answer. */
import { API_BASE } from "../../api/endpoint.ts";
import { StellarError } from "../../stellar/language/error.ts";
import type { Services } from "../../stellar/run/services.ts";
import type { Documents } from "./configuration.ts";
import { sendAndWait } from "./http.ts";

type Json = Readonly<Record<string, unknown>>;

const TIMEOUT = 30_000;
const HEADERS = { Accept: "application/json", "Content-Type": "application/json" };
const NOTE = "Published by CONFIG_PUT.";

export type RemotePlatform = {
  readonly documents: Documents;
  /** The published documents of functions. */
  readonly functions: () => { readonly name: string; readonly text: string }[];
  readonly services: Pick<Services, "geo" | "asn" | "tables">;
};

/** @param url where the platform's server is, such as http://127.0.0.1:8765 */
export function remotePlatform(url: string): RemotePlatform {
  const evaluate = (expression: string, message: Json): Json | undefined => {
    const answer = call(url, "POST", "/stellar/evaluate", { expression, message });
    const { value, diagnostics } = answer as { value?: unknown; diagnostics: readonly { message: string }[] };
    if (value === undefined) throw new StellarError(diagnostics[0]?.message ?? `${expression} has no value`);
    return value === null || Object.keys(value as Json).length === 0 ? undefined : (value as Json);
  };
  const read: Documents["read"] = (kind, name) => {
    const answer = call(url, "GET", `/config/documents/${kind}/${encodeURIComponent(name)}`);
    return answer === undefined ? undefined : String((answer as { text: unknown }).text);
  };
  const row = "type, indicator, table, columnFamily";
  return {
    documents: {
      read,
      write: (kind, name, text) => {
        call(url, "PUT", `/config/documents/${kind}/${encodeURIComponent(name)}`, { text, note: NOTE });
      },
    },
    functions: () => {
      const { documents } = call(url, "GET", "/config/documents?kind=functions") as {
        documents: readonly { name: string }[];
      };
      return documents.map(({ name }) => ({
        name: `functions/${name}`,
        text: read("functions", name) ?? "",
      }));
    },
    services: {
      geo: (ip) => evaluate("GEO_GET(ip)", { ip }),
      asn: (ip) => evaluate("ASN_GET(ip)", { ip }),
      tables: (key) => {
        const found = evaluate(`{'row': ENRICHMENT_EXISTS(${row}) ? ENRICHMENT_GET(${row}) : null}`, key);
        return (found?.row ?? undefined) as Json | undefined;
      },
    },
  };
}

/** One call; undefined when there is no such thing. Throws a StellarError with what the server says. */
function call(url: string, method: string, path: string, body?: Json): unknown {
  const answer = sendAndWait({
    method,
    url: `${url}${API_BASE}${path}`,
    headers: HEADERS,
    body: body === undefined ? undefined : JSON.stringify(body),
    proxy: undefined,
    timeout: TIMEOUT,
    connectTimeout: undefined,
    socketTimeout: undefined,
  });
  if ("failure" in answer)
    throw new StellarError(`the platform at ${url} does not answer: ${answer.failure}`);
  if (answer.status === 404) return undefined;
  const content = parsed(answer.body);
  if (answer.status === 200) return content;
  const { detail } = (content ?? {}) as { detail?: unknown };
  throw new StellarError(`the platform refuses: ${detail ?? `status ${answer.status}`}`);
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
