import { ActionIcon } from "@mantine/core";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { useState } from "react";
import type { Group } from "../../../../api/search.ts";
import { countText } from "../../../parts/numbers.ts";
import { ProblemNotice } from "../../../parts/problem-notice.tsx";
import { facetLabel } from "../facets/use-facets.ts";
import { include } from "../query/query-text.ts";
import { severityOf } from "../score.ts";
import type { PageState } from "../state.ts";
import type { Change } from "../use-page-state.ts";
import { ScoreBar } from "./score-bar.tsx";
import { useGroups } from "./use-groups.ts";
import "./groups.css";

type Props = { readonly state: PageState; readonly change: Change };

/** What is looked at, in groups with their number and highest score; choosing one lists its messages. */
export function Groups({ state, change }: Props) {
  const { data, error, isPending, isPlaceholderData, refetch } = useGroups(state);
  if (error !== null && data === undefined) return <ProblemNotice error={error} onRetry={() => refetch()} />;
  if (isPending) return <p className="notice dim">Grouping…</p>;
  if (data?.length === 0)
    return <p className="notice dim">Nothing has {state.group.map(facetLabel).join(" and ")}.</p>;
  return (
    <section className="groups" aria-label="Groups" aria-busy={isPlaceholderData}>
      <GroupList
        groups={data ?? []}
        depth={0}
        fields={state.group}
        onChoose={(path) =>
          change({
            q: path.reduce<string>((q, value, at) => include(q, state.group[at] ?? "", value), state.q),
            group: [],
          })
        }
        path={[]}
      />
    </section>
  );
}

type ListProps = {
  readonly groups: readonly Group[];
  readonly depth: number;
  readonly fields: readonly string[];
  readonly path: readonly Group["value"][];
  readonly onChoose: (path: readonly Group["value"][]) => void;
};

function GroupList({ groups, depth, ...rest }: ListProps) {
  return (
    <ul aria-label={facetLabel(rest.fields[depth] ?? "")}>
      {groups.map((group) => (
        <GroupItem key={JSON.stringify(group.value)} group={group} depth={depth} {...rest} />
      ))}
    </ul>
  );
}

function GroupItem({ group, depth, path, ...rest }: Omit<ListProps, "groups"> & { readonly group: Group }) {
  const [open, setOpen] = useState(false);
  const { value, count, score, groups = [] } = group;
  const own = [...path, value];
  return (
    <li>
      <div
        className="group"
        data-severity={severityOf(score ?? undefined)}
        style={{ paddingLeft: 6 + depth * 22 }}
      >
        {groups.length > 0 ? (
          <ActionIcon
            size="sm"
            aria-expanded={open}
            aria-label={`Groups within ${value}`}
            onClick={() => setOpen(!open)}
          >
            {open ? <IconChevronDown size={12} /> : <IconChevronRight size={12} />}
          </ActionIcon>
        ) : (
          <span />
        )}
        <ScoreBar score={score ?? undefined} />
        <button type="button" className="line-button" onClick={() => rest.onChoose(own)}>
          <span>{String(value)}</span>
          <b>{countText(count)}</b>
        </button>
      </div>
      {open && <GroupList groups={groups} depth={depth + 1} path={own} {...rest} />}
    </li>
  );
}
