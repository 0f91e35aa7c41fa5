import { ActionIcon, Button, Checkbox, Popover, TextInput, Tooltip } from "@mantine/core";
import { IconChevronDown, IconChevronUp, IconColumns3 } from "@tabler/icons-react";
import { useRef, useState } from "react";
import { type Shortcuts, useShortcuts } from "../../../parts/keys.ts";
import { DEFAULT_COLUMNS, type PageState, RULES } from "../state.ts";
import { useEscape } from "../use-escape.ts";
import { useFields } from "../use-fields.ts";
import type { Change } from "../use-page-state.ts";
import { lookOf } from "./columns.ts";
import "./column-menu.css";

type Props = {
  readonly state: PageState;
  readonly change: Change;
};

export const COLUMN_KEYS = { columns: { keys: ["c"], about: "Choose columns" } } as const satisfies Shortcuts;

const SHOWN = 60;

/** Which columns the list has, in which order. */
export function ColumnMenu({ state, change }: Props) {
  const [opened, setOpened] = useState(false);
  useShortcuts([[COLUMN_KEYS.columns, () => setOpened(true)]]);
  useEscape(opened, () => setOpened(false));
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" trapFocus returnFocus width={340}>
      <Popover.Target>
        <Tooltip label="Columns (c)">
          <ActionIcon aria-label="Columns" onClick={() => setOpened(!opened)}>
            <IconColumns3 size={16} />
          </ActionIcon>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown aria-label="Columns">
        <Columns state={state} change={change} />
      </Popover.Dropdown>
    </Popover>
  );
}

function Columns({ state, change }: Props) {
  const [filter, setFilter] = useState("");
  const { data: fields = [] } = useFields();
  const wanted = filter.trim().toLowerCase();
  const names = [RULES, ...fields.map(({ name }) => name)];
  const others = names.filter((name) => !state.columns.includes(name) && name.toLowerCase().includes(wanted));
  const find = useRef<HTMLInputElement>(null);
  const set = (columns: readonly string[]) => {
    change({ columns }, { replace: true });
    // What was pressed may be gone now, and the focus with it.
    find.current?.focus();
  };
  const move = (at: number, by: number) => {
    const next = [...state.columns];
    const [column] = next.splice(at, 1);
    if (column !== undefined) next.splice(at + by, 0, column);
    set(next);
  };
  return (
    <div className="columns">
      <ol aria-label="Columns shown">
        {state.columns.map((column, at) => (
          <li key={column}>
            <Checkbox
              size="xs"
              checked
              disabled={state.columns.length === 1}
              label={labelOf(column)}
              onChange={() => set(state.columns.filter((other) => other !== column))}
            />
            <ActionIcon
              size="xs"
              disabled={at === 0}
              aria-label={`Move ${column} left`}
              onClick={() => move(at, -1)}
            >
              <IconChevronUp size={12} />
            </ActionIcon>
            <ActionIcon
              size="xs"
              disabled={at === state.columns.length - 1}
              aria-label={`Move ${column} right`}
              onClick={() => move(at, 1)}
            >
              <IconChevronDown size={12} />
            </ActionIcon>
          </li>
        ))}
      </ol>
      <TextInput
        ref={find}
        aria-label="Find a field"
        placeholder="Find a field"
        value={filter}
        data-autofocus
        onChange={(event) => setFilter(event.currentTarget.value)}
      />
      <ul aria-label="Fields not shown">
        {others.slice(0, SHOWN).map((name) => (
          <li key={name}>
            <Checkbox
              size="xs"
              checked={false}
              label={labelOf(name)}
              onChange={() => set([...state.columns, name])}
            />
          </li>
        ))}
        {others.length > SHOWN && <li className="dim">{others.length - SHOWN} more: type to find them</li>}
        {others.length === 0 && <li className="dim">No further field</li>}
      </ul>
      <Button variant="subtle" onClick={() => set(DEFAULT_COLUMNS[state.view])}>
        Standard columns
      </Button>
    </div>
  );
}

function labelOf(column: string): string {
  const { heading } = lookOf(column);
  return column.endsWith(heading) ? column : `${heading} (${column})`;
}
