import { expect, test } from "vitest";
import { defaultData } from "./options.ts";

test("data lies in the checkout, and of an installed package where it outlives the next version", () => {
  const checkout = "/home/ann/metron";
  const installed = "/usr/lib/node_modules/metron";
  expect(defaultData(checkout, {}, "/home/ann")).toBe("/home/ann/metron/data");
  expect(defaultData(installed, {}, "/home/ann")).toBe("/home/ann/.local/share/metron");
  expect(defaultData(installed, { XDG_DATA_HOME: "/srv/data" }, "/home/ann")).toBe("/srv/data/metron");
  expect(defaultData(installed, { XDG_DATA_HOME: "data" }, "/home/ann")).toBe(
    "/home/ann/.local/share/metron",
  );
  for (const root of [checkout, installed])
    expect(defaultData(root, { METRON_DATA: "/data", XDG_DATA_HOME: "/srv" }, "/home/ann")).toBe("/data");
});
