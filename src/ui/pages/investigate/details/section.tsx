import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import "./section.css";

type Props = {
  readonly title: string;
  readonly children: ReactNode;
  readonly tone?: "high" | undefined;
  readonly action?: { readonly label: string; readonly onClick: () => void } | undefined;
};

/** A part of the details under a heading. */
export function Section({ title, children, tone, action }: Props) {
  return (
    <section className="section" data-tone={tone} aria-label={title}>
      <h2>
        {title}
        {action !== undefined && (
          <Button variant="subtle" size="compact-xs" onClick={action.onClick}>
            {action.label}
          </Button>
        )}
      </h2>
      {children}
    </section>
  );
}
