//! The engine in the browser: slices that were fetched, and the questions that they answer.
//!
//! Draws nothing, and does nothing on the server. Invariant: an answer from here is, to the last bit, what the server would answer from the same
//! edition; what is not known here for certain is asked there.

use crate::calls::metrics::{Answer, Question, tell};
use crate::session::Session;
use kpi::{Calendar, MetricQuery};
use plan::sliced::{Slices, Unanswered};
use plan::{Clock, Definitions};
use slice::Slice;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

thread_local! {
    static HELD: RefCell<Option<Rc<Held>>> = const { RefCell::new(None) };
}

/// What is known of one edition.
struct Held {
    edition: u64,
    definitions: Definitions,
    clock: Clock,
    slices: RefCell<Slices>,
    /// Facts whose slices were asked for: they are here, on their way, or not to be had.
    asked: RefCell<BTreeSet<usize>>,
}

/// The answers that are known here, in the order of the questions.
pub(crate) fn answer(questions: &[Question], session: &Session) -> Vec<Option<Answer>> {
    let nothing = || questions.iter().map(|_| None).collect();
    let Some(held) = HELD.with_borrow(Clone::clone) else { return nothing() };
    if held.edition != session.status.edition.number {
        return nothing();
    }
    let queries: Vec<MetricQuery> = questions.iter().map(|question| question.query.clone()).collect();
    let answers = held.slices.borrow_mut().ask(&held.definitions, &queries, &held.clock, held.edition);
    questions
        .iter()
        .zip(answers)
        .map(|(question, answer)| match answer {
            Ok(frame) => Some(Ok(tell(question, frame, &session.catalogue))),
            // The server says it in words of its own.
            Err(Unanswered::Question(_) | Unanswered::NoSlice { .. } | Unanswered::Slice(_)) => None,
        })
        .collect()
}

/// Begins to fetch the slices that these questions need, unless the reader saves data.
pub(crate) fn fetch(questions: &[Question], session: &Session) {
    if browser::saves_data() {
        return;
    }
    let metrics: BTreeSet<String> =
        questions.iter().flat_map(|question| question.query.metrics.iter().cloned()).collect();
    let edition = session.status.edition.number;
    let covered = session.status.edition.as_of;
    leptos::task::spawn_local(async move {
        let known = HELD.with_borrow(Clone::clone).filter(|held| held.edition == edition);
        let held = match known {
            Some(held) => held,
            None => {
                let Ok(sliced) = crate::calls::slices::sliced().await else { return };
                let calendar = Calendar::from_days_off(sliced.days_off);
                let clock = Clock { covered, calendar };
                if sliced.edition != edition {
                    return;
                }
                let definitions = sliced.definitions;
                let (slices, asked) = (RefCell::default(), RefCell::default());
                let held = Rc::new(Held { edition, definitions, clock, slices, asked });
                HELD.set(Some(held.clone()));
                held
            }
        };
        let facts: BTreeSet<usize> = metrics
            .iter()
            .filter_map(|metric| held.definitions.metrics.get(metric))
            .flat_map(|metric| metric.formula.measures())
            .map(|measure| measure.fact)
            .collect();
        for fact in facts {
            if !held.asked.borrow_mut().insert(fact) {
                continue;
            }
            if let Some(slice) = fetch_slice(edition, fact).await {
                held.slices.borrow_mut().put(fact, slice);
            }
        }
        browser::say_ready();
    });
}

async fn fetch_slice(edition: u64, fact: usize) -> Option<Slice> {
    let manifest = crate::calls::slices::manifest(edition, fact).await.ok()??;
    let mut blobs = BTreeMap::new();
    for id in manifest.needed() {
        blobs.insert(id, browser::fetch(&format!("/fatias/{id}")).await?);
    }
    Slice::open(manifest, |id| blobs.get(id).map(Vec::as_slice)).ok()
}

mod browser {
    //! What the engine needs of a browser.

    use wasm_bindgen::{JsCast, JsValue};
    use wasm_bindgen_futures::JsFuture;

    pub(super) async fn fetch(path: &str) -> Option<Vec<u8>> {
        let promise = web_sys::window()?.fetch_with_str(path);
        let response: web_sys::Response = JsFuture::from(promise).await.ok()?.dyn_into().ok()?;
        if !response.ok() {
            return None;
        }
        let bytes = JsFuture::from(response.array_buffer().ok()?).await.ok()?;
        Some(js_sys::Uint8Array::new(&bytes).to_vec())
    }

    /// Whether the reader has asked for little traffic.
    pub(super) fn saves_data() -> bool {
        let get = |of: &JsValue, name: &str| js_sys::Reflect::get(of, &JsValue::from_str(name)).ok();
        web_sys::window()
            .and_then(|window| get(&window.navigator(), "connection"))
            .filter(JsValue::is_object)
            .and_then(|connection| get(&connection, "saveData"))
            .is_some_and(|saves| saves.is_truthy())
    }

    /// From now on figures come from here: said on the page for whoever watches.
    pub(super) fn say_ready() {
        if let Some(root) = web_sys::window().and_then(|window| window.document()?.document_element()) {
            let _ = root.set_attribute("data-engine", "slice");
        }
    }
}
