import { MantineProvider } from "@mantine/core";
import "@mantine/core/styles.css";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { z } from "zod";
import { CallProblem } from "../api/client.ts";
import { router } from "./router.tsx";
import { theme } from "./theme.ts";
import "./app.css";

// zod would compile its checks with `new Function`, which the page's security policy forbids.
z.config({ jitless: true });

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      refetchOnWindowFocus: false,
      staleTime: Number.POSITIVE_INFINITY,
      // What the server refused it will refuse again; what did not reach it is tried again.
      retry: (count, error) =>
        count < 1 && error instanceof CallProblem && error.problem.code === "SERVER_UNREACHABLE",
      retryDelay: 500,
      networkMode: "always",
    },
    mutations: { networkMode: "always" },
  },
});

const element = document.getElementById("root");
if (element === null) throw new Error("index.html has no element #root");
createRoot(element).render(
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
