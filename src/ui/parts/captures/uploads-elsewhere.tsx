import { Link, useLocation } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { counted } from "../numbers.ts";
import { FailedUploads } from "./failed-uploads.tsx";
import { useUploads } from "./use-capture-drop.ts";

/** Pages that tell of each capture themselves. */
const TELLING = ["/", "/captures"];

/** What became of captures that were dropped on a page that is about something else. */
export function UploadsElsewhere() {
  const { sent, sending, failed } = useUploads();
  const { pathname } = useLocation();
  const isToldThere = TELLING.includes(pathname);
  const [toldUntil, setToldUntil] = useState(sent);
  useEffect(() => {
    if (isToldThere) setToldUntil(sent);
  }, [isToldThere, sent]);
  const count = sent - toldUntil;
  if (isToldThere || (count <= 0 && failed.length === 0)) return null;
  return (
    <section className="uploads-elsewhere" aria-label="Uploads">
      {count > 0 && (
        <div className="upload" role="status">
          {counted(count, "capture file")} {count === 1 ? "was" : "were"} dropped
          {sending > 0 && `, ${sending === 1 ? "one is" : `${sending} are`} being sent`}:
          <Link to="/captures">see Captures</Link>
        </div>
      )}
      <FailedUploads failed={failed} />
    </section>
  );
}
