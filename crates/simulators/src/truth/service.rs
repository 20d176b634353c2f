//! Truth of the WhatsApp SLA.
//!
//! Invariant: every turn whose deadline has passed counts, answered or not.

use super::{NONE, Tally};
use crate::calendar::{DAY_SECONDS, Day, Moment, month_of};
use crate::company::Company;
use crate::company::whatsapp::{QUEUES, Sender};

/// Business seconds within which a turn is to be answered.
const SLA: Moment = 900;

pub(super) fn count(company: &Company, tally: &mut Tally) {
    // The messages of a conversation follow each other.
    for messages in company.messages.chunk_by(|one, next| one.conversation == next.conversation) {
        let conversation = &company.conversations[messages[0].conversation as usize];
        let filial = QUEUES[usize::from(conversation.queue)].1;
        let agent = if conversation.agent == 0 { NONE } else { u32::from(conversation.agent) - 1 };
        let mut judge = |start: Moment, answer: Option<Moment>| {
            let deadline = company.calendar.add_seconds(filial, start, SLA);
            if deadline < company.horizon.end() {
                let in_time = answer.is_some_and(|answer| answer <= deadline);
                let month = month_of(deadline.div_euclid(DAY_SECONDS) as Day);
                let members = [("fila", u32::from(conversation.queue)), ("agente", agent)];
                tally.add_by("whatsapp_sla", month, (i64::from(in_time), 1), &members);
            }
        };
        let mut start = None;
        for message in messages {
            match message.sender {
                Sender::Contact => {
                    start.get_or_insert(message.at);
                }
                Sender::Agent => {
                    if let Some(start) = start.take() {
                        judge(start, Some(message.at));
                    }
                }
                Sender::Bot => {}
            }
        }
        if let Some(start) = start {
            judge(start, None);
        }
    }
}
