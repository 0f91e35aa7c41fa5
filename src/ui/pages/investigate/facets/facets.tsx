import { ActionIcon, Tooltip, VisuallyHidden } from "@mantine/core";
import {
  IconChevronDown,
  IconChevronRight,
  IconCircleMinus,
  IconCirclePlus,
  IconX,
} from "@tabler/icons-react";
import { useState } from "react";
import { counted, countText, shortCount } from "../../../parts/numbers.ts";
import { drop, exclude, include, stanceOn, type Value } from "../query/query-text.ts";
import type { PageState } from "../state.ts";
import { STATUS, statusText } from "../status.ts";
import type { Change } from "../use-page-state.ts";
import { facetLabel, useFacets, useMoreValues } from "./use-facets.ts";
import "./facets.css";

type Facet = NonNullable<ReturnType<typeof useFacets>["data"]>["facets"][number];

type Props = { readonly state: PageState; readonly change: Change };

/** The frequent values of the fields that matter, to narrow the list by a click. */
export function Facets({ state, change }: Props) {
  const facets = useFacets(state);
  // A standing facet without values says nothing; one that was asked for says that there are none.
  const shown = (facets.data?.facets ?? []).filter(
    ({ field, distinct }) => distinct > 0 || state.facets.includes(field),
  );
  return (
    <aside className="facets" aria-label="Facets" aria-busy={facets.isFetching}>
      {shown.map((facet) => (
        <FacetGroup key={facet.field} facet={facet} state={state} change={change} />
      ))}
      {facets.isPending && <p className="dim">Counting…</p>}
      {facets.isError && facets.data === undefined && <p className="dim">Nothing counted</p>}
    </aside>
  );
}

function FacetGroup({ facet, state, change }: { facet: Facet; state: PageState; change: Change }) {
  const [open, setOpen] = useState(true);
  const [all, setAll] = useState(false);
  const { field, distinct } = facet;
  const { data: more } = useMoreValues(state, field, all);
  const values = (all ? more : undefined) ?? facet.values;
  const hidden = distinct - values.length;
  const label = facetLabel(field);
  const most = Math.max(1, ...values.map(({ count }) => count));
  const extra = state.facets.includes(field);
  return (
    <section className="facet" aria-label={label}>
      <h2 title={field}>
        <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? <IconChevronDown size={12} /> : <IconChevronRight size={12} />}
          <span>{label}</span>
          <span className="facet-distinct" title={`${countText(distinct)} different values`}>
            {shortCount(distinct)}
          </span>
        </button>
        {extra && (
          <ActionIcon
            size="xs"
            aria-label={`Remove the facet ${label}`}
            onClick={() => change({ facets: state.facets.filter((other) => other !== field) })}
          >
            <IconX size={12} />
          </ActionIcon>
        )}
      </h2>
      {open && (
        <ul>
          {values.map(({ value, count }) => (
            <FacetValue
              key={JSON.stringify(value)}
              {...{ field, value, count, state, change }}
              label={label}
              share={count / most}
            />
          ))}
          {values.length === 0 && <li className="dim facet-none">No values</li>}
          {(hidden > 0 || all) && values.length > 0 && (
            <li className="facet-more">
              <button type="button" onClick={() => setAll(!all)}>
                {all ? "Fewer" : `${countText(hidden)} more`}
                <VisuallyHidden> values of {label}</VisuallyHidden>
              </button>
              {all && hidden > 0 && <span className="dim">{countText(hidden)} rarer ones</span>}
            </li>
          )}
        </ul>
      )}
    </section>
  );
}

/** The state of an alert by the word the list has for it; one that nobody has touched is new. */
function stateText(value: Value): string {
  return value === null ? "New" : value === "NEW" ? "New again" : statusText(value);
}

type FacetValueProps = {
  readonly field: string;
  readonly label: string;
  readonly value: Value;
  readonly count: number;
  readonly share: number;
  readonly state: PageState;
  readonly change: Change;
};

function FacetValue({ field, label, value, count, share, state, change }: FacetValueProps) {
  const stance = stanceOn(state.q, field, value);
  const text = field === STATUS ? stateText(value) : value === null ? "(none)" : String(value) || "(empty)";
  const set = (wanted: "included" | "excluded") => {
    if (stance === wanted) change({ q: drop(state.q, field, value) });
    else change({ q: (wanted === "included" ? include : exclude)(state.q, field, value) });
  };
  return (
    <li className="facet-value" data-stance={stance}>
      <button
        type="button"
        className="line-button"
        aria-pressed={stance === "included"}
        title={`${text}\n${counted(count, "message")}. Click: include. Alt-click: exclude.`}
        onClick={(event) => set(event.altKey ? "excluded" : "included")}
      >
        <span className="facet-bar" style={{ width: `${share * 100}%` }} />
        {stance === "included" && <IconCirclePlus size={12} />}
        {stance === "excluded" && <IconCircleMinus size={12} />}
        <span className="facet-text">{text}</span>
        <span className="facet-count">
          {shortCount(count)}
          <VisuallyHidden>{count === 1 ? " message" : " messages"}</VisuallyHidden>
        </span>
      </button>
      <Tooltip label={stance === "excluded" ? "Exclude no more" : "Exclude"}>
        <ActionIcon
          size="xs"
          className="facet-exclude"
          aria-label={`Exclude ${label} ${text}`}
          aria-pressed={stance === "excluded"}
          onClick={() => set("excluded")}
        >
          <IconCircleMinus size={13} />
        </ActionIcon>
      </Tooltip>
    </li>
  );
}
