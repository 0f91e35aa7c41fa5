import { Link } from "@tanstack/react-router";
import { Notice } from "./notice.tsx";

/** The answer to an address that no page has. */
export function NotFound() {
  return (
    <Notice title="There is no such page" actions={<Link to="/">Go to Investigate</Link>}>
      The address may be mistyped or from a later version.
    </Notice>
  );
}
