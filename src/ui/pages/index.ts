import { lazy } from "react";
import { definePage } from "../page.ts";
import { InvestigatePage } from "./investigate/investigate-page.tsx";
import { gestures, shortcuts } from "./investigate/shortcuts.ts";

/** Every page, in the order of the navigation. The first is loaded with the interface, the others when visited. */
export const pages = [
  definePage({
    path: "/",
    title: "Investigate",
    role: "analyst",
    View: InvestigatePage,
    shortcuts,
    gestures,
  }),
  definePage({
    path: "/sensors",
    title: "Sensors",
    role: "analyst",
    View: lazy(async () => ({ default: (await import("./sensors/sensors-page.tsx")).SensorsPage })),
  }),
  definePage({
    path: "/captures",
    title: "Captures",
    role: "analyst",
    View: lazy(async () => ({ default: (await import("./captures/captures-page.tsx")).CapturesPage })),
  }),
  definePage({
    path: "/config",
    title: "Configuration",
    role: "engineer",
    View: lazy(async () => ({ default: (await import("./config/config-page.tsx")).ConfigPage })),
  }),
];
