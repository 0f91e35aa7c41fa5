/** What shippers are answered, in the words of Elasticsearch. */
import type { Action } from "./bulk-items.ts";

export type ItemAnswer = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** What `GET /` answers: shippers look at the version before they send. */
export function handshake(version: string, uuid: string): object {
  return {
    name: "metron",
    cluster_name: "metron",
    cluster_uuid: uuid,
    version: {
      number: version,
      build_flavor: "default",
      build_type: "tar",
      build_hash: "unknown",
      build_date: "2025-01-01T00:00:00.000Z",
      build_snapshot: false,
      lucene_version: "9.12.0",
      minimum_wire_compatibility_version: "7.17.0",
      minimum_index_compatibility_version: "7.0.0",
    },
    tagline: "You Know, for Search",
  };
}

/** What `GET /_license` answers: shippers of Elastic want a licence that is active. */
export const LICENSE = {
  license: { status: "active", uid: "metron", type: "basic", issue_date_in_millis: 0, max_nodes: 1000 },
};

/** An item that is durable. Documents get no identity here, so one that was not sent is none. */
export function stored({ verb, index, id }: Action): ItemAnswer {
  return {
    [verb]: {
      ...{ _index: index, _id: id ?? "", _version: 1, result: "created" },
      ...{ _shards: { total: 1, successful: 1, failed: 0 }, _seq_no: 0, _primary_term: 1, status: 201 },
    },
  };
}

/** An item that is not taken, and no other try changes that. */
export function refused({ verb, index, id }: Action, reason: string): ItemAnswer {
  return {
    [verb]: {
      ...{ _index: index, _id: id ?? "", status: 400 },
      error: { type: "illegal_argument_exception", reason },
    },
  };
}

/** A request that is not taken. */
export function problem(status: number, type: string, reason: string): object {
  const cause = { type, reason };
  return { error: { root_cause: [cause], ...cause }, status };
}
