import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useRef } from "react";
import { type FoundObject, listObjects } from "../../../../../../../api/conversations.ts";
import type { PacketQueryState } from "../../../../../../../api/packets.ts";
import { call } from "../../../../../../call.ts";
import { visible } from "../../../../../../parts/cells.ts";
import { bytesText } from "../../../../../../parts/units.ts";
import type { Change } from "../../../../use-page-state.ts";
import { useArrival } from "../arrival.ts";
import { PacketsFailed } from "../no-packets.tsx";
import type { ChangePackets, PacketsState } from "../packets-state.ts";
import { phaseOf } from "../use-conversations.ts";
import { isRunning } from "../use-packet-query.ts";
import { ObjectDetail } from "./object-detail.tsx";
import "./objects.css";

/** A result with more files than this is searched for by hash, not looked through. */
const MOST = 1000;

type Props = {
  readonly query: PacketQueryState;
  readonly state: PacketsState;
  readonly change: ChangePackets;
  /** Changes the page itself: a search for others who got the same file. */
  readonly leave: Change;
};

/** The files that went through the conversations that were found. */
export function Objects({ query, state, change, leave }: Props) {
  const { data, error, refetch, isPending } = useQuery({
    queryKey: ["packet-objects", query.id, phaseOf(query)],
    queryFn: ({ signal }) => call(listObjects, { params: { id: query.id }, query: { size: MOST }, signal }),
    placeholderData: keepPreviousData,
  });
  const element = useRef<HTMLElement>(null);
  useArrival(element, error === null);
  if (error !== null) return <PacketsFailed error={error} onRetry={() => refetch()} />;
  const objects = data?.objects ?? [];
  const opened = objects.find(({ number }) => number === state.object);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by the keyboard
    <section ref={element} className="objects" aria-label="Files" tabIndex={0} data-scrolls>
      {objects.length === 0 && (
        <p className="packets-waiting dim" role="status">
          {isPending || isRunning(query)
            ? "Looking for files…"
            : "No file went along, as far as HTTP, SMTP, FTP and SMB without encryption tell."}
        </p>
      )}
      {data !== undefined && data.total > objects.length && (
        <p className="dim">
          Only the first {objects.length} of {data.total} are listed.
        </p>
      )}
      {data?.leftOut.map((sentence) => (
        <p key={sentence} className="dim">
          {visible(sentence)}
        </p>
      ))}
      {objects.length > 0 && (
        <table className="grid-table">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Type</th>
              <th scope="col" className="number">
                Size
              </th>
              <th scope="col">By</th>
            </tr>
          </thead>
          <tbody>
            {objects.map((object) => (
              <tr key={object.number} aria-selected={object.number === state.object}>
                <th scope="row">
                  <button
                    type="button"
                    className="line-button object-name"
                    aria-expanded={object.number === state.object}
                    onClick={() =>
                      change({ object: object.number === state.object ? undefined : object.number })
                    }
                  >
                    {object.name === "" ? "(no name)" : visible(object.name)}
                  </button>
                  {object.known.length > 0 && <span className="object-known">known to be bad</span>}
                </th>
                <td>
                  <TypeOf object={object} />
                </td>
                <td className="number">
                  {bytesText(object.size)}
                  {!object.isComplete && <span className="object-partial"> incomplete</span>}
                </td>
                <td>{object.protocol.toUpperCase()}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {opened !== undefined && (
        <ObjectDetail key={opened.number} query={query} object={opened} change={change} leave={leave} />
      )}
    </section>
  );
}

/** What the first bytes say it is; what it says itself when that differs, as a disguise does. */
function TypeOf({ object: { magicType, declaredType } }: { object: FoundObject }) {
  if (magicType === undefined) return <span>{visible(declaredType ?? "unknown")}</span>;
  const differs =
    declaredType !== undefined && !declaredType.toLowerCase().startsWith(magicType.toLowerCase());
  return (
    <>
      {visible(magicType)}
      {differs && <span className="dim"> called {visible(declaredType)}</span>}
    </>
  );
}
