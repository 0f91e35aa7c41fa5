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
import type { ResponseOf } from "../../api/endpoint.ts";
import type { Diagnostic } from "../../api/problem.ts";
import { diffLines } from "../../config/diff.ts";
import { type Kind, kindOf } from "../../config/kinds.ts";
import { plainCredentials, withoutCredentials } from "../../config/secrets.ts";
import type { Change, Version } from "../../config/store.ts";
import { type Actor, mayAct } from "../../core/actor.ts";
import { Fault } from "../../core/fault.ts";
import type { Platform } from "../../platform/platform.ts";
import { placeExpressions } from "../expression-places.ts";
import { implement } from "../implement.ts";
import { diagnosticsOf } from "../problems.ts";

/** Faults of a document that a check tells as mistakes in it. */
const MISTAKES: ReadonlySet<string> = new Set(["CONFIG_INVALID", "PATH_NOT_ALLOWED"]);

export function configRoutes(app: FastifyInstance, platform: Platform): void {
  const { config } = platform;
  const missing = (kind: Kind, name: string, version?: number) =>
    new Fault(
      "CONFIG_NOT_FOUND",
      `reading ${kind}/${name}${version === undefined ? "" : ` version ${version}`}: there is no such document`,
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
    return { ...head(version as Version), ...warningsOf([change]), ...(await elsewhere()) };
  };
  /** Where what was just published is not in force, if anywhere. */
  const elsewhere = async () => {
    const found = await platform.notInForce();
    if (found.length === 0) return {};
    return { notInForce: found.map(({ name, reason }) => ({ process: name, reason })) };
  };

  implement(app, listDocuments, ({ query }) => ({
    documents: (query.kind === undefined
      ? config.list().filter(({ kind }) => kindOf(kind).isListed)
      : config.list(query.kind)
    ).map(head),
  }));

  implement(app, publishDocuments, async ({ actor, body }) => {
    const changes = body.documents.map(changeOf);
    const versions = await publish(changes, actor, body.note);
    return { documents: versions.map(head), ...warningsOf(changes), ...(await elsewhere()) };
  });

  implement(app, getDocument, ({ actor, params: { kind, name }, query }) => {
    const found = find(kind, name, query.version);
    // A person who publishes must get back what is there; one who only reads need not know it.
    const mayPublish = mayAct(actor, publishDocument.role);
    return { ...head(found), text: mayPublish ? found.text : withoutCredentials(kind, found.text) };
  });

  implement(app, publishDocument, ({ actor, params, body: { note, ...document } }) =>
    publishOne(changeOf({ ...params, ...document }), actor, note),
  );

  implement(app, withdrawDocument, async ({ actor, params }) => {
    find(params.kind, params.name);
    const { notInForce } = await publishOne({ ...params, text: null }, actor, "Withdrawn.");
    return { withdrawn: true as const, ...(notInForce && { notInForce }) };
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
    return { lines: shownLines(params.kind, text(query.from), text(query.to)) };
  });

  implement(app, rollbackDocument, ({ actor, params, body }) => {
    const { text } = find(params.kind, params.name, body.version);
    return publishOne({ ...params, text }, actor, body.note || `Back to version ${body.version}.`);
  });

  implement(app, checkDocument, async ({ body }) => {
    const { components } = platform.services;
    const expressions = body.kind === "sensor" ? placeExpressions(body.text, components) : undefined;
    const diagnostics = await findings(body);
    return expressions === undefined ? { diagnostics } : { diagnostics, expressions: [...expressions] };
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

/** The lines of two versions with their credentials hidden; one that changed is told by its line all the same. */
function shownLines(kind: Kind, older: string, newer: string) {
  const shown = [older, newer].map((text) => withoutCredentials(kind, text).split("\n"));
  const at = [0, 0];
  return diffLines(older, newer).map(({ change, text }) => {
    const [before = 0, after = 0] = at;
    if (change !== "added") at[0] = before + 1;
    if (change !== "removed") at[1] = after + 1;
    return { change, text: (change === "removed" ? shown[0]?.[before] : shown[1]?.[after]) ?? text };
  });
}

/** Credentials in plain text in the changes, told to the person who publishes them. */
function warningsOf(changes: readonly Change[]): Pick<ResponseOf<typeof publishDocuments>, "warnings"> {
  const warnings = plainCredentials(changes).flatMap(({ document, ...mistake }) =>
    diagnosticsOf([mistake]).map((found) => ({ ...found, severity: "warning" as const, document })),
  );
  return warnings.length === 0 ? {} : { warnings };
}

function head({ kind, name, version, author, at, note }: Version) {
  return { kind, name, version, author, at, note };
}
