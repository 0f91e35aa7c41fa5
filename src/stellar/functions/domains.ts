import { defineFunction, type Namespace, raises } from "../language/function.ts";
import { spend } from "../values/budget.ts";
import { StellarSet } from "../values/value.ts";
import { publicSuffix, registeredDomain, withoutSuffix } from "./net/domain.ts";
import { typosquats } from "./net/typosquat.ts";

const DOMAIN = { name: "domain", type: "string", about: "The domain name." } as const;

const domainRemoveSubdomains = defineFunction({
  name: "DOMAIN_REMOVE_SUBDOMAINS",
  summary: "Gives the part of a domain name that was registered: one label and the public suffix.",
  params: [{ ...DOMAIN, optional: true }],
  returns: "string",
  result: "Null when the text is no domain name.",
  examples: [
    ["DOMAIN_REMOVE_SUBDOMAINS('mail.yahoo.co.uk')", "yahoo.co.uk"],
    ["DOMAIN_REMOVE_SUBDOMAINS('com')", "com"],
    ["DOMAIN_REMOVE_SUBDOMAINS('bad domain')", null],
    ["DOMAIN_REMOVE_SUBDOMAINS(5)", raises("must be a string")],
  ],
  call: (domain) => (typeof domain === "string" ? (registeredDomain(domain) ?? null) : null),
});

const domainRemoveTld = defineFunction({
  name: "DOMAIN_REMOVE_TLD",
  summary: "Gives a domain name without its public suffix.",
  params: [DOMAIN],
  returns: "string",
  result: "Null when the text is no domain name.",
  examples: [
    ["DOMAIN_REMOVE_TLD('mail.yahoo.co.uk')", "mail.yahoo"],
    ["DOMAIN_REMOVE_TLD('com')", ""],
    ["DOMAIN_REMOVE_TLD(null)", null],
  ],
  call: (domain) => (domain === null ? null : (withoutSuffix(domain) ?? null)),
});

const domainToTld = defineFunction({
  name: "DOMAIN_TO_TLD",
  summary: "Gives the public suffix of a domain name, which may be more than its top-level domain.",
  params: [DOMAIN],
  returns: "string",
  result: "What follows the last dot when the suffix is unknown; the text `null` of null.",
  examples: [
    ["DOMAIN_TO_TLD('mail.yahoo.co.uk')", "co.uk"],
    ["DOMAIN_TO_TLD('www.example.unknowntld')", "unknowntld"],
    ["DOMAIN_TO_TLD(null)", "null"],
  ],
  call: (domain) => publicSuffix(domain ?? "null"),
});

const domainTyposquat = defineFunction({
  name: "DOMAIN_TYPOSQUAT",
  summary: "Gives the names that someone may register to catch mistyped or misread visits to a domain.",
  params: [
    { ...DOMAIN, about: "The domain's own label, without subdomains and public suffix.", optional: true },
  ],
  returns: "set",
  examples: [
    ["'gogle' in DOMAIN_TYPOSQUAT('google')", true],
    ["'google' in DOMAIN_TYPOSQUAT('google')", false],
    ["LENGTH(DOMAIN_TYPOSQUAT('amazon'))", 298],
    ["DOMAIN_TYPOSQUAT(null)", null],
    ["DOMAIN_TYPOSQUAT(5)", raises("must be a string")],
  ],
  call: (domain) => {
    if (typeof domain !== "string") return null;
    const candidates = typosquats(domain);
    spend(4 * candidates.size);
    return new StellarSet(candidates);
  },
});

export const domains: Namespace = {
  name: "domains",
  summary: "Domain names.",
  functions: [domainRemoveSubdomains, domainRemoveTld, domainToTld, domainTyposquat],
};
