import { Button } from "@mantine/core";
import type { ErrorComponentProps } from "@tanstack/react-router";
import { Notice } from "./notice.tsx";

/** How browsers, and the loader of the interface, say that a part of the interface, loaded when it is needed, did not come. */
const NOT_LOADED = /dynamically imported module|importing a module script|unable to preload/i;

/** A page that could not be shown: its code did not come, or has a mistake. The frame around it stays. */
export function PageFailed({ error }: ErrorComponentProps) {
  const message = error instanceof Error ? error.message : String(error);
  const isMissing = NOT_LOADED.test(message);
  return (
    <Notice
      title={isMissing ? "This part of the page could not be loaded" : "This part of the page failed"}
      tone="failing"
      actions={<Button onClick={() => window.location.reload()}>Reload</Button>}
    >
      <p>
        {isMissing
          ? "The server may be stopped, or may have been updated since the page was opened."
          : message}
      </p>
    </Notice>
  );
}
