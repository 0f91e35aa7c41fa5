import { Kbd, Modal } from "@mantine/core";
import { useDisclosure, useWindowEvent } from "@mantine/hooks";
import { isTyping } from "./keys.ts";

const SHORTCUTS: readonly [keys: readonly string[], what: string][] = [
  [["j", "↓"], "Next row"],
  [["k", "↑"], "Previous row"],
  [["g"], "First row"],
  [["G"], "Last loaded row"],
  [["Enter"], "Open the row's details"],
  [["Esc"], "Close what is open; leave the query"],
  [["/"], "Type a query"],
  [["t"], "Choose the time range"],
  [["v"], "Alerts or all messages"],
  [["c"], "Choose columns"],
  [["s"], "Sort by score or by time"],
  [["."], "Show new rows"],
  [["p"], "Pause or resume live rows"],
  [["o"], "Open the alert: somebody looks at it"],
  [["e"], "Escalate the alert"],
  [["d"], "Dismiss the alert"],
  [["r"], "Resolve the alert"],
  [["n"], "Make the alert new again"],
  [["f"], "Find a field in the details"],
  [["y"], "Copy a link to what you see"],
  [["?"], "This help"],
];

const MOUSE: readonly [keys: readonly string[], what: string][] = [
  [["Click"], "On a facet's value: include it, again: drop it"],
  [["Alt", "Click"], "On a facet's value: exclude it"],
  [["Drag"], "In the histogram: choose the time range"],
  [["Right click"], "On a value: include, exclude, only, copy"],
];

export function useHelp() {
  const [opened, { open, close }] = useDisclosure(false);
  useWindowEvent("keydown", (event) => {
    if (event.key === "?" && !isTyping(event)) open();
  });
  return { opened, open, close };
}

/** Every shortcut there is. */
export function KeyboardHelp({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title="Keyboard and mouse"
      size="md"
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <ShortcutTable rows={SHORTCUTS} />
      <hr />
      <ShortcutTable rows={MOUSE} />
    </Modal>
  );
}

function ShortcutTable({ rows }: { rows: typeof SHORTCUTS }) {
  return (
    <table className="shortcuts">
      <tbody>
        {rows.map(([keys, what]) => (
          <tr key={what}>
            <th scope="row">
              {keys.map((key) => (
                <Kbd key={key}>{key}</Kbd>
              ))}
            </th>
            <td>{what}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
