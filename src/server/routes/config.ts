import type { FastifyInstance } from "fastify";
import {
  checkDocument,
  documentDiff,
  documentHistory,
  getDocument,
  listDocuments,
  publishDocument,
  publishDocuments,
  rollbackDocument,
  withdrawDocument,
} from "../../api/config.ts";
import type { Diagnostic } from "../../api/problem.ts";
import { diffLines } from "../../config/diff.ts";
import { readGlobal } from "../../config/global.ts";
import type { Change, Kind, Version } from "../../config/store.ts";
import type { Actor } from "../../core/actor.ts";
import { Fault } from "../../core/fault.ts";
import type { Platform } from "../../platform/platform.ts";
import { placeExpressions, refine } from "../expression-places.ts";
import { implement } from "../implement.ts";
import { diagnosticsOf } from "../problems.ts";

/** Faults of a document that a check tells as mistakes in it. */
const MISTAKES: ReadonlySet<string> = new Set(["CONFIG_INVALID", "PATH_NOT_ALLOWED"]);

export function configRoutes(app: FastifyInstance, platform: Platform): void {
  const { config } = platform;
  const missing = (kind: Kind, name: string, version?: number) =>
    new Fault(
      "CONFIG_NOT_FOUND",
      `reading ${kind}/${name}${version === undefined ? "" : ` version ${version}`}: there is none`,
    );
  const find = (kind: Kind, name: string, version?: number): Version & { text: string } => {
    const found = config.get(kind, name, version);
    if (found === undefined || found.text === null) throw missing(kind, name, version);
    return { ...found, text: found.text };
  };
  const publish = (changes: readonly Change[], actor: Actor, note: string) =>
    platform.publish(changes, { author: actor.name, at: platform.context.clock.now(), note });
  const publishOne = async (change: Change, actor: Actor, note: string) => {
    const [version] = await publish([change], actor, note);
    return head(version as Version);
  };

  implement(app, listDocuments, ({ query }) => ({
    documents: (query.kind === undefined ? config.list().filter(isShown) : config.list(query.kind)).map(head),
  }));

  implement(app, publishDocuments, async ({ actor, body }) => {
    const versions = await publish(body.documents.map(changeOf), actor, body.note);
    return { documents: versions.map(head) };
  });

  implement(app, getDocument, ({ params, query }) => {
    const found = find(params.kind, params.name, query.version);
    return { ...head(found), text: found.text };
  });

  implement(app, publishDocument, ({ actor, params, body: { note, ...document } }) =>
    publishOne(changeOf({ ...params, ...document }), actor, note),
  );

  implement(app, withdrawDocument, async ({ actor, params }) => {
    find(params.kind, params.name);
    await publishOne({ ...params, text: null }, actor, "Withdrawn.");
    return { withdrawn: true as const };
  });

  implement(app, documentHistory, ({ params }) => ({
    versions: config
      .history(params.kind, params.name)
      .map((version) => ({ ...head(version), withdrawn: version.text === null })),
  }));

  implement(app, documentDiff, ({ params, query }) => {
    // Nothing was there before the first version, nor is after a withdrawal.
    const text = (version: number) => {
      const found = version === 0 ? { text: "" } : config.get(params.kind, params.name, version);
      if (found === undefined) throw missing(params.kind, params.name, version);
      return found.text ?? "";
    };
    return { lines: diffLines(text(query.from), text(query.to)) };
  });

  implement(app, rollbackDocument, ({ actor, params, body }) => {
    const { text } = find(params.kind, params.name, body.version);
    return publishOne({ ...params, text }, actor, body.note || `Back to version ${body.version}.`);
  });

  implement(app, checkDocument, async ({ body }) => {
    const expressions = body.kind === "sensor" ? placeExpressions(body.text) : undefined;
    const environment = () =>
      platform.services.environment(readGlobal(config.get("global", "global")?.text ?? "", "global"));
    const found = await findings(body);
    if (expressions === undefined) return { diagnostics: found };
    return {
      diagnostics: refine(found, expressions, body.text, environment()),
      expressions: expressions.map(({ from, to }) => ({ from, to })),
    };
  });

  /** What keeps a document from being published, or else what is probably not meant. */
  async function findings(document: { kind: Kind; name: string; text: string }): Promise<Diagnostic[]> {
    try {
      const warnings = await platform.check([document]);
      return diagnosticsOf(warnings).map((found) => ({ ...found, severity: "warning" as const }));
    } catch (error) {
      if (!(error instanceof Fault) || !MISTAKES.has(error.code)) throw error;
      const mistakes = (error.details?.mistakes ?? []) as Parameters<typeof diagnosticsOf>[0];
      return diagnosticsOf(
        mistakes.length > 0 ? mistakes : [{ line: 1, column: 1, path: "", message: error.message }],
      );
    }
  }
}

/** What a request changes; a base that it leaves out is not there at all. */
function changeOf({ base, ...document }: Omit<Change, "base"> & { base?: number | undefined }): Change {
  return base === undefined ? document : { ...document, base };
}

function isShown(version: Version): boolean {
  return version.kind !== "functions";
}

function head({ kind, name, version, author, at, note }: Version) {
  return { kind: kind as "sensor" | "global", name, version, author, at, note };
}
