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
import { type Kind, kindOf } from "../../config/kinds.ts";
import type { Version } from "../../config/store.ts";
import { Fault } from "../../core/fault.ts";
import type { Platform } from "../../platform/platform.ts";
import { placeExpressions, refine } from "../expression-places.ts";
import { implement } from "../implement.ts";
import { diagnosticsOf } from "../problems.ts";

/** Faults of a document that a check tells as mistakes in it. */
const MISTAKES: ReadonlySet<string> = new Set(["CONFIG_INVALID", "PATH_NOT_ALLOWED"]);

/** Who publishes while there are no users: whoever can reach the loopback address. */
const AUTHOR = "local";

export function configRoutes(app: FastifyInstance, platform: Platform): void {
  const { config } = platform;
  const now = () => platform.context.clock.now();

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
  const publish = async (kind: Kind, name: string, text: string | null, note: string, base?: number) => {
    const change = { kind, name, text, ...(base === undefined ? {} : { base }) };
    const [version] = await platform.publish([change], { author: AUTHOR, at: now(), note });
    return head(version as Version);
  };

  implement(app, listDocuments, ({ query }) => ({
    documents: (query.kind === undefined
      ? config.list().filter(({ kind }) => kindOf(kind).isListed)
      : config.list(query.kind)
    ).map(head),
  }));

  implement(app, publishDocuments, async ({ body }) => {
    const changes = body.documents.map(({ base, ...document }) => ({
      ...document,
      ...(base === undefined ? {} : { base }),
    }));
    const versions = await platform.publish(changes, { author: AUTHOR, at: now(), note: body.note });
    return { documents: versions.map(head) };
  });

  implement(app, getDocument, ({ params, query }) => {
    const found = find(params.kind, params.name, query.version);
    return { ...head(found), text: found.text };
  });

  implement(app, publishDocument, ({ params, body }) =>
    publish(params.kind, params.name, body.text, body.note, body.base),
  );

  implement(app, withdrawDocument, async ({ params }) => {
    find(params.kind, params.name);
    await publish(params.kind, params.name, null, "Withdrawn.");
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

  implement(app, rollbackDocument, ({ params, body }) => {
    const old = find(params.kind, params.name, body.version);
    return publish(params.kind, params.name, old.text, body.note || `Back to version ${body.version}.`);
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

function head({ kind, name, version, author, at, note }: Version) {
  return { kind, name, version, author, at, note };
}
