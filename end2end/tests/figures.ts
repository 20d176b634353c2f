// What the API answers, and how a card writes it: worked out here again, independently of the product's own code.
import { expect, type Locator, type Page } from "@playwright/test";
import { url } from "./page";

export type Cell = null | boolean | number | string;

export type Frame = {
  columns: { name: string; role: "dimension" | "value" | "comparison" | "delta"; format: string }[];
  rows: Cell[][];
  edition: number;
  as_of: string;
  comparison: { from: string; to: string } | null;
};

export type Question = {
  metrics: string[];
  period: { this: string } | { last: number; unit: string } | { from: string; to: string };
  by?: string[];
  grain?: string;
  compare?: "none" | "previous_period" | "same_period_last_year";
  where?: { dimension: string; op: "in" | "not_in"; values: string[] }[];
  order?: { by: string; dir: "asc" | "desc" }[];
  limit?: number;
};

export const THIS_MONTH = { this: "month" };
/** The KPIs of the overview, in its order. */
export const KPIS = ["lead_conversion_rate", "cac", "mrr", "whatsapp_sla", "order_lead_time", "gross_margin_pct", "event_roi"];

export const only = (dimension: string, ...values: string[]) => ({ dimension, op: "in" as const, values });

export async function ask(page: Page, question: Question): Promise<Frame> {
  const response = await page.request.post(url("/api/v1/query"), { data: question });
  expect(response.status(), await response.text()).toBe(200);
  return response.json();
}

export async function read<T>(page: Page, path: string): Promise<T> {
  const response = await page.request.get(url(path));
  expect(response.status(), path).toBe(200);
  return response.json();
}

/** The numbers of one metric, row by row. */
export function column(frame: Frame, metric: string, role: Frame["columns"][number]["role"] = "value"): (number | null)[] {
  const index = frame.columns.findIndex((column) => column.name === metric && column.role === role);
  expect(index, `${metric} ${role} is in the answer`).toBeGreaterThanOrEqual(0);
  return frame.rows.map((row) => {
    const cell = row[index];
    // A decimal that no float holds comes as its digits.
    return cell === null ? null : Number(cell);
  });
}

/** The one number of a question without dimensions. */
export async function figure(page: Page, metric: string, question: Omit<Question, "metrics">): Promise<string> {
  const frame = await ask(page, { metrics: [metric], ...question });
  return onCard(column(frame, metric)[0], frame.columns[0].format);
}

/** A value as a card writes it in Portuguese or English: three digits that count. */
export function onCard(value: number | null, format: string, lang: "pt-BR" | "en" = "pt-BR"): string {
  if (value === null) return "—";
  const digits = (value: number, decimals: number) =>
    new Intl.NumberFormat(lang, { minimumFractionDigits: decimals, maximumFractionDigits: decimals }).format(value).replace("-", "−");
  const pt = lang === "pt-BR";
  switch (format) {
    case "percent":
      return `${digits(value * 100, Math.abs(value * 100) < 99.95 ? 1 : 0)}%`;
    case "money": {
      if (Math.abs(value) < 99.995) return `R$ ${digits(value, 2)}`;
      if (Math.abs(value) < 9999.5) return `R$ ${digits(value, 0)}`;
      const rounded = Number(value.toPrecision(3));
      const [size, suffix] = Math.abs(rounded) < 1e6 ? [1e3, pt ? "mil" : "K"] : [1e6, pt ? "mi" : "M"];
      const short = rounded / size;
      return `R$ ${digits(short, 3 - String(Math.trunc(Math.abs(short))).length)} ${suffix}`;
    }
    case "business_days": {
      const shown = digits(value, Math.abs(value) < 999.95 ? 1 : 0);
      const one = pt ? Math.abs(value) < 1.95 : shown === "1.0";
      return `${shown} ${pt ? (one ? "dia útil" : "dias úteis") : one ? "business day" : "business days"}`;
    }
    default:
      throw new Error(`no card of the overview has the format ${format}`);
  }
}

/** The card of a KPI on a board. */
export const card = (page: Page, metric: string) => {
  const link = `a[href^="/indicador/${metric}"]`;
  return page.locator(`.kpis > ${link}, .kpis > .kpi:has(${link})`);
};

/** Text that begins with `figure`, however its parts are spaced. */
export function beginning(figure: string): RegExp {
  const parts = figure.match(/[\d.,]+|[^\s\d.,]+/g) ?? [];
  return new RegExp(`^\\s*${parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("\\s*")}(?![\\d.,])`);
}

/** Every card of the board says what the API answers. */
export async function expectCards(page: Page, figures: Map<string, string>) {
  for (const [metric, figure] of figures) {
    await expect(card(page, metric).locator(".val"), metric).toHaveText(beginning(figure));
  }
}

/** The number that a text of the product begins with: `−0,41`, `R$ 241.431,00`, `60,8%`. */
export function parsed(text: string): number {
  const found = text.match(/[+−-]?\s*(?:R\$)?\s*([\d.]+(?:,\d+)?)/);
  if (!found) throw new Error(`there is no number in "${text}"`);
  const size = Number(found[1].replaceAll(".", "").replace(",", "."));
  return /^[^\d]*[−-]/.test(found[0]) ? -size : size;
}

export async function texts(locator: Locator): Promise<string[]> {
  return (await locator.allInnerTexts()).map((text) => text.trim());
}
