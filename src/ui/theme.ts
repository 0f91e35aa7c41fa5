import { createTheme, type MantineColorsTuple } from "@mantine/core";

const slate: MantineColorsTuple = [
  "#d9e0e8",
  "#b6c0cc",
  "#93a0af",
  "#6c7988",
  "#3a4450",
  "#2a323c",
  "#1c232b",
  "#141a21",
  "#0f1419",
  "#0a0d11",
];

/** Dense, calm, system fonts: an analyst looks at this for hours, and nothing may be fetched from outside. */
export const theme = createTheme({
  primaryColor: "blue",
  primaryShade: { light: 7, dark: 5 },
  colors: { dark: slate },
  defaultRadius: "sm",
  fontFamily:
    'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", Arial, sans-serif',
  fontFamilyMonospace:
    'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
  fontSizes: { xs: "11px", sm: "12px", md: "13px", lg: "15px", xl: "18px" },
  spacing: { xs: "6px", sm: "8px", md: "12px", lg: "16px", xl: "24px" },
  headings: { fontWeight: "600" },
  components: {
    Button: { defaultProps: { size: "compact-sm", variant: "default" } },
    ActionIcon: { defaultProps: { variant: "subtle", color: "gray", size: "md" } },
    Tooltip: { defaultProps: { openDelay: 400, withArrow: true } },
    // Keys go to what is open: one that fades away would still swallow the next.
    Menu: { defaultProps: { shadow: "md", transitionProps: { duration: 0 } } },
    Popover: { defaultProps: { shadow: "md", transitionProps: { duration: 0 } } },
    Modal: { defaultProps: { transitionProps: { duration: 0 } } },
    TextInput: { defaultProps: { size: "xs" } },
    SegmentedControl: { defaultProps: { size: "xs" } },
  },
});
