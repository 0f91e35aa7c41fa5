import { join } from "node:path";
import type { GlobalDocument } from "../../config/global.ts";
import { type Clock, type Context, type Log, type LogFields, steadyClock } from "../../core/context.ts";
import { ModelEndpoints } from "../../models/http/endpoints.ts";
import type { Services } from "../../stellar/run/services.ts";
import { type StellarMap, toMessage } from "../../stellar/values/value.ts";
import { type AllowedFolders, allowPaths } from "../../storage/allowed-folders.ts";
import { platformFiles } from "./files.ts";
import { allowedHosts, httpAccess } from "./http.ts";
import { objectLookup } from "./objects.ts";
import { secretReader } from "./secrets.ts";

/** How long the log says the same thing only once, milliseconds. */
const QUIET = 10_000;

/**
 * What expressions of documents may reach beyond tables and databases: stored objects, registered models and, when the global document
 * names hosts in `stellar.rest.allow`, these hosts, their secrets and the files that hold their passwords. They change
 * nothing.
 */
export function ruleServices(
  folders: AllowedFolders,
  globals: StellarMap,
  endpoints: GlobalDocument["models"],
  { clock, log }: Context,
): Partial<Services> {
  const files = join(folders.data, "files");
  const allows = allowedHosts(toMessage(globals.get("stellar.rest.allow") ?? null));
  const warn = quietly(log, clock);
  const common: Partial<Services> = {
    models: new ModelEndpoints(endpoints, {
      ...{ clock: steadyClock, warn, random: Math.random },
      // Only what the document names is asked for.
      send: httpAccess(() => true),
    }),
    objects: objectLookup(
      files,
      () => globals,
      () => clock.now(),
    ),
    warn,
  };
  if (allows === undefined) return common;
  return {
    ...common,
    http: httpAccess(allows),
    platformFiles: platformFiles(files, false),
    secret: secretReader(allowPaths(folders)),
  };
}

/** The same for who evaluates an expression on the server, where nobody may be kept waiting. */
export function withoutWaiting(services: Services): Services {
  const { http: _http, models: _models, platformFiles: _files, secret: _secret, ...rest } = services;
  return rest;
}

/**
 * A log in which a sentence stands once per while and endpoint, with how many `more` there were in the while before: a service that is
 * down fails for every message, and a log that says so for each would drown all else. Endpoints are registered, so they are few.
 */
function quietly(log: Log, clock: Clock): (sentence: string, fields: LogFields) => void {
  const told = new Map<string, { at: number; more: number }>();
  return (sentence, fields) => {
    const key = JSON.stringify([sentence, fields.endpoint]);
    const now = clock.now();
    const last = told.get(key);
    // A clock that was set back must not keep it quiet for longer.
    if (last !== undefined && now >= last.at && now - last.at < QUIET) {
      last.more++;
      return;
    }
    log.warn(sentence, { ...fields, more: last?.more ?? 0 });
    told.set(key, { at: now, more: 0 });
  };
}
