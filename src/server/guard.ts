import type { FastifyInstance } from "fastify";
import { Fault } from "../core/fault.ts";

const CONTENT_POLICY = [
  "default-src 'self'",
  "script-src 'self'",
  // Mantine and CodeMirror set style elements; no payload ever reaches one.
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

/**
 * What every answer carries and every request must pass while there are no users yet: only this machine may call, a
 * name that a hostile page made to point here is refused (DNS rebinding), and a call that changes something must not
 * come from another site's page.
 */
export function guard(app: FastifyInstance, host: string): void {
  const loopback = isLoopback(host);
  app.addHook("onRequest", async (request, reply) => {
    reply.headers({
      "content-security-policy": CONTENT_POLICY,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
    });
    if (loopback && !isLoopback(hostOf(request.headers.host))) {
      throw new Fault(
        "REQUEST_INVALID",
        `answering a request for host ${request.headers.host}: this server is for this machine only`,
      );
    }
    const origin = request.headers.origin;
    if (
      origin !== undefined &&
      request.method !== "GET" &&
      URL.parse(origin)?.host !== request.headers.host
    ) {
      throw new Fault(
        "REQUEST_INVALID",
        `answering a ${request.method} from a page of ${origin}: calls of other sites are refused`,
      );
    }
    const site = request.headers["sec-fetch-site"];
    if (request.method !== "GET" && site !== undefined && site !== "same-origin" && site !== "none") {
      throw new Fault(
        "REQUEST_INVALID",
        `answering a ${request.method} from another site (${site}): refused`,
      );
    }
  });
}

function hostOf(header: string | undefined): string {
  const match = /^(\[[^\]]*\]|[^:]*)(?::\d+)?$/.exec(header ?? "");
  return (match?.[1] ?? "").replace(/^\[|\]$/g, "").toLowerCase();
}

/** Tells whether a host name or address is this machine's own. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}
