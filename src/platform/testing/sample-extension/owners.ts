const OWNERS: Readonly<Record<string, string>> = { 17: "Ada", 23: "Grace" };

export function ownerOf(badge: string): string | undefined {
  return OWNERS[badge];
}
