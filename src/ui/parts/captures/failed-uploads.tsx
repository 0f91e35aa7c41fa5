import { ActionIcon, Button } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { visible } from "../cells.ts";
import { WithCode } from "../with-code.tsx";
import type { FailedUpload } from "./untold.ts";
import { useUploads } from "./use-capture-drop.ts";

/** Capture files that were not taken, each with the reason and a way to send it again. */
export function FailedUploads({ failed }: { readonly failed: readonly FailedUpload[] }) {
  const { retry, forget } = useUploads();
  return failed.map((upload) => (
    <div key={upload.id} className="upload" role="alert">
      <b>{visible(upload.file.name)}</b>
      <span className="upload-failed">
        {upload.isPartial ? "broke off" : "was not taken"}: <WithCode text={visible(upload.reason)} />
        {upload.isPartial &&
          " What came before may be stored, as the list of captures says; sent again, it is stored twice."}
      </span>
      <Button size="compact-xs" onClick={() => retry(upload)}>
        Try again
      </Button>
      <ActionIcon size="sm" aria-label="Dismiss" onClick={() => forget(upload)}>
        <IconX size={14} />
      </ActionIcon>
    </div>
  ));
}
