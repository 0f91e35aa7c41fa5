import { IconDots } from "@tabler/icons-react";
import { memo } from "react";
import type { StoredMessage } from "../../../../api/selection.ts";
import { useZone } from "../../../parts/clock.ts";
import { heaviestRules, scoreOf, severityOf } from "../score.ts";
import { RULE_NAMES, RULES, SCORE } from "../state.ts";
import { statusOf } from "../status.ts";
import { useValueMenu } from "../value-menu.tsx";
import { cellText, lookOf } from "./columns.ts";
import { ScoreBar } from "./score-bar.tsx";
import { RULES_SHOWN } from "./use-rows.ts";

type Props = {
  readonly message: StoredMessage;
  readonly index: number;
  readonly top: number;
  readonly columns: readonly string[];
  readonly opened: boolean;
  readonly atCursor: boolean;
  readonly onPick: (guid: string) => void;
  readonly onOpen: (guid: string) => void;
};

/** One message of the list. */
export const MessageRow = memo(function MessageRow(props: Props) {
  const { message, index, top, columns, opened, atCursor, onPick, onOpen } = props;
  const openMenu = useValueMenu();
  useZone();
  const guid = String(message.guid);
  const alert = message.is_alert === "true" || message.is_alert === true;
  const menuAt = (column: string, x: number, y: number) => {
    const heaviest = heaviestRules(message)[0]?.name;
    openMenu(
      column === RULES
        ? { field: RULE_NAMES, value: heaviest, x, y }
        : { field: column, value: message[column], x, y },
    );
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keys (j, k, Enter) are the page's, whatever row has the focus
    <div
      id={`row-${guid}`}
      className="row"
      role="row"
      tabIndex={-1}
      aria-rowindex={index + 2}
      aria-selected={opened}
      data-cursor={atCursor || undefined}
      data-severity={alert ? severityOf(scoreOf(message)) : undefined}
      data-status={alert ? statusOf(message) : undefined}
      data-alert={alert || undefined}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => {
        onPick(guid);
        onOpen(guid);
      }}
    >
      {columns.map((column) => (
        // biome-ignore lint/a11y/useFocusableInteractive: the grid has one stop for the keyboard; its cells have none
        <div
          key={column}
          role="gridcell"
          className={lookOf(column).mono ? "cell mono" : "cell"}
          onContextMenu={(event) => {
            event.preventDefault();
            menuAt(column, event.clientX, event.clientY);
          }}
        >
          <Cell message={message} column={column} />
          {column !== SCORE && (
            <button
              type="button"
              className="cell-more"
              tabIndex={-1}
              aria-label={`What to do with ${lookOf(column).heading}`}
              onClick={(event) => {
                event.stopPropagation();
                const place = event.currentTarget.getBoundingClientRect();
                menuAt(column, place.left, place.bottom);
              }}
            >
              <IconDots size={14} />
            </button>
          )}
        </div>
      ))}
    </div>
  );
});

function Cell({ message, column }: { message: StoredMessage; column: string }) {
  if (column === SCORE) return <ScoreBar score={scoreOf(message)} />;
  if (column === RULES) {
    const [first, ...others] = heaviestRules(message);
    if (first === undefined)
      return <span className="cell-text dim">{message.is_alert === undefined ? "" : "No rule matched"}</span>;
    const lines = [first, ...others].map(({ name, reason }) =>
      reason === undefined ? name : `${name}: ${reason}`,
    );
    return (
      <span className="cell-why" title={lines.join("\n")}>
        <span className="cell-text">
          {first.name}
          {first.reason !== undefined && <span className="cell-reason dim">{first.reason}</span>}
        </span>
        {others.length > 0 && (
          <span className="dim">
            +{others.length}
            {others.length + 1 === RULES_SHOWN && " or more"}
          </span>
        )}
      </span>
    );
  }
  const text = cellText(message, column);
  return (
    <span className="cell-text" title={text.length > 20 ? text : undefined}>
      {text}
    </span>
  );
}
