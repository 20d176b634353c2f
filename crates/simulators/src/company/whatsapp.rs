//! WhatsApp: agents, conversations with their messages, and campaigns.
//!
//! Does not judge answers (`truth` does). Invariant: moments strictly rise within a conversation, a contact has one conversation at a time,
//! and no turn starts at 17:45:00, so that no deadline falls on the closing second.

use std::ops::Range;

use super::places::PLACES;
use super::{Company, people};
use crate::calendar::{self, DAY_SECONDS, Day, Moment};
use crate::dirt;
use crate::random::Rng;

/// (name, filial whose calendar counts, share of conversations, agents).
pub const QUEUES: [(&str, u8, f64, usize); 5] = [
    ("Vendas", 1, 0.36, 7),
    ("Suporte", 1, 0.24, 4),
    ("Financeiro", 2, 0.12, 2),
    ("Entregas", 2, 0.18, 3),
    ("Pós-venda", 5, 0.10, 2),
];
pub const SUBJECTS: [[&str; 3]; 5] = [
    ["Orçamento", "Disponibilidade", "Condição de pagamento"],
    ["Instalação", "Defeito", "Dúvida técnica"],
    ["Boleto", "Nota fiscal", "Crédito"],
    ["Rastreio", "Atraso", "Reagendamento"],
    ["Troca", "Garantia", "Contrato"],
];
pub const TEMPLATES: [(&str, &str); 5] = [
    ("promocao_mes", "marketing"),
    ("pedido_enviado", "utility"),
    ("boleto_vencendo", "utility"),
    ("pesquisa_satisfacao", "utility"),
    ("convite_evento", "marketing"),
];
/// Probability that a turn is answered in time, by queue.
const IN_TIME: [f64; 5] = [0.925, 0.915, 0.93, 0.9, 0.92];
const NEVER: f64 = 0.022;

#[derive(Debug, Clone)]
pub struct Agent {
    pub name: String,
    pub email: String,
    pub queue: u8,
    pub admitted: Day,
    pub left: Option<Day>,
}

#[derive(Debug, Clone)]
pub struct Conversation {
    pub queue: u8,
    /// Position + 1; 0 when nobody took it.
    pub agent: u8,
    pub contact: u32,
    pub subject: u8,
    pub opened: Moment,
    pub closed: Option<Moment>,
    /// 1–5; 0 = not answered.
    pub csat: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    Contact,
    Bot,
    Agent,
}

#[derive(Debug, Clone)]
pub struct Message {
    pub conversation: u32,
    pub at: Moment,
    pub sender: Sender,
    /// Of a message by an agent: position + 1.
    pub agent: u8,
    /// 0 text, 1 image, 2 audio, 3 document.
    pub kind: u8,
}

#[derive(Debug, Clone)]
pub struct CampaignMessage {
    pub contact: u32,
    pub at: Moment,
    pub template: u8,
}

/// Queue `Vendas` loses its first two agents when the story begins; the last two are their substitutes.
fn agents(company: &Company, rng: &mut Rng) -> Vec<Agent> {
    let stories = &company.stories;
    let mut agents = Vec::new();
    for (queue, (_, _, _, count)) in QUEUES.into_iter().enumerate() {
        for place in 0..count {
            let name = people::person(rng);
            let email = people::email(&name, 100 + agents.len());
            let mut agent = Agent {
                name,
                email,
                queue: queue as u8,
                admitted: company.horizon.first - rng.between(10, 900) as Day,
                left: None,
            };
            if queue == 0 && place < 2 {
                agent.left = Some(stories.agents_left.from);
            } else if queue == 0 && place >= count - 2 {
                agent.admitted = stories.substitutes;
            }
            agents.push(agent);
        }
    }
    agents
}

