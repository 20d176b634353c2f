//! The pieces that pages are made of: plain functions from view models to elements.
//!
//! Compute no figures (`view_models`). Invariant: every piece reads and works without scripts; what needs them adds to that.

pub mod card;
pub mod changes;
pub mod chart_host;
pub mod crumbs;
pub mod document;
pub mod filter_bar;
pub mod frame;
pub mod icons;
pub mod leaderboard;
pub mod origin_panel;
pub mod states;
pub mod still;
pub mod tile;

use crate::page_state::PageState;
use crate::texts::Texts;
use leptos::prelude::*;

/// What every piece may need: the words, the state of the page, the way to another one, and whether figures are on their way.
#[derive(Clone, Copy)]
pub struct Env {
    pub texts: &'static Texts,
    pub state: Memo<PageState>,
    /// Goes to an address of this site without reloading and without scrolling.
    pub go: Callback<String>,
    /// The figures that stand on the page are not those that its address asks for.
    pub pending: RwSignal<bool>,
    /// Another page is on its way.
    pub routing: Routing,
}

/// True while the router waits for the next page's figures.
#[derive(Clone, Copy)]
pub struct Routing(pub ReadSignal<bool>);

impl Env {
    /// Reads the state from the URL; call in a page component.
    pub fn new() -> Env {
        let location = leptos_router::hooks::use_location();
        let navigate = leptos_router::hooks::use_navigate();
        let room = |path: &str| path.split('/').nth(1).unwrap_or_default().to_owned();
        let own = room(&location.pathname.get_untracked());
        // While the next page is on its way this one still stands: its state is not the next one's.
        let state = Memo::new(move |before: Option<&PageState>| {
            let here = location.pathname.with(|path| room(path) == own);
            let read = location.search.with(|search| PageState::parse(search));
            before.filter(|_| !here).cloned().unwrap_or(read)
        });
        let go = Callback::new(move |href: String| {
            navigate(&href, leptos_router::NavigateOptions { scroll: false, ..Default::default() });
        });
        Env { texts: expect_context(), state, go, pending: RwSignal::new(false), routing: expect_context() }
    }
}
