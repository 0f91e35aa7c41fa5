import { ActionIcon, Popover, Tooltip } from "@mantine/core";
import { IconHelpCircle } from "@tabler/icons-react";
import { useState } from "react";
import { useEscape } from "../use-escape.ts";
import { QUERY_EXAMPLES } from "./query-examples.ts";
import "./query-help.css";

/** What a query can say, by examples that a click takes over. */
export function QueryHelp({ onTake }: { onTake: (query: string) => void }) {
  const [opened, setOpened] = useState(false);
  useEscape(opened, () => setOpened(false));
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" trapFocus returnFocus>
      <Popover.Target>
        <Tooltip label="How to write a query">
          <ActionIcon size="sm" aria-label="How to write a query" onClick={() => setOpened(!opened)}>
            <IconHelpCircle size={14} />
          </ActionIcon>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown aria-label="How to write a query" className="query-help">
        {QUERY_EXAMPLES.map(([title, examples]) => (
          <section key={title}>
            <h2>{title}</h2>
            <dl>
              {examples.map(([query, meaning]) => (
                <div key={query}>
                  <dt>
                    <button
                      type="button"
                      className="query-suggestion"
                      onClick={() => {
                        setOpened(false);
                        onTake(query);
                      }}
                    >
                      {query}
                    </button>
                  </dt>
                  <dd>{meaning}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
        <p className="dim">
          A value must be the whole value: <code>host:example</code> does not find{" "}
          <code>www.example.com</code>; a word alone, or <code>*</code>, does. Addresses, domains and hashes
          are found in every spelling.
        </p>
      </Popover.Dropdown>
    </Popover>
  );
}
