import { type Content, joined, said } from "./content.ts";
import type { Turn } from "./talk.ts";

export type Exchange = {
  readonly method: string;
  readonly host: string;
  readonly uri: string;
  readonly agent: string;
  readonly status: number;
  /** The type of what is answered. */
  readonly mime: string;
  readonly body: Content;
  /** What is sent along with the question, and its type. */
  readonly upload?: { readonly mime: string; readonly body: Content };
};

const REASONS: Readonly<Record<number, string>> = { 200: "OK", 201: "Created", 404: "Not Found" };

export const reasonOf = (status: number): string => REASONS[status] ?? "Unknown";

/** A question in HTTP/1.1 and its answer (RFC 9112). */
export function httpTurns({ method, host, uri, agent, status, mime, body, upload }: Exchange): Turn[] {
  const asked = [`${method} ${uri} HTTP/1.1`, `Host: ${host}`, `User-Agent: ${agent}`, "Accept: */*"];
  if (upload !== undefined)
    asked.push(`Content-Type: ${upload.mime}`, `Content-Length: ${upload.body.length}`);
  const answered = [
    `HTTP/1.1 ${status} ${reasonOf(status)}`,
    "Server: nginx",
    `Content-Type: ${mime}`,
    `Content-Length: ${body.length}`,
    "Connection: close",
  ];
  const head = (lines: readonly string[]) => said(`${lines.join("\r\n")}\r\n\r\n`);
  return [
    { side: 0, content: upload === undefined ? head(asked) : joined(head(asked), upload.body) },
    { side: 1, content: joined(head(answered), body), wait: 18 },
  ];
}
