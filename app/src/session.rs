//! What every page of a visit shares: the catalogue, the boards, the edition in force and who is here.
//!
//! Keeps no figures. Invariant: it is read once on the server and handed to the browser with the page, so that hydration sees
//! the same.

use crate::calls::{self, Called};
use crate::questions::Asking;
use crate::texts::Texts;
use contract::boards::BoardCard;
use contract::editions::Status;
use contract::metrics::Catalogue;
use contract::people::Doors;
use kpi::Calendar;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    pub status: Status,
    pub catalogue: Catalogue,
    pub boards: Vec<BoardCard>,
    /// The name that the person is greeted by.
    pub person: String,
    pub doors: Doors,
}

impl Session {
    /// The company's business days.
    pub fn calendar(&self) -> Calendar {
        Calendar::from_days_off(self.status.holidays.iter().copied())
    }

    /// A dimension as people call it.
    pub fn dimension_name(&self, dimension: &str, texts: &Texts) -> String {
        self.catalogue
            .dimension(dimension)
            .map_or_else(|| dimension.to_owned(), |known| texts.label(&known.label).to_owned())
    }

    /// `sem filtro de canal e UF`: the page's filters that some of `metrics` do not have; none when they have all.
    pub fn left_out(&self, asking: &Asking<'_>, metrics: &[&str], texts: &Texts) -> Option<String> {
        let (_, left) = asking.filters(metrics);
        let names: Vec<String> = left
            .iter()
            .map(|dimension| locale::plural::within_sentence(&self.dimension_name(dimension, texts)))
            .collect();
        (!names.is_empty())
            .then(|| format!("{} {}", texts.without_filter_on, locale::list::and(&names, texts.lang)))
    }
}

pub type SessionResource = Resource<Called<Arc<Session>>>;

/// How many editions were published since the page was opened. Whoever asks for figures reads it, and asks again when it changes.
#[derive(Debug, Clone, Copy)]
pub struct Published(pub ReadSignal<u32>);

/// Starts reading the session; call once, in `App`.
pub fn open() -> SessionResource {
    let session = Resource::new(|| (), |()| async { load().await });
    provide_context(session);
    let (published, set_published) = signal(0);
    provide_context(Published(published));
    Effect::new(move |_| {
        // `public/boot/edition.js` tells which edition is in force.
        let news = leptos::ev::Custom::<web_sys::CustomEvent>::new("mirante:edition");
        window_event_listener(news, move |event| {
            let told = event.detail().as_string().and_then(|number| number.parse::<u64>().ok());
            let shown = session.with_untracked(|session| {
                session.as_ref()?.as_ref().ok().map(|session| session.status.edition.number)
            });
            if let (Some(told), Some(shown)) = (told, shown)
                && told != shown
            {
                session.refetch();
                set_published.update(|times| *times += 1);
            }
        });
    });
    session
}

async fn load() -> Called<Arc<Session>> {
    let status = calls::editions::status().await?;
    let catalogue = calls::metrics::catalogue().await?;
    let boards = calls::boards::list().await?;
    let (person, doors) = calls::principal::name().await?;
    Ok(Arc::new(Session { status, catalogue, boards, person, doors }))
}
