//! What was said in the demo company's WhatsApp, sent to the hook of this very process as Meta sends it: signed, over HTTP.
//!
//! Knows no conversations (the service desk's export does). Invariant: what was acknowledged is not sent again by a later start, and what
//! was sent twice because a start was interrupted is landed once.

use super::systems::put;
use crate::house::House;
use crate::web;
use anyhow::{Context, Result, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use simulators::Company;
use simulators::servers::whatsapp::{Delivery, Events, Options, Sender, deliveries};
use std::future::IntoFuture as _;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::mpsc;

const SOURCE: &str = "whatsapp";
/// Messages that are made into deliveries, sent and noted as sent together.
const STEP: usize = 5_000;
/// Changes of one delivery; what happened on the last day comes one by one.
const CHANGES: usize = 500;
const AT_ONCE: usize = 4;
/// Says how many messages have been acknowledged.
const MARK: &str = ".whatsapp";

/// Adds the source, and sends it what it has not been sent yet.
pub async fn send(house: &Arc<House>, company: &Arc<Company>, folder: &Path) -> Result<()> {
    let options = Options::default();
    let secrets = [("app_secret", &*options.app_secret), ("verify_token", &*options.verify_token)];
    put(house, SOURCE, "whatsapp", serde_json::json!({}), &secrets).await?;
    let mark = folder.join(MARK);
    let sent = std::fs::read_to_string(&mark).ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    let total = company.messages.len();
    if sent >= total {
        return Ok(());
    }
    let listener =
        tokio::net::TcpListener::bind("127.0.0.1:0").await.context("no port of the loopback is free")?;
    let address = format!("http://{}/hooks/{SOURCE}", listener.local_addr()?);
    let door = tokio::spawn(axum::serve(listener, web::doors(house.clone())).into_future());
    let sender = Sender::new(&address, &options.app_secret);
    let (_, answer) = sender.handshake(&options.verify_token, "1158201444").await?;
    ensure!(answer == "1158201444", "the hook `{address}` does not know the verify token");
    let done = send_all(&sender, company, options, (sent, mark)).await;
    door.abort();
    done
}

/// Makes deliveries on one thread while others send and take them.
async fn send_all(
    sender: &Sender,
    company: &Arc<Company>,
    options: Options,
    (sent, mark): (usize, PathBuf),
) -> Result<()> {
    let total = company.messages.len();
    let bar = ProgressBar::new(total as u64);
    if let Ok(style) = ProgressStyle::with_template("{elapsed_precise} {bar:32} sending its messages") {
        bar.set_style(style);
    }
    let (made, mut steps) = mpsc::channel(1);
    let maker = company.clone();
    let making = tokio::task::spawn_blocking(move || {
        for step in steps_of(&maker, sent) {
            // Nobody takes more when sending has failed.
            if made.blocking_send((step.end, deliveries_of(&maker, &options, step))).is_err() {
                break;
            }
        }
    });
    while let Some((end, deliveries)) = steps.recv().await {
        let count = deliveries.len();
        let outcome = sender.deliver_all(Arc::new(deliveries), AT_ONCE).await;
        ensure!(outcome.taken == count, "the hook did not take {} of {count} deliveries", outcome.given_up);
        std::fs::write(&mark, end.to_string())
            .with_context(|| format!("could not write `{}`", mark.display()))?;
        bar.set_position(end as u64);
    }
    making.await?;
    bar.finish_and_clear();
    Ok(())
}

/// The messages from the first unsent one on, step by step; the last day is a step of its own.
fn steps_of(company: &Company, sent: usize) -> impl Iterator<Item = Range<usize>> + use<> {
    let (total, last_day) = (company.messages.len(), last_day(company));
    let mut start = sent;
    std::iter::from_fn(move || {
        let limit = if start < last_day { last_day } else { total };
        let step = start..(start + STEP).min(limit);
        start = step.end;
        (!step.is_empty()).then_some(step)
    })
}

/// Messages lie by the day on which their conversation began.
fn last_day(company: &Company) -> usize {
    let day = company.messages.last().map(|last| company.conversations[last.conversation as usize].opened);
    let midnight = day.map(|opened| opened - opened.rem_euclid(simulators::calendar::DAY_SECONDS));
    company.messages.partition_point(|message| {
        Some(company.conversations[message.conversation as usize].opened) < midnight
    })
}

/// Campaigns went out beside the messages.
fn deliveries_of(company: &Company, options: &Options, step: Range<usize>) -> Vec<Delivery> {
    let beside = |messages: usize| messages * company.campaigns.len() / company.messages.len().max(1);
    let campaigns = beside(step.start)..beside(step.end);
    let changes = if step.start < last_day(company) { CHANGES } else { 1 };
    let events = Events::between(company, options, step, campaigns);
    deliveries::in_order(&events, &options.account, changes)
}
