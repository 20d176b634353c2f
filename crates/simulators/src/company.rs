//! The company in memory: everything that happened, as it truly was, before any dirt.
//!
//! Does not write files (`exports`) or count KPIs (`truth`). Invariant: ids are positions, so they never depend on the exports.

use chrono::{Datelike as _, NaiveDate};

use crate::calendar::{self, Calendar, Day};
use crate::stories::Stories;

pub mod contracts;
pub mod customers;
pub mod deals;
pub mod events;
pub mod expenses;
pub mod invoices;
pub mod orders;
pub mod people;
pub mod places;
pub mod products;
pub mod whatsapp;

/// Months of history, the current one included.
pub const MONTHS: i32 = 36;
pub const CHANNELS: [&str; 6] = ["Ads", "WhatsApp", "Site", "SDR", "Indicações", "Eventos"];
pub const EVENTS_CHANNEL: u8 = 5;
pub const SEGMENTS: [&str; 6] = ["Varejo", "Indústria", "Saúde", "Educação", "Agro", "Serviços"];

/// How large the company is: 1.0 is the full demo; small ones keep every stream and story.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale(f64);

impl Scale {
    /// A scale from 0.001 to 20.
    pub fn new(scale: f64) -> Result<Scale, CompanyError> {
        if (0.001..=20.0).contains(&scale) { Ok(Scale(scale)) } else { Err(CompanyError::Scale { scale }) }
    }
}

impl Default for Scale {
    fn default() -> Scale {
        Scale(1.0)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum CompanyError {
    #[error("scale `{scale}` is out of range; give a number from 0.001 to 20")]
    Scale { scale: f64 },
    #[error("day `{today}` is out of range; give a day from 2010-01-01 to 2090-12-31")]
    Today { today: NaiveDate },
}

/// The days that the data covers.
#[derive(Debug, Clone, Copy)]
pub struct Horizon {
    /// First day of the first of the 36 months.
    pub first: Day,
    /// Yesterday: the last whole day.
    pub last: Day,
}

impl Horizon {
    pub fn last_month(self) -> i32 {
        calendar::month_of(self.last)
    }

    pub fn first_month(self) -> i32 {
        calendar::month_of(self.first)
    }

    pub fn contains(self, day: Day) -> bool {
        (self.first..=self.last).contains(&day)
    }

    /// The first moment after the data: today 00:00.
    pub fn end(self) -> calendar::Moment {
        calendar::Moment::from(self.last + 1) * calendar::DAY_SECONDS
    }

    /// How far along the 36 months a day is, from 0 to 1.
    pub fn progress(self, day: Day) -> f64 {
        f64::from(day - self.first) / f64::from(MONTHS * 30)
    }
}

/// How many of each there are to be, on average. Small companies keep enough of everything for each story to show.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    pub deals: f64,
    pub migrated_customers: usize,
    pub repeat_orders: f64,
    pub opening_contracts: usize,
    pub conversations: f64,
    pub campaign_messages: f64,
    /// Deals in proportion to the full company: costs that buy deals follow it.
    pub deal_share: f64,
    /// Value of a contract in proportion to the full company: few contracts are large ones, so that MRR stays in sight of its target.
    pub contract_value: f64,
}

impl Sizes {
    fn new(Scale(scale): Scale) -> Sizes {
        let at_least = |full: f64, floor: f64| (full * scale).max(floor);
        let deals = at_least(57_000.0, 4_000.0);
        let opening_contracts = at_least(330.0, 150.0);
        Sizes {
            deals,
            migrated_customers: at_least(450.0, 120.0) as usize,
            repeat_orders: at_least(110_000.0, 5_500.0),
            opening_contracts: opening_contracts as usize,
            conversations: at_least(82_500.0, 4_500.0),
            campaign_messages: at_least(45_000.0, 1_500.0),
            deal_share: deals / 57_000.0,
            contract_value: 330.0 / opening_contracts,
        }
    }
}

/// The whole company.
#[derive(Debug)]
pub struct Company {
    pub seed: u64,
    pub horizon: Horizon,
    pub calendar: Calendar,
    pub stories: Stories,
    pub sizes: Sizes,
    pub sellers: Vec<people::Seller>,
    pub products: Vec<products::Product>,
    pub events: Vec<events::Event>,
    pub contacts: Vec<customers::Contact>,
    pub customers: Vec<customers::Customer>,
    pub deals: Vec<deals::Deal>,
    pub orders: Vec<orders::Order>,
    pub order_lines: Vec<orders::OrderLine>,
    pub shipments: Vec<invoices::Shipment>,
    pub shipment_lines: Vec<invoices::ShipmentLine>,
    pub invoices: Vec<invoices::Invoice>,
    pub returns: Vec<invoices::Return>,
    pub contracts: Vec<contracts::Contract>,
    pub postings: Vec<expenses::Posting>,
    pub agents: Vec<whatsapp::Agent>,
    pub conversations: Vec<whatsapp::Conversation>,
    pub messages: Vec<whatsapp::Message>,
    pub campaigns: Vec<whatsapp::CampaignMessage>,
}

impl Company {
    /// The company of `seed` as it stands at the end of the day before `today`.
    pub fn generate(scale: Scale, seed: u64, today: NaiveDate) -> Result<Company, CompanyError> {
        if !(2010..=2090).contains(&today.year()) {
            return Err(CompanyError::Today { today });
        }
        let last = calendar::day(today.year(), today.month() as i32, today.day() as i32) - 1;
        let horizon = Horizon { first: calendar::month_start(calendar::month_of(last) - MONTHS + 1), last };
        let calendar = Calendar::new(calendar::civil(horizon.first).0 - 5, calendar::civil(last).0 + 2);
        let stories = Stories::new(horizon, &calendar);
        let mut company = Company {
            seed,
            horizon,
            stories,
            sizes: Sizes::new(scale),
            sellers: Vec::new(),
            products: products::generate(seed),
            events: Vec::new(),
            contacts: Vec::new(),
            customers: Vec::new(),
            deals: Vec::new(),
            orders: Vec::new(),
            order_lines: Vec::new(),
            shipments: Vec::new(),
            shipment_lines: Vec::new(),
            invoices: Vec::new(),
            returns: Vec::new(),
            contracts: Vec::new(),
            postings: Vec::new(),
            agents: Vec::new(),
            conversations: Vec::new(),
            messages: Vec::new(),
            campaigns: Vec::new(),
            calendar,
        };
        company.sellers = people::sellers(&company);
        company.events = events::generate(&company);
        customers::migrate(&mut company);
        deals::generate(&mut company);
        orders::generate(&mut company);
        invoices::generate(&mut company);
        company.contracts = contracts::generate(&company);
        company.postings = expenses::generate(&company);
        whatsapp::generate(&mut company);
        Ok(company)
    }

    /// What a correct pipeline must find.
    pub fn truth(&self) -> crate::truth::Truth {
        crate::truth::Truth::of(self)
    }

    /// Business in a month of the year relative to the yearly mean.
    pub(crate) fn season(day: Day) -> f64 {
        const BY_MONTH: [f64; 12] = [0.86, 0.88, 1.04, 1.0, 1.02, 0.98, 0.99, 1.04, 1.03, 1.06, 1.12, 0.96];
        BY_MONTH[calendar::month_of(day).rem_euclid(12) as usize]
    }
}
