import {
  ActionIcon,
  Button,
  Tooltip,
  useComputedColorScheme,
  useMantineColorScheme,
  VisuallyHidden,
} from "@mantine/core";
import { IconHelpCircle, IconMoon, IconSun } from "@tabler/icons-react";
import { Link, Outlet } from "@tanstack/react-router";
import { Suspense } from "react";
import { pages } from "./pages/index.ts";
import { UploadsElsewhere } from "./parts/captures/uploads-elsewhere.tsx";
import { UploadsContext, useCaptureDrop } from "./parts/captures/use-capture-drop.ts";
import { LOCAL_ZONE, setZone, useZone, zoneName } from "./parts/clock.ts";
import { KeyboardHelp, useHelp } from "./parts/keyboard-help.tsx";
import { useSelectsGiveKeysBack } from "./parts/keys.ts";
import { PlatformHealth } from "./parts/platform-health.tsx";

/** The frame around every page. */
export function App() {
  const help = useHelp();
  useSelectsGiveKeysBack();
  const { target, uploads } = useCaptureDrop();
  return (
    <UploadsContext value={uploads}>
      <div className="app" {...target}>
        <header className="app-bar">
          <a className="app-name" href="/">
            <img src="/metron.svg" alt="" width="18" height="18" />
            Metron
          </a>
          <nav aria-label="Pages">
            {pages.map(({ path, title }) => (
              <Link key={path} to={path} activeOptions={{ exact: path === "/", includeSearch: false }}>
                {title}
              </Link>
            ))}
          </nav>
          <PlatformHealth />
          <ZoneButton />
          <ColorSchemeButton />
          <Tooltip label="Keyboard shortcuts (?)">
            <ActionIcon aria-label="Keyboard shortcuts" onClick={help.open}>
              <IconHelpCircle size={16} />
            </ActionIcon>
          </Tooltip>
        </header>
        <UploadsElsewhere />
        <main className="app-page">
          <Suspense fallback={<div className="notice dim">Loading…</div>}>
            <Outlet />
          </Suspense>
        </main>
        <KeyboardHelp
          opened={help.opened}
          onClose={help.close}
          keys={pages.flatMap(({ shortcuts = [] }) => shortcuts)}
          gestures={pages.flatMap(({ gestures = [] }) => gestures)}
        />
      </div>
    </UploadsContext>
  );
}

/** By which clock times are shown, and the other one by a click. */
function ZoneButton() {
  const other = useZone() === "utc" ? "local" : "utc";
  const label = `Show times in ${other === "utc" ? "UTC" : LOCAL_ZONE}`;
  return (
    <Tooltip label={label}>
      <Button variant="subtle" size="compact-sm" onClick={() => setZone(other)}>
        {zoneName()}
        <VisuallyHidden>. {label}</VisuallyHidden>
      </Button>
    </Tooltip>
  );
}

function ColorSchemeButton() {
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme("light", { getInitialValueInEffect: false });
  const other = scheme === "dark" ? "light" : "dark";
  return (
    <Tooltip label={`Use ${other} colours`}>
      <ActionIcon aria-label={`Use ${other} colours`} onClick={() => setColorScheme(other)}>
        {scheme === "dark" ? <IconSun size={16} /> : <IconMoon size={16} />}
      </ActionIcon>
    </Tooltip>
  );
}