pub fn generate(company: &mut Company) {
    let mut rng = Rng::new(company.seed, "whatsapp");
    company.agents = agents(company, &mut rng);
    let horizon = company.horizon;
    let weight = |day: Day| {
        let by_weekday = [1.18, 1.08, 1.0, 0.98, 0.95, 0.22, 0.08][calendar::weekday(day)];
        let off = if calendar::weekday(day) < 5 && !company.calendar.is_business(1, day) { 0.3 } else { 1.0 };
        by_weekday * off * Company::season(day) * (0.7 + 0.6 * horizon.progress(day))
    };
    let total: f64 = (horizon.first..=horizon.last).map(weight).sum();
    let daily: Vec<f64> = (horizon.first..=horizon.last).map(|day| weight(day) / total).collect();
    let shares: Vec<f64> = QUEUES.iter().map(|queue| queue.2).collect();
    let (mut conversations, mut messages, mut campaigns) = (Vec::new(), Vec::new(), Vec::new());
    let mut talking = Talking(vec![Vec::new(); company.contacts.len()]);
    for day in horizon.first..=horizon.last {
        let today = daily[(day - horizon.first) as usize];
        for _ in 0..rng.poisson(company.sizes.conversations * today) {
            let queue = rng.weighted(&shares) as u8;
            let mut conversation =
                converse(company, queue, day, conversations.len() as u32, &mut messages, &mut rng);
            let until = conversation.closed.unwrap_or(horizon.end());
            conversation.contact = talking.free(conversation.contact, conversation.opened..until);
            conversations.push(conversation);
        }
        if company.calendar.is_business(1, day) {
            for _ in 0..rng.poisson(company.sizes.campaign_messages * today) {
                let at = Moment::from(day) * DAY_SECONDS + 9 * 3600 + rng.between(0, 8 * 3600 - 1);
                let contact = rng.below(company.contacts.len()) as u32;
                campaigns.push(CampaignMessage {
                    contact,
                    at,
                    template: rng.weighted(&[0.35, 0.3, 0.2, 0.1, 0.05]) as u8,
                });
            }
        }
    }
    company.conversations = conversations;
    company.messages = messages;
    company.campaigns = campaigns;
}

/// When each contact has a conversation.
struct Talking(Vec<Vec<Range<Moment>>>);

impl Talking {
    /// This contact, or else the next one who is free all of that time.
    fn free(&mut self, contact: u32, time: Range<Moment>) -> u32 {
        let count = self.0.len();
        let meets = |talk: &Range<Moment>| talk.start < time.end && time.start < talk.end;
        let mut candidates = (0..count).map(|step| (contact as usize + step) % count);
        let free = candidates.find(|contact| !self.0[*contact].iter().any(meets));
        let free = free.expect("far fewer conversations are open than there are contacts");
        self.0[free].push(time);
        free as u32
    }
}

/// Seconds of the day at which a customer writes: mostly in business hours, with a lunch dip and late evenings.
fn writing_time(rng: &mut Rng) -> Moment {
    const BY_HOUR: [f64; 16] =
        [0.25, 0.45, 1.0, 1.35, 1.4, 1.2, 0.8, 0.95, 1.25, 1.3, 1.2, 0.95, 0.45, 0.3, 0.25, 0.15];
    (6 + rng.weighted(&BY_HOUR) as Moment) * 3600 + rng.between(0, 3599)
}

fn converse(
    company: &Company,
    queue: u8,
    day: Day,
    number: u32,
    messages: &mut Vec<Message>,
    rng: &mut Rng,
) -> Conversation {
    let end = company.horizon.end();
    let filial = QUEUES[usize::from(queue)].1;
    let opened = Moment::from(day) * DAY_SECONDS + writing_time(rng);
    let agent = agent_on(
        company,
        queue,
        company.calendar.add_seconds(filial, opened, 60).div_euclid(DAY_SECONDS) as Day,
        rng,
    );
    let contact = rng.below(company.contacts.len()) as u32;
    let mut talk = Talk { conversation: number, now: opened - 1, end, messages };
    let turns = 1 + rng.weighted(&[0.42, 0.28, 0.16, 0.09, 0.05]);
    let mut answered = true;
    for turn in 0..turns {
        let mut start = if turn == 0 { opened } else { talk.now + rng.between(40, 2400) };
        if start.rem_euclid(DAY_SECONDS) == 17 * 3600 + 45 * 60 {
            start += 1;
        }
        talk.say(start, Sender::Contact, 0, rng);
        if turn == 0 && rng.chance(0.7) {
            talk.say(start + 2, Sender::Bot, 0, rng);
        }
        for _ in 0..rng.weighted(&[0.58, 0.27, 0.15]) {
            let next = talk.now + rng.between(4, 50);
            talk.say(next, Sender::Contact, 0, rng);
        }
        let Some(delay) = answer_delay(company, queue, start, rng) else {
            answered = false;
            break;
        };
        let reply = company.calendar.add_seconds(filial, start, delay).max(talk.now + 3);
        talk.say(reply, Sender::Agent, agent, rng);
        for _ in 0..rng.weighted(&[0.66, 0.26, 0.08]) {
            let next = talk.now + rng.between(5, 90);
            talk.say(next, Sender::Agent, agent, rng);
        }
    }
    let closing = talk.now + if answered { rng.between(120, 5400) } else { DAY_SECONDS };
    let closed = (closing < end).then_some(closing);
    let rated = answered && closed.is_some() && rng.chance(0.32);
    let csat = if rated { [5, 5, 5, 5, 4, 4, 4, 3, 2, 1][rng.below(10)] } else { 0 };
    let nobody = !answered && turns == 1;
    let agent = if nobody { 0 } else { agent };
    Conversation { queue, agent, contact, subject: rng.below(3) as u8, opened, closed, csat }
}

