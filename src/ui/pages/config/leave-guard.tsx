import { Button, Group, Modal } from "@mantine/core";
import { useBlocker } from "@tanstack/react-router";

type Props = {
  /** The document whose changes would be lost; undefined while there are none. */
  readonly changed: string | undefined;
};

/** Asks before changes that are not published are left behind: for another document, another page, or for good. */
export function LeaveGuard({ changed }: Props) {
  const blocker = useBlocker({
    shouldBlockFn: () => changed !== undefined,
    enableBeforeUnload: () => changed !== undefined,
    withResolver: true,
  });
  if (blocker.status !== "blocked") return null;
  return (
    <Modal
      opened
      onClose={blocker.reset}
      title={`Leave ${changed} without publishing?`}
      closeButtonProps={{ "aria-label": "Stay" }}
    >
      <p>Your changes to this document are not published. Leaving discards them.</p>
      <Group justify="flex-end" mt="md">
        <Button onClick={blocker.proceed}>Discard the changes</Button>
        <Button variant="filled" data-autofocus onClick={blocker.reset}>
          Stay here
        </Button>
      </Group>
    </Modal>
  );
}
