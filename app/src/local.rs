//! The page's side of the engine: questions go to a thread that holds slices, and come back as frames.
//!
//! Computes nothing and fetches nothing (`frontend/engine`). Invariant: what the engine does not know, or not in time, has no answer here, and is asked
//! of the server.

use crate::calls::metrics::{Answer, Question, tell};
use crate::session::Session;
use futures::channel::oneshot;
use kpi::{Frame, MetricQuery};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};

thread_local! {
    /// None until the first question; `None` within when the browser has no workers, or this one failed.
    static ENGINE: RefCell<Option<Option<Rc<Engine>>>> = const { RefCell::new(None) };
}

struct Engine {
    worker: web_sys::Worker,
    last: Cell<u32>,
    waiting: Rc<RefCell<Waiting>>,
}

/// Who waits for which answer.
type Waiting = BTreeMap<u32, oneshot::Sender<String>>;

/// The answers that are known here, in the order of the questions.
pub(crate) async fn answer(questions: &[Question], session: &Session) -> Vec<Option<Answer>> {
    let asked = engine().map(|engine| engine.ask(questions, session));
    let said = match asked {
        Some(asked) => asked.await.ok(),
        None => None,
    };
    let frames = said.and_then(|said| serde_json::from_str::<Vec<Option<Frame>>>(&said).ok());
    let mut frames = frames.unwrap_or_default().into_iter();
    questions
        .iter()
        .map(|question| frames.next().flatten().map(|frame| Ok(tell(question, frame, &session.catalogue))))
        .collect()
}

/// Begins to fetch the slices that these questions need, unless the reader saves data.
pub(crate) fn fetch(questions: &[Question], session: &Session) {
    if let Some(engine) = engine()
        && !saves_data()
    {
        engine.post(0, questions, session, true);
    }
}

fn engine() -> Option<Rc<Engine>> {
    ENGINE.with_borrow_mut(|engine| engine.get_or_insert_with(|| Engine::start().map(Rc::new)).clone())
}

impl Engine {
    fn start() -> Option<Engine> {
        // Beside the style sheet of this build, so that page and engine are of one version.
        let document = web_sys::window()?.document()?;
        let style = document.query_selector("link[href$=\"/mirante.css\"]").ok()??.get_attribute("href")?;
        let options = web_sys::WorkerOptions::new();
        options.set_type(web_sys::WorkerType::Module);
        let address = style.replace("mirante.css", "engine.js");
        let worker = web_sys::Worker::new_with_options(&address, &options).ok()?;
        let waiting = Rc::new(RefCell::new(Waiting::new()));
        let answered = {
            let waiting = waiting.clone();
            Closure::<dyn Fn(web_sys::MessageEvent)>::new(move |event: web_sys::MessageEvent| {
                let said = event.data();
                match get(&said, "id").and_then(|id| id.as_f64()) {
                    Some(id) => {
                        let waits = waiting.borrow_mut().remove(&(id as u32));
                        // Whoever waits for a sender that is gone goes to the server.
                        if let (Some(waits), Some(frames)) =
                            (waits, get(&said, "frames").and_then(|frames| frames.as_string()))
                        {
                            let _ = waits.send(frames);
                        }
                    }
                    None => say_ready(),
                }
            })
        };
        worker.set_onmessage(Some(answered.as_ref().unchecked_ref()));
        let failed = {
            let waiting = waiting.clone();
            // A script that could not be loaded answers nobody, now or later.
            Closure::<dyn Fn()>::new(move || {
                ENGINE.set(Some(None));
                waiting.borrow_mut().clear();
            })
        };
        worker.set_onerror(Some(failed.as_ref().unchecked_ref()));
        // They live as long as the page.
        answered.forget();
        failed.forget();
        Some(Engine { worker, last: Cell::new(0), waiting })
    }

    fn ask(&self, questions: &[Question], session: &Session) -> oneshot::Receiver<String> {
        let id = self.last.get() + 1;
        self.last.set(id);
        let (sender, answered) = oneshot::channel();
        self.waiting.borrow_mut().insert(id, sender);
        self.post(id, questions, session, false);
        answered
    }

    fn post(&self, id: u32, questions: &[Question], session: &Session, fetches: bool) {
        let queries: Vec<&MetricQuery> = questions.iter().map(|question| &question.query).collect();
        let queries = serde_json::to_string(&queries).unwrap_or_default();
        let message = js_sys::Object::new();
        let set = |name: &str, value: JsValue| {
            let _ = js_sys::Reflect::set(&message, &JsValue::from_str(name), &value);
        };
        set("id", id.into());
        set("edition", (session.status.edition.number as f64).into());
        set("queries", queries.into());
        set("fetches", fetches.into());
        if self.worker.post_message(&message).is_err() {
            self.waiting.borrow_mut().remove(&id);
        }
    }
}

fn get(of: &JsValue, name: &str) -> Option<JsValue> {
    js_sys::Reflect::get(of, &JsValue::from_str(name)).ok().filter(|value| !value.is_undefined())
}

/// Whether the reader has asked for little traffic.
fn saves_data() -> bool {
    web_sys::window()
        .and_then(|window| get(&window.navigator(), "connection"))
        .and_then(|connection| get(&connection, "saveData"))
        .is_some_and(|saves| saves.is_truthy())
}

/// From now on figures come from here: said on the page for whoever watches.
fn say_ready() {
    if let Some(root) = web_sys::window().and_then(|window| window.document()?.document_element()) {
        let _ = root.set_attribute("data-engine", "slice");
    }
}
