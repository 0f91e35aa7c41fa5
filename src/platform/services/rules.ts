import { join } from "node:path";
import type { Context } from "../../core/context.ts";
import type { Services } from "../../stellar/run/services.ts";
import { type StellarMap, toMessage } from "../../stellar/values/value.ts";
import { type AllowedFolders, allowPaths } from "../../storage/allowed-folders.ts";
import { platformFiles } from "./files.ts";
import { allowedHosts, httpAccess } from "./http.ts";
import { objectLookup } from "./objects.ts";
import { secretReader } from "./secrets.ts";

const QUIET = 10_000;

/**
 * What expressions of documents may reach beyond tables and databases: stored objects and, when the global document
 * names hosts in `stellar.rest.allow`, these hosts, their secrets and the files that hold their passwords. They change
 * nothing.
 */
export function ruleServices(
  folders: AllowedFolders,
  globals: StellarMap,
  { clock, log }: Context,
): Partial<Services> {
  const files = join(folders.data, "files");
  const allows = allowedHosts(toMessage(globals.get("stellar.rest.allow") ?? null));
  const told = new Map<string, { at: number; more: number }>();
  const common: Partial<Services> = {
    objects: objectLookup(
      files,
      () => globals,
      () => clock.now(),
    ),
    // A service that is down fails for every message; a log that says so for each would drown all else.
    warn: (sentence, fields) => {
      const last = told.get(sentence);
      if (last !== undefined && clock.now() - last.at < QUIET) {
        last.more++;
        return;
      }
      log.warn(sentence, { ...fields, more: last?.more ?? 0 });
      told.set(sentence, { at: clock.now(), more: 0 });
    },
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
  const { http: _http, platformFiles: _files, secret: _secret, ...rest } = services;
  return rest;
}
