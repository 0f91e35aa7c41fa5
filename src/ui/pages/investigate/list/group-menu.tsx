import { Button, Menu } from "@mantine/core";
import { facetFields, facetLabel } from "../facets/use-facets.ts";
import { MOST_GROUPS, type PageState } from "../state.ts";
import type { Change } from "../use-page-state.ts";

/** Chooses the fields to group by, each within the one before. */
export function GroupMenu({ state, change }: { readonly state: PageState; readonly change: Change }) {
  const { group } = state;
  return (
    <Menu closeOnItemClick={false} position="bottom-end" width={220}>
      <Menu.Target>
        <Button size="compact-xs">
          {group.length === 0 ? "Group" : `By ${group.map(facetLabel).join(", ").toLowerCase()}`}
        </Button>
      </Menu.Target>
      <Menu.Dropdown aria-label="Group by">
        {facetFields(state).map((field) => {
          const at = group.indexOf(field);
          return (
            <Menu.Item
              key={field}
              disabled={at < 0 && group.length >= MOST_GROUPS}
              rightSection={at < 0 ? undefined : <b>{at + 1}</b>}
              onClick={() =>
                change({ group: at < 0 ? [...group, field] : group.filter((other) => other !== field) })
              }
            >
              {facetLabel(field)}
            </Menu.Item>
          );
        })}
        <Menu.Divider />
        <Menu.Item disabled={group.length === 0} closeMenuOnClick onClick={() => change({ group: [] })}>
          Ungroup
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
