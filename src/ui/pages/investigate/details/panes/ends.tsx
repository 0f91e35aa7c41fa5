import { EntryList, ValueButton } from "../entry-list.tsx";
import { type Endpoint, sectionsOf } from "../message-sections.ts";
import { definePane } from "../pane.ts";
import "./ends.css";

export const endsPane = definePane({
  id: "ends",
  title: "Who and where",
  appliesTo: (message) => sectionsOf(message).endpoints.length > 0,
  View: ({ message }) => <EndpointCards endpoints={sectionsOf(message).endpoints} />,
});

/** The two ends of the traffic, side by side, with what is known of each address. */
function EndpointCards({ endpoints }: { endpoints: readonly Endpoint[] }) {
  return (
    <div className="ends">
      {endpoints.map(({ role, address, port, known }) => (
        <section key={role} className="end" aria-label={role}>
          <h3>{role}</h3>
          <p className="end-address">
            {address !== undefined && <ValueButton entry={address} strong />}
            {port !== undefined && (
              <>
                <span className="dim">:</span>
                <ValueButton entry={port} strong />
              </>
            )}
          </p>
          {known.length === 0 && <p className="dim">Nothing is known of it.</p>}
          {known.map(({ adapter, entries }) => (
            <div key={adapter} className="end-known">
              <h4>{adapter}</h4>
              <EntryList
                entries={entries.map((entry) => ({
                  ...entry,
                  label: entry.label.replace(/^(known_info\.|autonomous_system_)/, ""),
                }))}
              />
            </div>
          ))}
        </section>
      ))}
    </div>
  );
}