fn agent_on(company: &Company, queue: u8, day: Day, rng: &mut Rng) -> u8 {
    let there: Vec<u8> = company
        .agents
        .iter()
        .enumerate()
        .filter(|(_, agent)| {
            agent.queue == queue && agent.admitted <= day && agent.left.is_none_or(|left| day < left)
        })
        .map(|(index, _)| index as u8 + 1)
        .collect();
    *rng.pick(&there)
}

/// Business seconds until an agent answers; `None` for never.
fn answer_delay(company: &Company, queue: u8, start: Moment, rng: &mut Rng) -> Option<Moment> {
    let filial = QUEUES[usize::from(queue)].1;
    let felt = company.calendar.add_seconds(filial, start, 1);
    let (day, hour) = (felt.div_euclid(DAY_SECONDS) as Day, felt.rem_euclid(DAY_SECONDS) / 3600);
    let short = queue == 0 && company.stories.agents_left.contains(day);
    let mut in_time = IN_TIME[usize::from(queue)] + 0.03;
    in_time -= match hour {
        12 => 0.07,
        8 => 0.025,
        17 => 0.03,
        _ => 0.0,
    };
    if calendar::weekday(day) == 0 && hour < 11 {
        in_time -= 0.05;
    }
    let never = if short { 0.12 } else { NEVER };
    if short {
        in_time = 0.42;
    }
    if rng.chance(never) {
        None
    } else if rng.chance(in_time) {
        Some((rng.lognormal(230.0, 0.8) as Moment).clamp(15, 890))
    } else {
        Some(900 + rng.lognormal(1500.0, 0.9) as Moment)
    }
}

struct Talk<'a> {
    conversation: u32,
    now: Moment,
    end: Moment,
    messages: &'a mut Vec<Message>,
}

impl Talk<'_> {
    /// What would be said after the last day is not there.
    fn say(&mut self, at: Moment, sender: Sender, agent: u8, rng: &mut Rng) {
        let kind = rng.weighted(&[0.82, 0.08, 0.07, 0.03]) as u8;
        self.now = at.max(self.now + 1);
        if self.now < self.end {
            self.messages.push(Message {
                conversation: self.conversation,
                at: self.now,
                sender,
                agent,
                kind,
            });
        }
    }
}

/// The business-scoped id of a contact, by which WhatsApp names everybody.
pub fn user_id(company: &Company, contact: u32) -> String {
    format!("BR.{:016}", dirt::mix(company.seed, 805, u64::from(contact)) % 10_000_000_000_000_000)
}

/// The number by which others know a contact; none for users with a name, who withhold theirs: three in a hundred.
pub fn shown_number(company: &Company, contact: u32) -> Option<String> {
    let withheld = dirt::mix(company.seed, 806, u64::from(contact)) % 100 < 3;
    (!withheld).then(|| wa_id(company, contact))
}

/// A number in the form `55` + DDD + nine digits that no one has: it begins with 900.
pub fn wa_id(company: &Company, contact: u32) -> String {
    let place = &PLACES[usize::from(company.contacts[contact as usize].place)];
    format!("55{}900{contact:06}", place.ddd)
}
