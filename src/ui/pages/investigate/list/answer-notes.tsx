import type { ResponseOf } from "../../../../api/endpoint.ts";
import type { searchMessages } from "../../../../api/search.ts";
import { WithCode } from "../../../parts/with-code.tsx";
import { type PageState, queryOfView } from "../state.ts";
import type { Change } from "../use-page-state.ts";
import "./answer-notes.css";

type Answer = ResponseOf<typeof searchMessages>;

type Props = {
  readonly hints: Answer["hints"];
  readonly partial: Answer["partial"];
  readonly view: PageState["view"];
  readonly change: Change;
};

/** What must be known of an answer beside its rows: that a part is missing, and what the query probably did not mean. */
export function AnswerNotes({ hints, partial, view, change }: Props) {
  return (
    <>
      {partial !== undefined && (
        <ul className="answer-notes" data-tone="failing" role="alert" aria-label="What is missing">
          {partial.reasons.map(({ code, text, advice, file }) => (
            <li key={`${code} ${file ?? text}`}>
              <b>Not everything is here:</b> <WithCode text={sentence(text)} />{" "}
              <span className="dim">
                <WithCode text={advice} />
              </span>
            </li>
          ))}
        </ul>
      )}
      {hints.length > 0 && (
        <ul className="answer-notes" role="status" aria-label="About the query">
          {hints.map(({ code, text, query }) => {
            const better = query === undefined ? undefined : queryOfView(query, view);
            return (
              <li key={code}>
                <WithCode text={sentence(text)} />
                {better !== undefined && (
                  <>
                    {" "}
                    Ask for{" "}
                    <button type="button" className="query-suggestion" onClick={() => change({ q: better })}>
                      {better}
                    </button>
                  </>
                )}
              </li>
            );
          })}
        </ul>
      )}
    </>
  );
}

function sentence(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`;
}
