//! Exports of the service desk that answers on WhatsApp: source `atendimento`.
//!
//! Message bodies are not exported: they are personal data. Invariant: a message's id never repeats for another message.

use std::io;

use super::stream::{Dialect, Layout, Plan, Stream};
use super::{Out, agent_code};
use crate::calendar::{DAY_SECONDS, Day, UTC_OFFSET};
use crate::company::Company;
use crate::company::places::PLACES;
use crate::company::whatsapp::{QUEUES, SUBJECTS, Sender, TEMPLATES, shown_number, user_id, wa_id};
use crate::dirt::{self, Broken, Dirt};

pub(super) fn write(company: &Company, out: &mut Out<'_>) -> io::Result<()> {
    conversations(company, out)?;
    messages(company, out)?;
    statuses(company, out)
}

/// What WhatsApp itself does not tell: queues, agents, and whose conversation it was when.
pub(super) fn conversations(company: &Company, out: &mut Out<'_>) -> io::Result<()> {
    people(company, out)?;
    talks(company, out)
}

fn plan<'a>(stream: &'a str, columns: &'a str, layout: Layout, dirt: Dirt) -> Plan<'a> {
    Plan { source: "atendimento", stream, prefix: stream, columns, dialect: Dialect::Whatsapp, layout, dirt }
}

/// The step is odd, so numbers below 2^48 never meet.
pub(crate) fn wamid(number: usize) -> String {
    format!("wamid.HBgL{:012X}", (number as u64).wrapping_mul(0x5_DEEC_E66D) & 0xFFFF_FFFF_FFFF)
}

fn conversation_id(index: usize) -> i64 {
    2_000_001 + index as i64
}

fn people(company: &Company, out: &mut Out<'_>) -> io::Result<()> {
    let first = company.horizon.first;
    let columns = "queue_id name bpl_id sla_minutes opens closes";
    let mut stream = Stream::open(out, &plan("queues", columns, Layout::File, Dirt::default()))?;
    for (index, (name, filial, ..)) in QUEUES.iter().enumerate() {
        stream.row(out, first, |line| {
            line.int(index as i64 + 1).text(name).int((*filial).into()).int(15).text("08:00").text("18:00");
        })?;
    }
    stream.finish(out)?;
    let columns = "agent_id name email queue_id admitted_on left_on";
    let mut stream = Stream::open(out, &plan("agents", columns, Layout::File, Dirt::default()))?;
    for (index, agent) in company.agents.iter().enumerate() {
        stream.row(out, first, |line| {
            line.text(&agent_code(index))
                .text(&agent.name)
                .text(&agent.email)
                .int(i64::from(agent.queue) + 1);
            line.date(agent.admitted).maybe_date(agent.left);
        })?;
    }
    stream.finish(out)
}

fn talks(company: &Company, out: &mut Out<'_>) -> io::Result<()> {
    let columns =
        "conversation_id queue_id agent_id wa_id user_id subject uf opened_at closed_at status csat";
    let dirt = Dirt { doubled: 3, late: 3, broken: None };
    let mut stream = Stream::open(out, &plan("conversations", columns, Layout::Folder, dirt))?;
    for (index, talk) in company.conversations.iter().enumerate() {
        let agent = if talk.agent == 0 { String::new() } else { agent_code(usize::from(talk.agent) - 1) };
        let place = company.contacts[talk.contact as usize].place;
        stream.row(out, talk.opened.div_euclid(DAY_SECONDS) as Day, |line| {
            line.int(conversation_id(index))
                .int(i64::from(talk.queue) + 1)
                .text(&agent)
                .text(&shown_number(company, talk.contact).unwrap_or_default())
                .text(&user_id(company, talk.contact));
            line.text(SUBJECTS[usize::from(talk.queue)][usize::from(talk.subject)])
                .text(PLACES[usize::from(place)].uf);
            line.moment(talk.opened).maybe_moment(talk.closed).text(if talk.closed.is_some() {
                "closed"
            } else {
                "open"
            });
            if talk.csat == 0 {
                line.empty();
            } else {
                line.int(talk.csat.into());
            }
        })?;
    }
    stream.finish(out)
}

fn messages(company: &Company, out: &mut Out<'_>) -> io::Result<()> {
    let columns = "id conversation_id timestamp direction sender agent_id wa_id type template_name category";
    let dirt = Dirt { doubled: 6, late: 3, broken: Some(Broken { date: 2, number: 2, key: "BAD" }) };
    let mut stream = Stream::open(out, &plan("messages", columns, Layout::Folder, dirt))?;
    for (index, message) in company.messages.iter().enumerate() {
        let talk = &company.conversations[message.conversation as usize];
        let (direction, sender) = match message.sender {
            Sender::Contact => ("inbound", "contact"),
            Sender::Bot => ("outbound", "bot"),
            Sender::Agent => ("outbound", "agent"),
        };
        let agent =
            if message.agent == 0 { String::new() } else { agent_code(usize::from(message.agent) - 1) };
        stream.row(out, message.at.div_euclid(DAY_SECONDS) as Day, |line| {
            line.text(&wamid(index))
                .int(conversation_id(message.conversation as usize))
                .int(message.at + UTC_OFFSET);
            line.text(direction).text(sender).text(&agent).text(&wa_id(company, talk.contact));
            line.text(["text", "image", "audio", "document"][usize::from(message.kind)])
                .empty()
                .text("service");
        })?;
    }
    for (index, message) in company.campaigns.iter().enumerate() {
        let (template, category) = TEMPLATES[usize::from(message.template)];
        stream.row(out, message.at.div_euclid(DAY_SECONDS) as Day, |line| {
            line.text(&wamid(company.messages.len() + index))
                .empty()
                .int(message.at + UTC_OFFSET)
                .text("outbound")
                .text("campaign");
            line.empty()
                .text(&wa_id(company, message.contact))
                .text("template")
                .text(template)
                .text(category);
        })?;
    }
    stream.finish(out)
}

/// Statuses of template messages; when a message is read at once no `delivered` comes.
fn statuses(company: &Company, out: &mut Out<'_>) -> io::Result<()> {
    let dirt = Dirt { doubled: 10, late: 3, broken: None };
    let mut stream = Stream::open(out, &plan("statuses", "id status timestamp", Layout::Gzip, dirt))?;
    for (index, message) in company.campaigns.iter().enumerate() {
        let id = wamid(company.messages.len() + index);
        let draw = dirt::mix(out.seed, 106, index as u64);
        let sent = message.at + UTC_OFFSET;
        let statuses: &[(&str, i64)] = match draw % 100 {
            0..4 => &[("sent", 1), ("failed", 4)],
            4..10 => &[("sent", 1)],
            10..40 => &[("sent", 1), ("delivered", 3)],
            40..55 => &[("read", 9), ("sent", 1)],
            55..62 => &[("read", 900), ("delivered", 3), ("sent", 1)],
            _ => &[("sent", 1), ("delivered", 3), ("read", 1800)],
        };
        for &(status, after) in statuses {
            let at = (sent + after).min(company.horizon.end() + UTC_OFFSET - 1);
            stream.row(out, message.at.div_euclid(DAY_SECONDS) as Day, |line| {
                line.text(&id).text(status).int(at);
            })?;
        }
    }
    stream.finish(out)
}
