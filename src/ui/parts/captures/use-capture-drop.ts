import { createContext, type DragEventHandler, use, useState } from "react";
import { sendCapture } from "./send-capture.ts";
import type { FailedUpload } from "./untold.ts";
import "./capture-drop.css";

/** Attributes of an element on which capture files may be dropped. */
type DropTarget = {
  readonly "data-captures-over": true | undefined;
  readonly onDragOver: DragEventHandler;
  readonly onDragLeave: DragEventHandler;
  readonly onDrop: DragEventHandler;
};

/** Capture files that were chosen, or dropped anywhere: whatever page is shown, they are sent, and what was not taken is kept. */
export type Uploads = {
  readonly send: (files: readonly File[]) => void;
  /** How many are on their way. */
  readonly sending: number;
  /** How many were handed over since the page was opened. */
  readonly sent: number;
  readonly failed: readonly FailedUpload[];
  readonly retry: (upload: FailedUpload) => void;
  readonly forget: (upload: FailedUpload) => void;
};

export const UploadsContext = createContext<Uploads | undefined>(undefined);

/** The uploads of the page. */
export function useUploads(): Uploads {
  const uploads = use(UploadsContext);
  if (uploads === undefined) throw new Error("no uploads around this part of the page");
  return uploads;
}

let last = 0;

/** Sends capture files that are chosen, or dropped on an element. */
export function useCaptureDrop(): { readonly target: DropTarget; readonly uploads: Uploads } {
  const [isOver, setOver] = useState(false);
  const [sending, setSending] = useState(0);
  const [sent, setSent] = useState(0);
  const [failed, setFailed] = useState<readonly FailedUpload[]>([]);
  const forget = ({ id }: FailedUpload) => setFailed((all) => all.filter((other) => other.id !== id));
  const send = (files: readonly File[]) => {
    setSent((count) => count + files.length);
    for (const file of files) {
      setSending((count) => count + 1);
      void sendCapture(file).then((failure) => {
        setSending((count) => count - 1);
        if (failure !== undefined) setFailed((all) => [...all, { id: ++last, file, ...failure }]);
      });
    }
  };
  const target: DropTarget = {
    "data-captures-over": isOver || undefined,
    onDragOver(event) {
      // A text that is dragged into the query is no file.
      if (!event.dataTransfer.types.includes("Files")) return;
      event.preventDefault();
      setOver(true);
    },
    onDragLeave: () => setOver(false),
    onDrop(event) {
      setOver(false);
      // The editor of documents takes a file that is dropped on it itself.
      if (event.defaultPrevented || event.dataTransfer.files.length === 0) return;
      event.preventDefault();
      send([...event.dataTransfer.files]);
    },
  };
  const retry = (upload: FailedUpload) => {
    forget(upload);
    send([upload.file]);
  };
  return { target, uploads: { send, sending, sent, failed, retry, forget } };
}
