//! What happens in the company's WhatsApp from round to round, and its deliveries.
//!
//! Kills nothing (`faults`). Invariant: what was made into deliveries is in the ledger, and nothing else.

use super::Draw;
use simulators::servers::whatsapp::{Delivery, Disorder, Events, Options, Sender, Sent};
use simulators::{Company, Scale};

/// Deliveries that are under way.
pub struct Sending {
    pub sender: Sender,
    pub total: usize,
    pub sent: tokio::task::JoinHandle<Sent>,
}

/// What happens in the company's WhatsApp, as far as it has been told.
pub struct Chat {
    company: Company,
    pub options: Options,
    pub told: Events,
    messages: usize,
    campaigns: usize,
}

impl Chat {
    pub fn new() -> Chat {
        let today = "2026-06-30".parse().expect("a day");
        let company =
            Company::generate(Scale::new(0.03).expect("a scale"), 11, today).expect("a company is made");
        let options = Options::default();
        Chat { company, options, told: Events::default(), messages: 0, campaigns: 0 }
    }

    /// What happens next, in deliveries in any order, some of them twice. So much happens at first that every table has rows.
    pub fn deliveries(&mut self, draw: &mut Draw) -> Vec<Delivery> {
        let many = if self.messages == 0 { 3_000 } else { 20 + draw.below(100) as usize };
        let messages = self.messages..(self.messages + many).min(self.company.messages.len());
        let campaigns = self.campaigns..(self.campaigns + many / 6).min(self.company.campaigns.len());
        (self.messages, self.campaigns) = (messages.end, campaigns.end);
        let new = Events::between(&self.company, &self.options, messages, campaigns);
        let doubled = draw.below(300) as f64 / 1000.0;
        let disorder = Disorder { seed: draw.next(), doubled, shuffled: true, batched: 1 + draw.below(20) };
        let deliveries = disorder.deliveries(&new, &self.options.account);
        self.told.extend(new);
        deliveries
    }
}
