//! Journal postings of expenses: media, payroll, events, freight, rent; with reversals.
//!
//! Revenue is not posted here. Invariant: each posting is balanced, its expense line on an account `4.…` with a cost centre,
//! its contra line without.

use super::places::PLACES;
use super::{CHANNELS, Company, EVENTS_CHANNEL, events};
use crate::calendar::{self, Day};
use crate::random::Rng;

/// (account, name, DRE group).
pub const ACCOUNTS: [(&str, &str, &str); 11] = [
    ("1.1.1.02", "Banco Conta Movimento", "Ativo"),
    ("2.1.1.01", "Fornecedores", "Passivo"),
    ("4.1.1.01", "Mídia Paga", "Despesas comerciais"),
    ("4.1.1.02", "Produção de Conteúdo e Site", "Despesas comerciais"),
    ("4.1.1.03", "Feiras e Eventos", "Despesas comerciais"),
    ("4.1.1.04", "Bonificação por Indicação", "Despesas comerciais"),
    ("4.1.2.01", "Salários Comerciais", "Despesas comerciais"),
    ("4.1.2.02", "Comissões", "Despesas comerciais"),
    ("4.2.1.01", "Salários Administrativos", "Despesas administrativas"),
    ("4.2.2.01", "Aluguéis e Condomínios", "Despesas administrativas"),
    ("4.3.1.01", "Fretes sobre Vendas", "Despesas logísticas"),
];

/// (cost centre, name, area).
pub const COST_CENTRES: [(&str, &str, &str); 8] = [
    ("CC110", "Marketing Digital", "Marketing"),
    ("CC120", "Conteúdo e Site", "Marketing"),
    ("CC130", "Eventos", "Marketing"),
    ("CC210", "Pré-vendas (SDR)", "Vendas"),
    ("CC220", "Programa de Indicações", "Vendas"),
    ("CC310", "Gestão de Carteira", "Gestão de carteira"),
    ("CC410", "Logística", "Logística"),
    ("CC510", "Administração", "Administrativo"),
];

/// Cost centres whose area is Marketing or Vendas: what CAC counts.
pub const ACQUISITION_CENTRES: u8 = 5;

/// One expense, or with a negative amount its reversal.
#[derive(Debug, Clone)]
pub struct Posting {
    pub day: Day,
    /// Positions in `ACCOUNTS` and `COST_CENTRES`.
    pub account: u8,
    pub contra: u8,
    pub centre: u8,
    /// Cents; negative when credited.
    pub amount: i64,
    pub channel: Option<u8>,
    pub place: Option<u8>,
    pub event: Option<u8>,
    pub filial: u8,
    pub memo: &'static str,
}

/// Reais that win one customer, events aside; what media is bought for.
const PLANNED_CAC: f64 = 440.0;
/// Share of the planned money by canal (events and institutional aside): account, cost centre, share.
const BY_CHANNEL: [(u8, u8, f64); 5] = [(2, 0, 0.46), (3, 1, 0.1), (3, 1, 0.14), (6, 3, 0.2), (5, 4, 0.1)];

pub fn generate(company: &Company) -> Vec<Posting> {
    let mut rng = Rng::new(company.seed, "expenses");
    let mut postings = Vec::new();
    let new_customers =
        company.customers.iter().filter(|customer| customer.migrated.is_none()).count() as f64;
    let plan = |day: Day| {
        // The campaigns began with the first month: their money grew as the first leads became customers.
        let months_in = calendar::month_of(day) - company.horizon.first_month();
        let start_up = [0.06, 0.8, 0.9].get(months_in as usize).copied().unwrap_or(1.0);
        start_up * Company::season(day) * (0.68 + 0.64 * company.horizon.progress(day))
    };
    let months = company.horizon.first_month()..=company.horizon.last_month();
    let total: f64 = months.clone().map(|month| plan(calendar::month_start(month))).sum();
    for month in months {
        let start = calendar::month_start(month);
        let money = new_customers * plan(start) / total * PLANNED_CAC * 100.0;
        acquisition(company, start, money, &mut postings, &mut rng);
        overhead(company, start, money, &mut postings, &mut rng);
    }
    event_costs(company, &mut postings, &mut rng);
    reversals(company, &mut postings, &mut rng);
    postings.retain(|posting| posting.day <= company.horizon.last);
    postings.sort_by_key(|posting| posting.day);
    postings
}

