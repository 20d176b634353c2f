//! The stories that the data tells: what happened, when, and what it did.
//!
//! Generators ask here and nowhere else whether something unusual goes on. Invariant: every date follows from the horizon.

use crate::calendar::{self, Calendar, Day};
use crate::company::Horizon;
use crate::company::places::Place;

/// One story, as it is told to people and to tests.
#[derive(Debug, Clone)]
pub struct Story {
    pub id: &'static str,
    /// The metric in which it shows.
    pub metric: &'static str,
    pub from: Day,
    pub to: Day,
    /// What happened, in the product's language.
    pub cause: &'static str,
}

/// A closed span of days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub from: Day,
    pub to: Day,
}

impl Span {
    pub fn contains(self, day: Day) -> bool {
        (self.from..=self.to).contains(&day)
    }

    fn months(first: i32, last: i32) -> Span {
        Span { from: calendar::month_start(first), to: calendar::month_end(last) }
    }
}

/// Seller who leaves in story `top_seller`.
pub const TOP_SELLER: u16 = 11;
/// Filial whose win rate falls then.
pub const TOP_SELLER_FILIAL: u8 = 2;
/// Index of family `Eletrônicos`.
pub const IMPORTED_FAMILY: u8 = 0;
/// Index of segment `Educação`.
pub const EDUCATION: u8 = 3;
/// Per cent of the education contracts that the rival took.
pub const EDUCATION_LOSS: i32 = 45;

/// When each story happens.
#[derive(Debug, Clone)]
pub struct Stories {
    pub ads_sul: Span,
    pub agents_left: Span,
    /// The first day of the substitutes.
    pub substitutes: Day,
    pub site_form: Span,
    /// Cost is up and prices are not.
    pub imported_cost: Span,
    pub edu_churn: Span,
    pub expo: Day,
    pub port_strike: Span,
    pub recife_opens: Day,
    pub top_seller: Span,
    black_fridays: Vec<Day>,
}

impl Stories {
    pub fn new(horizon: Horizon, calendar: &Calendar) -> Stories {
        let back = |months: i32| horizon.last_month() - months;
        let quarter = horizon.last_month().div_euclid(3) * 3 - 3;
        let left = calendar.after(1, calendar::month_start(back(1)) + 6, 0);
        let last_short = calendar.after(1, left, 8);
        let years = calendar::civil(horizon.first).0..=calendar::civil(horizon.last).0;
        Stories {
            ads_sul: Span::months(quarter, quarter + 2),
            agents_left: Span { from: left, to: last_short },
            substitutes: calendar.after(1, last_short, 1),
            site_form: Span::months(back(15), back(11)),
            imported_cost: Span::months(back(7), back(4)),
            edu_churn: Span::months(back(6), back(6)),
            expo: calendar.after(1, calendar::month_start(back(9)) + 9, 0),
            port_strike: Span::months(back(3), back(2)),
            recife_opens: calendar.after(1, calendar::month_start(back(22)) + 3, 0),
            top_seller: Span::months(back(8), back(6)),
            black_fridays: years
                .map(calendar::black_friday)
                .filter(|&friday| friday <= horizon.last)
                .collect(),
        }
    }

    /// Monday of the Black Friday week to the Monday after it.
    pub fn in_black_friday(&self, day: Day) -> bool {
        self.black_fridays.iter().any(|&friday| (friday - 4..=friday + 3).contains(&day))
    }

    /// The warehouse catches up until mid-December.
    pub fn warehouse_overloaded(&self, day: Day) -> bool {
        self.black_fridays.iter().any(|&friday| (friday - 1..=friday + 14).contains(&day))
    }

    /// Factor of Ads cost in a UF.
    pub fn ads_cost(&self, uf: &Place, day: Day) -> f64 {
        if uf.region == "Sul" && self.ads_sul.contains(day) { 2.0 } else { 1.0 }
    }

    /// Factor of the probability that a deal of this filial is won.
    pub fn win_factor(&self, filial: u8, day: Day) -> f64 {
        if filial == TOP_SELLER_FILIAL && self.top_seller.contains(day) { 0.5 } else { 1.0 }
    }

    /// Factor of the unit cost of a family.
    pub fn cost_factor(&self, family: u8, day: Day) -> f64 {
        if family == IMPORTED_FAMILY && day >= self.imported_cost.from { 1.35 } else { 1.0 }
    }

    /// Factor of the prices of a family: the answer to the higher cost.
    pub fn price_factor(&self, family: u8, day: Day) -> f64 {
        if family == IMPORTED_FAMILY && day > self.imported_cost.to { 1.32 } else { 1.0 }
    }

    /// Extra business days of a delivery that leaves the warehouse's queue on `day`.
    pub fn delay(&self, uf: &Place, day: Day, usual: i32) -> i32 {
        let strike = if self.port_strike.contains(day) && matches!(uf.region, "Norte" | "Nordeste") {
            usual + 2
        } else {
            0
        };
        strike + if self.warehouse_overloaded(day) { 4 } else { 0 }
    }

    /// The written list, oldest first; Black Friday once for each year.
    pub fn told(&self) -> Vec<Story> {
        let mut spans = vec![
            ("ads_sul", self.ads_sul),
            ("agents_left", self.agents_left),
            ("site_form", self.site_form),
            ("imported_cost", self.imported_cost),
            ("edu_churn", self.edu_churn),
            ("expo_fracasso", Span { from: self.expo, to: self.expo + 180 }),
            ("port_strike", self.port_strike),
            ("top_seller", self.top_seller),
            ("recife", Span { from: self.recife_opens, to: Day::MAX }),
        ];
        let fridays = self.black_fridays.iter();
        spans.extend(fridays.map(|&friday| ("black_friday", Span { from: friday - 4, to: friday + 14 })));
        spans.sort_by_key(|(_, span)| span.from);
        let tell = |(id, span): (&str, Span)| {
            let (id, metric, cause) = TOLD.into_iter().find(|told| told.0 == id)?;
            Some(Story { id, metric, from: span.from, to: span.to, cause })
        };
        spans.into_iter().filter_map(tell).collect()
    }
}

/// (id, metric in which it shows, cause).
const TOLD: [(&str, &str, &str); 10] = [
    ("ads_sul", "cac", "O custo de Ads em PR, SC e RS dobrou no trimestre; os leads não cresceram."),
    (
        "agents_left",
        "whatsapp_sla",
        "Dois agentes da fila Vendas saíram; por nove dias úteis não houve substitutos.",
    ),
    (
        "site_form",
        "lead_conversion_rate",
        "Um formulário mais curto triplicou os leads do Site, de baixa qualidade.",
    ),
    (
        "imported_cost",
        "gross_margin_pct",
        "O câmbio elevou em 35 % o custo de Eletrônicos; o preço só subiu depois.",
    ),
    ("edu_churn", "mrr", "Um concorrente levou 45 % dos contratos do segmento Educação."),
    ("expo_fracasso", "event_roi", "A Expo Serra custou o triplo de uma feira e trouxe poucos negócios."),
    ("port_strike", "order_lead_time", "Uma greve no porto atrasou as entregas ao Norte e ao Nordeste."),
    ("top_seller", "win_rate", "O melhor vendedor de São Paulo saiu; a carteira ficou três meses sem dono."),
    ("recife", "net_sales", "A filial Recife abriu: as vendas ao Nordeste crescem e chegam mais cedo."),
    (
        "black_friday",
        "gross_margin_pct",
        "Black Friday: 2,2 vezes os pedidos, com desconto; o armazém atrasa até dezembro.",
    ),
];
