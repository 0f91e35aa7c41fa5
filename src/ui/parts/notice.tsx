import type { ReactNode } from "react";

/** What stands where something else would: nothing found, nothing there yet, failed. Says what to do next. */
export function Notice({
  title,
  children,
  actions,
  tone = "calm",
}: {
  title: string;
  children?: ReactNode;
  actions?: ReactNode;
  tone?: "calm" | "failing";
}) {
  return (
    <div className="notice" data-tone={tone} role={tone === "failing" ? "alert" : "status"}>
      <h2>{title}</h2>
      {children !== undefined && <div className="notice-text">{children}</div>}
      {actions !== undefined && <div className="notice-actions">{actions}</div>}
    </div>
  );
}
