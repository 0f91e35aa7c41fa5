import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { listDocuments } from "../../../api/config.ts";
import { call } from "../../call.ts";
import { Notice } from "../../parts/notice.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { DocumentEditor } from "./document-editor.tsx";
import "./config-page.css";

/** What is changed most comes first. */
const RANK = { sensor: 0, global: 1, functions: 2, profiles: 3 };

/** The documents the platform runs by: read, change, publish, compare, return. */
export function ConfigPage() {
  const { doc } = useSearch({ strict: false }) as { doc?: string };
  const navigate = useNavigate();
  const { data, error, refetch, isPending } = useQuery({
    queryKey: ["documents"],
    queryFn: async ({ signal }) => (await call(listDocuments, { signal })).documents,
    staleTime: 0,
  });
  const documents = [...(data ?? [])].sort(
    (a, b) => RANK[a.kind] - RANK[b.kind] || a.name.localeCompare(b.name),
  );
  const chosen = documents.find(({ kind, name }) => `${kind}/${name}` === doc) ?? documents[0];
  if (error !== null && data === undefined) return <ProblemNotice error={error} onRetry={() => refetch()} />;
  return (
    <div className="config">
      <title>Configuration – Metron</title>
      <nav className="config-list" aria-label="Documents">
        <h1>Documents</h1>
        {isPending && <p className="dim">Reading…</p>}
        <ul>
          {documents.map(({ kind, name, version }) => {
            const id = `${kind}/${name}`;
            const current = chosen !== undefined && id === `${chosen.kind}/${chosen.name}`;
            return (
              <li key={id}>
                <button
                  type="button"
                  aria-current={current || undefined}
                  onClick={() => navigate({ to: "/config", search: { doc: id } as never })}
                >
                  <span>{name}</span>
                  <span className="dim">
                    {kind === "sensor" ? "" : `${kind} `}v{version}
                  </span>
                </button>
              </li>
            );
          })}
        </ul>
      </nav>
      {chosen !== undefined && <DocumentEditor key={`${chosen.kind}/${chosen.name}`} head={chosen} />}
      {data?.length === 0 && (
        <Notice title="No document yet">
          Publish a sensor document with <code>metron config publish config/sensors/*.yaml</code>.
        </Notice>
      )}
    </div>
  );
}
