import type { Random } from "./random.ts";

/** A machine of the company. */
export type Host = {
  readonly ip: string;
  readonly name: string;
  readonly type: "workstation" | "server" | "printer";
  readonly user: string;
  /** What losing it would cost, as the asset list says. */
  readonly value: "normal" | "important" | "critical";
};

/** A place on the internet that the company talks to. */
export type Site = { readonly name: string; readonly ip: string; readonly country: string };

/** A company of invented people and machines in private address space. */
export type Company = {
  readonly domain: string;
  readonly workstations: readonly Host[];
  readonly servers: readonly Host[];
  readonly printers: readonly Host[];
  readonly resolver: Host;
  readonly domainController: Host;
  readonly fileServer: Host;
  readonly database: Host;
  readonly proxy: Host;
  readonly firewall: string;
  readonly nat: string;
  /** From the most to the least visited. */
  readonly sites: readonly Site[];
};

const FIRST =
  "anna,bela,carla,david,elena,farid,greta,hugo,ines,jonas,kira,lars,mina,noah,olga,pavel,quinn,rosa,samir,tara,uwe,vera,wim,xenia,yusuf,zoe".split(
    ",",
  );
const LAST =
  "abel,berg,costa,dorn,engel,falk,gruber,haas,ito,jansen,keller,lang,maier,novak,ott,peters,quist,roth,stein,thoma,ulrich,vogt,weber,young,zahn".split(
    ",",
  );

// Prefixes of large public networks, so that geography and AS numbers come out as they would in life.
const NETWORKS: readonly (readonly [string, string])[] = [
  ["142.250.74", "US"],
  ["151.101.1", "US"],
  ["104.16.132", "US"],
  ["52.95.110", "US"],
  ["13.107.42", "US"],
  ["185.60.216", "IE"],
  ["23.62.236", "US"],
  ["91.198.174", "NL"],
  ["217.160.0", "DE"],
  ["62.154.0", "DE"],
  ["193.99.144", "DE"],
  ["212.58.237", "GB"],
  ["195.154.122", "FR"],
  ["151.1.0", "IT"],
  ["133.242.0", "JP"],
  ["203.104.153", "JP"],
  ["210.242.0", "TW"],
  ["177.154.0", "BR"],
  ["41.203.18", "NG"],
  ["103.28.248", "IN"],
];

const WORDS =
  "alpine,anchor,atlas,beacon,birch,bright,cedar,cloud,cobalt,comet,copper,coral,delta,ember,fable,falcon,garnet,harbor,indigo,juniper,lagoon,linden,lumen,maple,meadow,nimbus,north,opal,orbit,pebble,pine,quartz,river,saffron,sierra,slate,solar,summit,tidal,umber,velvet,willow,zenith".split(
    ",",
  );
const ENDINGS = ["com", "com", "com", "net", "org", "de", "io", "co.uk", "fr", "eu"];

/** Invents a company with the given number of workstations. */
export function makeCompany(random: Random, workstations: number): Company {
  const domain = "contoso-metal.example";
  const server = (last: number, name: string, value: Host["value"] = "important"): Host => ({
    ip: `10.20.0.${last}`,
    name: `${name}.${domain}`,
    type: "server",
    user: `svc-${name}`,
    value,
  });
  const resolver = server(10, "ns1");
  const domainController = server(11, "dc1", "critical");
  const fileServer = server(20, "files1", "critical");
  const database = server(30, "erp-db1", "critical");
  const proxy = server(40, "proxy1");
  const people: Host[] = [];
  for (let index = 0; index < workstations; index++) {
    const user = `${FIRST[index % FIRST.length]}.${LAST[Math.floor(index / FIRST.length + index * 7) % LAST.length]}`;
    people.push({
      ip: `10.10.${1 + Math.floor(index / 200)}.${10 + (index % 200)}`,
      name: `ws-${String(index + 1).padStart(4, "0")}.${domain}`,
      type: "workstation",
      user,
      value: "normal",
    });
  }
  const printers = Array.from(
    { length: Math.max(1, Math.ceil(workstations / 40)) },
    (_, index): Host => ({
      ip: `10.30.0.${10 + index}`,
      name: `printer-${index + 1}.${domain}`,
      type: "printer",
      user: "",
      value: "normal",
    }),
  );
  const sites = Array.from({ length: 400 }, (_, index): Site => {
    const [network, country] = NETWORKS[(index * 7) % NETWORKS.length] as readonly [string, string];
    const name = `${WORDS[index % WORDS.length]}-${WORDS[(index * 11 + 5) % WORDS.length]}.${ENDINGS[index % ENDINGS.length]}`;
    return {
      name: `${random.pick(["www", "api", "cdn", "static", "mail", "login"])}.${name}`,
      ip: `${network}.${random.int(1, 254)}`,
      country,
    };
  });
  return {
    domain,
    workstations: people,
    servers: [
      resolver,
      domainController,
      fileServer,
      database,
      proxy,
      server(50, "mail1"),
      server(60, "intranet1"),
      server(70, "build1"),
    ],
    printers,
    resolver,
    domainController,
    fileServer,
    database,
    proxy,
    firewall: "10.0.0.1",
    nat: "198.51.100.7",
    sites,
  };
}

/** The asset list: what the host enrichment knows of every machine. */
export function assetList(
  company: Company,
): { ip: string; local: string; type: string; asset_value: string; hostname: string }[] {
  return [...company.workstations, ...company.servers, ...company.printers].map((host) => ({
    ip: host.ip,
    local: "YES",
    type: host.type,
    asset_value: host.value,
    hostname: host.name,
  }));
}