/// Marketing and sales by canal and UF.
fn acquisition(company: &Company, start: Day, money: f64, postings: &mut Vec<Posting>, rng: &mut Rng) {
    let all: f64 = PLACES.iter().map(|place| place.weight).sum();
    for (channel, (account, centre, share)) in BY_CHANNEL.into_iter().enumerate() {
        for (index, place) in PLACES.iter().enumerate() {
            let ads = channel == 0;
            let factor = if ads { company.stories.ads_cost(place, start) } else { 1.0 };
            let noise = 0.92 + 0.16 * rng.unit();
            let amount = (money * share * place.weight / all * factor * noise) as i64;
            // Media is billed fortnightly, the rest on the fifth.
            let parts: &[Day] = if ads { &[10, 24] } else { &[4] };
            for &offset in parts {
                postings.push(Posting {
                    day: start + offset,
                    account,
                    contra: u8::from(ads),
                    centre,
                    amount: (amount / parts.len() as i64).max(1),
                    channel: Some(channel as u8),
                    place: Some(index as u8),
                    event: None,
                    filial: 1,
                    memo: [
                        "Anúncios",
                        "Atendimento e campanhas",
                        "Site e conteúdo",
                        "Folha pré-vendas",
                        "Prêmio por indicação",
                    ][channel],
                });
            }
        }
    }
    postings.push(Posting {
        day: start + 14,
        account: 3,
        contra: 0,
        centre: 1,
        amount: (money * 0.04) as i64 + 1,
        channel: None,
        place: None,
        event: None,
        filial: 1,
        memo: "Institucional",
    });
}

/// What CAC must not count: the sellers of the portfolio, logistics, administration.
fn overhead(company: &Company, start: Day, money: f64, postings: &mut Vec<Posting>, rng: &mut Rng) {
    let filiais: u8 = if start >= company.stories.recife_opens { 5 } else { 4 };
    for filial in 1..=filiais {
        let size = [1.0, 1.2, 0.8, 0.6, 0.5][usize::from(filial) - 1] * (0.97 + 0.06 * rng.unit());
        let mut push = |offset: Day, account: u8, centre: u8, factor: f64, memo| {
            let amount = (money * factor * size) as i64 + 1;
            postings.push(Posting {
                day: start + offset,
                account,
                contra: 0,
                centre,
                amount,
                channel: None,
                place: None,
                event: None,
                filial,
                memo,
            });
        };
        push(4, 6, 5, 1.9, "Folha gestão de carteira");
        push(19, 7, 5, 1.1, "Comissões sobre vendas");
        push(4, 8, 7, 1.4, "Folha administrativa");
        push(9, 9, 7, 0.5, "Aluguel");
        push(27, 10, 6, 1.6, "Transportadoras");
    }
}

fn event_costs(company: &Company, postings: &mut Vec<Posting>, rng: &mut Rng) {
    for (index, event) in company.events.iter().enumerate() {
        for (item, &cost) in event.costs.iter().enumerate() {
            // Nothing is paid later than the event, so that its ROI is not judged on half of its cost.
            let day = event.from - rng.between(0, 12) as Day;
            postings.push(Posting {
                day: day.max(company.horizon.first),
                account: 4,
                contra: 1,
                centre: 2,
                amount: cost,
                channel: Some(EVENTS_CHANNEL),
                place: Some(event.place),
                event: Some(index as u8),
                filial: 1,
                memo: events::COST_ITEMS[item],
            });
        }
    }
}

/// One posting in a hundred was made twice; the second is reversed some days later in the same month, both within the data.
fn reversals(company: &Company, postings: &mut Vec<Posting>, rng: &mut Rng) {
    let mut more = Vec::new();
    for posting in postings.iter() {
        let (wrong, later) = (rng.chance(0.01), rng.between(1, 3) as Day);
        let reversed_on = posting.day + later;
        if wrong
            && reversed_on <= company.horizon.last
            && calendar::month_of(reversed_on) == calendar::month_of(posting.day)
        {
            more.push(posting.clone());
            more.push(Posting {
                day: reversed_on,
                amount: -posting.amount,
                memo: "Estorno de lançamento em duplicidade",
                ..posting.clone()
            });
        }
    }
    postings.extend(more);
}

/// Name of the canal of a posting, empty for institutional cost.
pub fn channel_name(posting: &Posting) -> &'static str {
    posting.channel.map_or("", |channel| CHANNELS[usize::from(channel)])
}
