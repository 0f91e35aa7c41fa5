import { endpoints } from "../../src/api/index.ts";
import { builtIn } from "../../src/config/components.ts";
import { globalSchema } from "../../src/config/global.ts";
import { jsonSchemaOf } from "../../src/config/json-schema.ts";
import { profilesSchema } from "../../src/config/profiles.ts";
import { sensorSchema } from "../../src/config/sensor.ts";
import { FAULTS } from "../../src/core/fault.ts";
import { enrichments } from "../../src/enrichments/index.ts";
import { threatIntel } from "../../src/enrichments/threat-intel/threat-intel.ts";
import { parsers } from "../../src/parsers/index.ts";
import { families } from "../../src/schema/fields/index.ts";
import { meanings } from "../../src/schema/meanings.ts";
import { sinks } from "../../src/sinks/index.ts";
import { sources } from "../../src/sources/index.ts";
import { filters } from "../../src/transforms/filters.ts";
import { transforms } from "../../src/transforms/index.ts";
import { validations } from "../../src/transforms/validations/index.ts";
import { componentPage, GENERATED, meaningCell, optionsTable, table } from "./markdown.ts";
import { openApi, restPage } from "./rest.ts";
import { stellarPage } from "./stellar.ts";

/** Every printed file by its path from the root of the project. */
export async function printReference(): Promise<Record<string, string>> {
  return {
    "docs/reference/fields.md": fieldsPage(),
    "docs/reference/parsers.md": componentPage(
      "Parsers",
      "A parser turns records into messages. A sensor document names one under `parser`.",
      parsers,
    ),
    "docs/reference/enrichments.md": [
      componentPage(
        "Enrichments",
        "An enrichment adds what is known of a field's value, as `enrichments.<name>.<field>.<key>`. A sensor document names it under `enrichments`, mostly with the list of fields it looks at.",
        enrichments,
      ),
      componentPage(
        "Threat intelligence",
        "Under `threatIntel` a sensor document names, for each type of indicator, the fields that are matched with it, and under `stellar` expressions that run in this stage.",
        { list: [threatIntel] },
      ).replace(`${GENERATED}\n\n`, ""),
    ].join("\n"),
    "docs/reference/transforms.md": [
      componentPage(
        "Field transformations",
        "They change a message after it is parsed, in the order of the sensor document.",
        transforms,
      ),
      componentPage(
        "Filters",
        "A filter drops messages; a dropped message leaves no trace.",
        filters,
      ).replace(`${GENERATED}\n\n`, ""),
      componentPage("Validations", "A message that fails one becomes an error record.", validations).replace(
        `${GENERATED}\n\n`,
        "",
      ),
    ].join("\n"),
    "docs/reference/sources.md": componentPage(
      "Sources",
      "A source takes records in and makes them durable before it answers.",
      sources,
    ),
    "docs/reference/sinks.md": componentPage(
      "Sinks",
      "A sink passes messages on to somebody else; a block counts as done when all its sinks have it.",
      sinks,
    ),
    "docs/reference/stellar.md": stellarPage(),
    "docs/reference/rest.md": restPage(Object.values(endpoints)),
    "docs/reference/openapi.json": `${JSON.stringify(openApi(Object.values(endpoints)), null, 1)}\n`,
    "docs/reference/errors.md": errorsPage(),
    "docs/reference/configuration.md": configurationPage(),
    "config/schema/sensor.json": `${JSON.stringify(jsonSchemaOf(sensorSchema, builtIn), null, 1)}\n`,
    "config/schema/profiles.json": `${JSON.stringify(jsonSchemaOf(profilesSchema, builtIn), null, 1)}\n`,
    "config/schema/metron.json": `${JSON.stringify(jsonSchemaOf(globalSchema, builtIn), null, 1)}\n`,
  };
}

function fieldsPage(): string {
  const parts = [
    GENERATED,
    "# Fields",
    'Fields that the program knows before it sees a message. A field that is not here works too: the form of each value says what it stands for, as it does where the meaning is "by form".',
    "In a name `*` stands for any characters and `#` for a number. ECS is the Elastic Common Schema, OCSF the Open Cybersecurity Schema Framework; both are named for readers who know them, messages have the names on the left.",
    "## Meanings",
    "A meaning says how values are compared (letters, addresses, numbers), how the page shows them, and how each kind of storage keeps them. Two spellings of one value are equal.",
    table(
      ["meaning", "values", "compared by", "index", "Parquet", "OpenSearch"],
      Object.entries(meanings).map(([name, { about, order, stored }]) => [
        name,
        about,
        order === "none" ? "" : order,
        stored.column,
        stored.parquet,
        stored.openSearch,
      ]),
    ),
  ];
  for (const { title, fields } of families) {
    const rows = fields.map((field) => [
      `\`${field.name}\``,
      meaningCell(field),
      field.about,
      field.ecs ?? "",
      field.ocsf ?? "",
    ]);
    parts.push(`## ${title}`, table(["field", "meaning", "what it says", "ECS", "OCSF"], rows));
  }
  return `${parts.join("\n\n")}\n`;
}

function errorsPage(): string {
  const rows = Object.entries(FAULTS).map(([code, { status, advice }]) => [
    `<a id="${code.toLowerCase()}"></a>\`${code}\``,
    String(status),
    advice,
  ]);
  return `${[GENERATED, "# Faults", "Every way Metron can fail. A problem answer (RFC 9457) carries the code and the advice.", table(["code", "status", "what to do"], rows)].join("\n\n")}\n`;
}

function configurationPage(): string {
  return `${[
    GENERATED,
    "# Configuration",
    "Configuration is documents in YAML. They are published with `metron config publish`, on the page, or by REST; every version is kept.",
    "## A sensor",
    "One document per sensor, in the order of the loop.",
    optionsTable(sensorSchema),
    "## The platform",
    "The document `global` (`config/metron.yaml` for a new data folder).",
    optionsTable(globalSchema),
    "## Profiles",
    "The document `profiles`: what entities do, summed up period by period. [The guide](../guide/profiles.md) has examples.",
    optionsTable(profilesSchema),
  ].join("\n\n")}\n`;
}
