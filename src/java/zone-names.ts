/** Names of time zones as the US locale of the JDK has them; `Intl` knows the long ones but few of the short. */

/** First parts of IANA ids. */
export const REGIONS: ReadonlySet<string> = new Set([
  "Africa",
  "America",
  "Antarctica",
  "Arctic",
  "Asia",
  "Atlantic",
  "Australia",
  "Brazil",
  "Canada",
  "Chile",
  "Etc",
  "Europe",
  "Indian",
  "Mexico",
  "Pacific",
  "US",
]);

/** The only ids with a region whose second part is all capitals. */
export const CAPITAL_ZONES: ReadonlySet<string> = new Set([
  "Australia/ACT",
  "Australia/LHI",
  "Australia/NSW",
]);

/** Ids that stand for a fixed offset in hours. */
export const FIXED_ZONES: Readonly<Record<string, number>> = { EST: -5, MST: -7, HST: -10 };

/** The JDK's old three-letter ids, and the capital-letter ids of the IANA database. */
export const LEGACY_ZONES: Readonly<Record<string, string>> = {
  ACT: "Australia/Darwin",
  AET: "Australia/Sydney",
  AGT: "America/Argentina/Buenos_Aires",
  ART: "Africa/Cairo",
  AST: "America/Anchorage",
  BET: "America/Sao_Paulo",
  BST: "Asia/Dhaka",
  CAT: "Africa/Harare",
  CET: "Europe/Paris",
  CNT: "America/St_Johns",
  CST: "America/Chicago",
  CTT: "Asia/Shanghai",
  EAT: "Africa/Addis_Ababa",
  ECT: "Europe/Paris",
  EET: "Europe/Bucharest",
  GB: "Europe/London",
  IET: "America/Indiana/Indianapolis",
  IST: "Asia/Kolkata",
  JST: "Asia/Tokyo",
  MET: "Europe/Paris",
  MIT: "Pacific/Apia",
  NET: "Asia/Yerevan",
  NST: "Pacific/Auckland",
  NZ: "Pacific/Auckland",
  PLT: "Asia/Karachi",
  PNT: "America/Phoenix",
  PRC: "Asia/Shanghai",
  PRT: "America/Puerto_Rico",
  PST: "America/Los_Angeles",
  ROC: "Asia/Taipei",
  ROK: "Asia/Seoul",
  SST: "Pacific/Guadalcanal",
  UCT: "UTC",
  VST: "Asia/Ho_Chi_Minh",
  WET: "Europe/Lisbon",
};

/** A zone of each kind, the long name of its standard time, and the short names of standard and summer time. */
type ZoneName = readonly [zone: string, long: string, standard: string, summer?: string];

/**
 * In the order in which the JDK looks a name up: of two zones that share an abbreviation the first wins, so `IST` is
 * read as Israel's.
 */
export const ZONE_NAMES: readonly ZoneName[] = [
  ["America/Los_Angeles", "Pacific Standard Time", "PST", "PDT"],
  ["America/Denver", "Mountain Standard Time", "MST", "MDT"],
  ["America/Chicago", "Central Standard Time", "CST", "CDT"],
  ["America/New_York", "Eastern Standard Time", "EST", "EDT"],
  ["Pacific/Honolulu", "Hawaii-Aleutian Standard Time", "HST", "HDT"],
  ["America/Anchorage", "Alaska Standard Time", "AKST", "AKDT"],
  ["America/Halifax", "Atlantic Standard Time", "AST", "ADT"],
  ["America/St_Johns", "Newfoundland Standard Time", "NST", "NDT"],
  ["Europe/Paris", "Central European Standard Time", "CET", "CEST"],
  ["GMT", "Greenwich Mean Time", "GMT"],
  ["Asia/Jerusalem", "Israel Standard Time", "IST", "IDT"],
  ["Asia/Tokyo", "Japan Standard Time", "JST"],
  ["Europe/Bucharest", "Eastern European Standard Time", "EET", "EEST"],
  ["Asia/Shanghai", "China Standard Time", "CST"],
  ["UTC", "Coordinated Universal Time", "UTC"],
  ["Europe/London", "Greenwich Mean Time", "GMT", "BST"],
  ["Europe/Lisbon", "Western European Standard Time", "WET", "WEST"],
  ["Europe/Moscow", "Moscow Standard Time", "MSK", "MSD"],
  ["Africa/Harare", "Central Africa Time", "CAT"],
  ["Africa/Nairobi", "East Africa Time", "EAT"],
  ["Africa/Lagos", "West Africa Time", "WAT", "WAST"],
  ["Africa/Johannesburg", "South Africa Standard Time", "SAST"],
  ["America/Argentina/Buenos_Aires", "Argentina Standard Time", "ART", "ARST"],
  ["America/Bogota", "Colombia Standard Time", "COT"],
  ["America/Caracas", "Venezuela Time", "VET"],
  ["America/La_Paz", "Bolivia Time", "BOT"],
  ["America/Lima", "Peru Standard Time", "PET"],
  ["America/Montevideo", "Uruguay Standard Time", "UYT", "UYST"],
  ["America/Santiago", "Chile Standard Time", "CLT", "CLST"],
  ["America/Sao_Paulo", "Brasilia Standard Time", "BRT", "BRST"],
  ["Asia/Dhaka", "Bangladesh Standard Time", "BDT"],
  ["Asia/Dubai", "Gulf Standard Time", "GST"],
  ["Asia/Ho_Chi_Minh", "Indochina Time", "ICT"],
  ["Asia/Hong_Kong", "Hong Kong Standard Time", "HKT"],
  ["Asia/Jakarta", "Western Indonesia Time", "WIB"],
  ["Asia/Kabul", "Afghanistan Time", "AFT"],
  ["Asia/Karachi", "Pakistan Standard Time", "PKT"],
  ["Asia/Kathmandu", "Nepal Time", "NPT"],
  ["Asia/Kolkata", "India Standard Time", "IST"],
  ["Asia/Kuala_Lumpur", "Malaysia Time", "MYT"],
  ["Asia/Manila", "Philippine Standard Time", "PST"],
  ["Asia/Seoul", "Korean Standard Time", "KST"],
  ["Asia/Singapore", "Singapore Standard Time", "SGT"],
  ["Asia/Taipei", "Taiwan Standard Time", "CST"],
  ["Asia/Tashkent", "Uzbekistan Standard Time", "UZT"],
  ["Asia/Tehran", "Iran Standard Time", "IRST", "IRDT"],
  ["Asia/Yangon", "Myanmar Time", "MMT"],
  ["Australia/Adelaide", "Australian Central Standard Time", "ACST", "ACDT"],
  ["Australia/Perth", "Australian Western Standard Time", "AWST"],
  ["Australia/Sydney", "Australian Eastern Standard Time", "AEST", "AEDT"],
  ["Europe/Istanbul", "Türkiye Standard Time", "TRT"],
  ["Pacific/Auckland", "New Zealand Standard Time", "NZST", "NZDT"],
  ["Pacific/Guam", "Chamorro Standard Time", "ChST"],
  ["Pacific/Pago_Pago", "American Samoa Standard Time", "SST"],
];
