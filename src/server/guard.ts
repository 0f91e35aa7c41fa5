import { isIP } from "node:net";
import type { FastifyInstance } from "fastify";
import { type Actor, LOCAL } from "../core/actor.ts";
import { Fault } from "../core/fault.ts";
import { isLoopback } from "../core/loopback.ts";

/** What to do about a call that a page of another site made. */
const OTHER_SITE =
  "Call from the page of this server or from a program. The names of a reverse proxy are listed under `server.names` in the global document.";

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
 * Who asks from an address, while there are no accounts: whoever is on this machine is its administrator, also a reverse
 * proxy for those that it let in. From elsewhere comes nobody, or an administrator where everybody was allowed in.
 */
export function actorAt(address: string | undefined, mayServeOthers: boolean): Actor {
  // An IPv4 client of a socket that takes both versions.
  const name = address?.replace(/^::ffff:/, "") ?? "a connection that is gone";
  if (isLoopback(name)) return LOCAL;
  return { name, role: mayServeOthers ? "admin" : "open" };
}

/**
 * What every answer carries and every request must pass while there are no accounts yet: a name that a hostile page made
 * to point here is refused (DNS rebinding), and a call that changes something must not come from another site's page.
 * @param host where the server listens
 * @param names host names that a reverse proxy offers the page under, as they are now
 */
export function guard(app: FastifyInstance, host: string, names: () => readonly string[]): void {
  const isOurs = (name: string) => {
    if (isLoopback(name) || name === host.toLowerCase() || names().includes(name)) return true;
    // No page can make an address point elsewhere; who asks for one has reached it.
    return !isLoopback(host) && isIP(name) !== 0;
  };
  app.addHook("onRequest", async (request, reply) => {
    reply.headers({
      "content-security-policy": CONTENT_POLICY,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
    });
    const { host: asked, origin, "sec-fetch-site": site } = request.headers;
    if (!isOurs(hostOf(asked))) {
      throw new Fault(
        "REQUEST_INVALID",
        asked === undefined
          ? "answering a request that names no host: send a `Host` header"
          : `answering a request for host ${asked}: this server does not go by that name; \`server.names\` in the global document lists the names of a reverse proxy`,
      );
    }
    if (request.method === "GET") return;
    const page = origin === undefined ? null : URL.parse(origin);
    if (origin !== undefined && page?.host !== asked && !names().includes(page?.hostname ?? "")) {
      throw new Fault(
        "REQUEST_INVALID",
        `answering a ${request.method} from a page of ${origin}: calls of other sites are refused`,
        { advice: OTHER_SITE },
      );
    }
    if (site !== undefined && site !== "same-origin" && site !== "none") {
      throw new Fault(
        "REQUEST_INVALID",
        `answering a ${request.method} from another site (${site}): refused`,
        { advice: OTHER_SITE },
      );
    }
  });
}

function hostOf(header: string | undefined): string {
  const match = /^(\[[^\]]*\]|[^:]*)(?::\d+)?$/.exec(header ?? "");
  return (match?.[1] ?? "").replace(/^\[|\]$/g, "").toLowerCase();
}
