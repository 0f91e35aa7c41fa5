import { Kbd, Modal } from "@mantine/core";
import { useDisclosure, useWindowEvent } from "@mantine/hooks";
import { type Shortcut, type Shortcuts, useShortcuts } from "./keys.ts";

const HELP_KEYS = { help: { keys: ["?"], about: "This help, and close it" } } as const satisfies Shortcuts;

/** How the help writes keys whose names are words. */
const SIGNS: Readonly<Record<string, string>> = { ArrowDown: "↓", ArrowUp: "↑", Escape: "Esc" };

export function useHelp() {
  const [opened, { open, close }] = useDisclosure(false);
  useShortcuts([[HELP_KEYS.help, open]]);
  // A dialog takes all keys for itself, so the one that opened it closes it here.
  useWindowEvent("keydown", (event) => {
    if (!opened || event.defaultPrevented || !HELP_KEYS.help.keys.some((key) => key === event.key)) return;
    event.preventDefault();
    close();
  });
  return { opened, open, close };
}

type Props = {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly keys: readonly Shortcut[];
  /** What the mouse does. */
  readonly gestures: readonly Shortcut[];
};

/** Every shortcut there is. */
export function KeyboardHelp({ opened, onClose, keys, gestures }: Props) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title="Keyboard and mouse"
      size="md"
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <ShortcutTable rows={[...keys, HELP_KEYS.help]} />
      <hr />
      <ShortcutTable rows={gestures} />
    </Modal>
  );
}

function ShortcutTable({ rows }: { rows: readonly Shortcut[] }) {
  return (
    <table className="shortcuts">
      <tbody>
        {rows.map(({ keys, about }) => (
          <tr key={about}>
            <th scope="row">
              {keys.map((key) => (
                <Kbd key={key}>{SIGNS[key] ?? key}</Kbd>
              ))}
            </th>
            <td>{about}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
