import { expect, type Locator, type Page } from "@playwright/test";

/** The investigate page as an analyst names its parts: by role and label. */
export class InvestigatePage {
  readonly page: Page;
  readonly alerts: Locator;
  readonly messages: Locator;
  readonly query: Locator;
  readonly details: Locator;
  readonly facets: Locator;

  constructor(page: Page) {
    this.page = page;
    this.alerts = page.getByRole("grid", { name: "Alerts" });
    this.messages = page.getByRole("grid", { name: "Messages" });
    this.query = page.getByRole("textbox", { name: "Query" });
    this.details = page.getByRole("complementary", { name: "Details" });
    this.facets = page.getByRole("complementary", { name: "Facets" });
  }

  /** Opens the page and waits for the first row. */
  async open(search = ""): Promise<void> {
    await this.page.goto(`/${search}`);
    await expect(this.rows().first()).toBeVisible({ timeout: 60_000 });
  }

  /** The rows of whatever list is shown, the heading left out. */
  rows(): Locator {
    return this.page.getByRole("grid").getByRole("rowgroup").getByRole("row");
  }

  /** The value buttons of a facet. */
  facet(name: string): Locator {
    return this.facets.getByRole("region", { name }).getByRole("button", { name: /messages?$/ });
  }

  /** Opens the packets of the first row, by keys alone. */
  async openPackets(): Promise<void> {
    await this.page.keyboard.press("j");
    await this.page.keyboard.press("Enter");
    await expect(this.details).toBeVisible();
    await this.page.keyboard.press("p");
    await expect(this.details.getByRole("button", { name: "Packets" })).toHaveAttribute(
      "aria-pressed",
      "true",
    );
  }

  section(name: string | RegExp): Locator {
    return this.details.getByRole("region", { name });
  }

  /** How many match, as the page says. */
  async total(): Promise<number> {
    const text = await this.page
      .getByRole("region", { name: "Results" })
      .getByRole("status")
      .first()
      .textContent();
    return Number((text ?? "").replace(/\D/g, ""));
  }

  /** Changes of messages that the page asks for from now on, as they come. */
  changesAsked(): readonly unknown[] {
    const asked: unknown[] = [];
    this.page.on("request", (request) => {
      if (request.method() === "PATCH") asked.push(request.postDataJSON());
    });
    return asked;
  }

  async run(query: string): Promise<void> {
    await this.query.fill(query);
    await this.page.keyboard.press("Enter");
  }

  /** A parameter of the address. */
  address(name: string): string | null {
    return new URL(this.page.url()).searchParams.get(name);
  }
}
