import { createRootRoute, createRoute, createRouter } from "@tanstack/react-router";
import { App } from "./app.tsx";
import { pages } from "./pages/index.ts";
import { NotFound } from "./parts/not-found.tsx";
import { PageFailed } from "./parts/page-failed.tsx";

const root = createRootRoute({ component: App, notFoundComponent: NotFound });

const routes = pages.map(({ path, View }) =>
  createRoute({ getParentRoute: () => root, path, component: () => <View /> }),
);

/** Parameters in the address are plain text, readable and typeable by hand, not JSON. */
export const router = createRouter({
  routeTree: root.addChildren(routes),
  defaultErrorComponent: PageFailed,
  parseSearch: (search) => Object.fromEntries(new URLSearchParams(search)),
  stringifySearch: (search) => {
    const entries = Object.entries(search).filter(
      (entry): entry is [string, string] => typeof entry[1] === "string",
    );
    const text = new URLSearchParams(entries).toString();
    return text === "" ? "" : `?${text}`;
  },
});
