import { Menu } from "@mantine/core";
import {
  IconAlignLeft,
  IconCircleDot,
  IconCircleMinus,
  IconCirclePlus,
  IconColumns3,
  IconCopy,
} from "@tabler/icons-react";
import { createContext, type ReactNode, use, useCallback, useMemo, useState } from "react";
import { copy } from "../../parts/clipboard.ts";
import { clauseOf, drop, exclude, include, only, stanceOn, type Value } from "./query/query-text.ts";
import type { PageState } from "./state.ts";
import type { Change } from "./use-page-state.ts";
import "./value-menu.css";

/** A value somewhere on the page, and where its menu shall open. */
type Place = { readonly field: string; readonly value: unknown; readonly x: number; readonly y: number };

type Open = (place: Place) => void;

const MenuContext = createContext<Open>(() => {});

/** Opens the menu of a value. */
export function useValueMenu(): Open {
  return use(MenuContext);
}

type Props = { readonly state: PageState; readonly change: Change; readonly children: ReactNode };

/** The one menu of every value on the page: include, exclude, only, copy, and its field as column or facet. */
export function ValueMenu({ state, change, children }: Props) {
  const [place, setPlace] = useState<Place>();
  const [opened, setOpened] = useState(false);
  const open = useCallback<Open>((next) => {
    setPlace(next);
    setOpened(true);
  }, []);
  const anchor = useMemo(() => ({ left: place?.x ?? 0, top: place?.y ?? 0 }), [place]);
  return (
    <MenuContext value={open}>
      {children}
      <Menu opened={opened} onChange={setOpened} position="bottom-start" width={230} returnFocus>
        <Menu.Target>
          <span className="value-anchor" aria-hidden="true" style={anchor} />
        </Menu.Target>
        <Menu.Dropdown aria-label="What to do with the value">
          {place !== undefined && <Items place={place} state={state} change={change} />}
        </Menu.Dropdown>
      </Menu>
    </MenuContext>
  );
}

function Items({ place: { field, value }, state, change }: { place: Place } & Omit<Props, "children">) {
  const clean = queryValue(value);
  const text = value === null || value === undefined ? "" : String(value);
  const stance = clean === undefined ? undefined : stanceOn(state.q, field, clean);
  const column = state.columns.includes(field);
  const facet = state.facets.includes(field);
  return (
    <>
      <Menu.Label className="value-name">{field}</Menu.Label>
      {clean !== undefined && (
        <>
          <Menu.Item
            leftSection={<IconCirclePlus size={14} />}
            onClick={() => change({ q: (stance === "included" ? drop : include)(state.q, field, clean) })}
          >
            {stance === "included" ? "Include no more" : "Include"}
          </Menu.Item>
          <Menu.Item
            leftSection={<IconCircleMinus size={14} />}
            onClick={() => change({ q: (stance === "excluded" ? drop : exclude)(state.q, field, clean) })}
          >
            {stance === "excluded" ? "Exclude no more" : "Exclude"}
          </Menu.Item>
          <Menu.Item
            leftSection={<IconCircleDot size={14} />}
            onClick={() => change({ q: only(field, clean) })}
          >
            Only this
          </Menu.Item>
          <Menu.Divider />
        </>
      )}
      {text !== "" && (
        <Menu.Item leftSection={<IconCopy size={14} />} onClick={() => copy(text)}>
          Copy value
        </Menu.Item>
      )}
      {clean !== undefined && (
        <Menu.Item leftSection={<IconCopy size={14} />} onClick={() => copy(clauseOf(field, clean))}>
          Copy as query
        </Menu.Item>
      )}
      <Menu.Divider />
      <Menu.Item
        leftSection={<IconColumns3 size={14} />}
        disabled={column && state.columns.length === 1}
        onClick={() =>
          change({
            columns: column ? state.columns.filter((other) => other !== field) : [...state.columns, field],
          })
        }
      >
        {column ? "Remove the column" : "Show as column"}
      </Menu.Item>
      <Menu.Item
        leftSection={<IconAlignLeft size={14} />}
        onClick={() =>
          change({
            facets: facet ? state.facets.filter((other) => other !== field) : [...state.facets, field],
          })
        }
      >
        {facet ? "Remove the facet" : "Count its values"}
      </Menu.Item>
    </>
  );
}

/** The value as a query can ask for it; lists and maps cannot be asked for as a whole. */
function queryValue(value: unknown): Value | undefined {
  if (value === null || value === undefined || value === "") return null;
  if (typeof value === "bigint") return String(value);
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  return undefined;
}
