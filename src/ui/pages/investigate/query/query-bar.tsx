import { ActionIcon, SegmentedControl, Tooltip } from "@mantine/core";
import { IconSearch, IconX } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useId, useMemo, useRef } from "react";
import { facetMessages } from "../../../../api/search.ts";
import { offsetOf } from "../../../../query/place.ts";
import { fieldText } from "../../../../query/to-text.ts";
import { call, problemOf } from "../../../call.ts";
import { type Shortcuts, useShortcuts } from "../../../parts/keys.ts";
import { WithCode } from "../../../parts/with-code.tsx";
import { type PageState, resolveBounds, type View } from "../state.ts";
import { useFields } from "../use-fields.ts";
import type { Change } from "../use-page-state.ts";
import type { QueryWords } from "./query-completion.ts";
import type { QueryEditorHandle } from "./query-editor.tsx";
import { QueryHelp } from "./query-help.tsx";
import { withoutPlace } from "./query-mistake.ts";
import "./query-bar.css";

const QueryEditor = lazy(async () => ({ default: (await import("./query-editor.tsx")).QueryEditor }));

type Props = {
  readonly state: PageState;
  readonly change: Change;
  /** What the server said about the query, if it refused it. */
  readonly error: unknown;
  readonly onLeave: () => void;
};

export const QUERY_KEYS = {
  query: { keys: ["/"], about: "Type a query" },
  view: { keys: ["v"], about: "Alerts or all messages" },
} as const satisfies Shortcuts;

/** What is looked at (alerts or everything), the query, and what is wrong with it. */
export function QueryBar({ state, change, error, onLeave }: Props) {
  const editor = useRef<QueryEditorHandle>(null);
  const see = (view: View) => change({ view, guid: undefined });
  useShortcuts([
    [QUERY_KEYS.query, () => editor.current?.focus()],
    [QUERY_KEYS.view, () => see(state.view === "alerts" ? "messages" : "alerts")],
  ]);
  const mistakeId = useId();
  const words = useQueryWords(state);
  const problem = error === null || error === undefined ? undefined : problemOf(error);
  const refused = problem?.code === "QUERY_INVALID" ? problem : undefined;
  const mistake = useMemo(() => {
    if (refused === undefined) return undefined;
    const from = offsetOf(state.q, { line: refused.line ?? 1, column: refused.column ?? 1 });
    return {
      from,
      to: Math.max(from + 1, from + (refused.length ?? 1)),
      message: withoutPlace(refused.detail),
    };
  }, [refused, state.q]);
  return (
    <>
      <SegmentedControl
        aria-label="What to look at"
        value={state.view}
        onChange={(view) => see(view as View)}
        data={[
          { value: "alerts", label: "Alerts" },
          { value: "messages", label: "All messages" },
          { value: "rejected", label: "Rejected" },
        ]}
      />
      <div className="query" data-refused={refused !== undefined || undefined}>
        <IconSearch size={16} />
        <Suspense fallback={<div className="query-editor query-waiting">{state.q}</div>}>
          <QueryEditor
            ref={editor}
            text={state.q}
            words={words}
            mistake={mistake}
            describedBy={mistakeId}
            onRun={(q) => change({ q: q.trim() === "" ? "" : q })}
            onLeave={onLeave}
          />
        </Suspense>
        {state.q !== "" && (
          <Tooltip label="Clear the query">
            <ActionIcon size="sm" aria-label="Clear the query" onClick={() => change({ q: "" })}>
              <IconX size={14} />
            </ActionIcon>
          </Tooltip>
        )}
        <QueryHelp onTake={(q) => change({ q })} />
        <div id={mistakeId} className="query-mistake" role={refused === undefined ? undefined : "alert"}>
          {refused !== undefined && (
            <>
              <b>Column {(mistake?.from ?? 0) + 1}:</b>{" "}
              <WithCode text={sentence(withoutPlace(refused.detail))} />
              {refused.suggestion !== undefined && mistake !== undefined && (
                <Suggestion
                  text={refused.suggestion}
                  onTake={(text) =>
                    change({
                      q: state.q.slice(0, mistake.from) + fieldText(text) + state.q.slice(mistake.to),
                    })
                  }
                />
              )}
            </>
          )}
        </div>
      </div>
    </>
  );
}

function sentence(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`;
}

/** What was probably meant; a name can be taken over by a click. */
function Suggestion({ text, onTake }: { text: string; onTake: (text: string) => void }) {
  if (/\s/.test(text)) return <span> {text}</span>;
  return (
    <span>
      {" "}
      Did you mean{" "}
      <button type="button" className="query-suggestion" onClick={() => onTake(text)}>
        {text}
      </button>
      ?
    </span>
  );
}

/** Values are those of the messages in the time range, whatever the query: it is being changed just now. */
function useQueryWords({ t }: PageState): QueryWords {
  const { data: fields } = useFields();
  const client = useQueryClient();
  return useMemo(
    () => ({
      fields: () => fields ?? [],
      values: async (field) => {
        const answer = await client
          .fetchQuery({
            queryKey: ["values", field, t],
            queryFn: () => call(facetMessages, { body: { ...resolveBounds(t), fields: [field], size: 50 } }),
            staleTime: 30_000,
          })
          .catch(() => undefined);
        const values = answer?.facets[0]?.values ?? [];
        return values.flatMap(({ value, count }) =>
          value === null ? [] : [{ value: String(value), count }],
        );
      },
    }),
    [client, fields, t],
  );
}
