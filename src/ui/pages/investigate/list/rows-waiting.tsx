import { Skeleton } from "@mantine/core";
import { ROW_HEIGHT } from "./message-table.tsx";
import "./rows-waiting.css";

const ROWS = Array.from({ length: 16 }, (_, at) => at);

/** The shape of the list while the first rows are fetched. */
export function RowsWaiting() {
  return (
    <div className="rows-waiting" role="status" aria-label="Searching">
      {ROWS.map((at) => (
        <div key={at} className="row-waiting" style={{ height: ROW_HEIGHT }}>
          <Skeleton height={12} width={`${92 - ((at * 7) % 30)}%`} />
        </div>
      ))}
    </div>
  );
}
