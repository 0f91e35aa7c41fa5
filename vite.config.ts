import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** The interface alone: `npm run build` writes build/ui, which the server serves. */
export default defineConfig({
  root: "src/ui",
  plugins: [react()],
  build: {
    outDir: "../../build/ui",
    emptyOutDir: true,
    target: "es2023",
    // Charts and editor are chunks of their own, loaded when first needed.
    chunkSizeWarningLimit: 900,
    // The server's policy allows no data: fonts or scripts, and small files cost nothing on loopback.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: { "/api": process.env.METRON_URL ?? "http://127.0.0.1:8080" },
  },
});
