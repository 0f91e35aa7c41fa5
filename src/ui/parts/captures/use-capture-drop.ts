import { type DragEventHandler, useState } from "react";
import { sendCapture } from "./send-capture.ts";
import "./capture-drop.css";

/** Attributes of an element on which capture files may be dropped. */
type DropTarget = {
  readonly "data-captures-over": true | undefined;
  readonly onDragOver: DragEventHandler;
  readonly onDragLeave: DragEventHandler;
  readonly onDrop: DragEventHandler;
};

/** Sends capture files that are chosen, or dropped on an element. */
export function useCaptureDrop() {
  const [isOver, setOver] = useState(false);
  const [sending, setSending] = useState(0);
  const [refused, setRefused] = useState<readonly string[]>([]);
  const send = (files: readonly File[]) => {
    setRefused([]);
    for (const file of files) {
      setSending((count) => count + 1);
      void sendCapture(file).then((reason) => {
        setSending((count) => count - 1);
        if (reason !== undefined) setRefused((before) => [...before, reason]);
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
      if (event.dataTransfer.files.length === 0) return;
      event.preventDefault();
      send([...event.dataTransfer.files]);
    },
  };
  return { target, send, sending, refused, forgetRefused: () => setRefused([]) };
}
