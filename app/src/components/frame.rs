//! The frame around every page: rail, top bar, tab bar, banner and colophon.
//!
//! Invariant: it offers only what works; what nobody can do is absent, not grey.

use super::icons::{icon, icon_html, mark, sign};
use super::still::{Html, Piece, all, el};
use super::{Env, document};
use crate::preferences::Preferences;
use crate::routes;
use crate::session::Session;
use crate::texts::Texts;
use contract::editions::HeldBack;
use leptos::prelude::*;
use leptos_meta::Title;
use locale::{Lang, date};

/// Where a page stands among the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    Board(String),
    Metrics,
    Sources,
    People,
    Account,
    Start,
}

pub struct Framed {
    pub place: Place,
    pub title: String,
    /// The page's own address with its state.
    pub here: String,
    pub filters: Option<AnyView>,
    pub content: AnyView,
}

pub fn frame(session: &Session, framed: Framed, env: Env) -> AnyView {
    let texts = env.texts;
    let Framed { place, title, here, filters, content } = framed;
    let document_title = format!("{title} · {}", session.status.company);
    view! {
        <Title text=document_title/>
        <a class="skip" href="#conteudo" rel="external">{texts.skip_to_content}</a>
        <div class="app">
            <aside class="rail" inner_html=rail(session, &place, env).0></aside>
            <main class="main" id="conteudo">
                <header class="topbar">
                    <h1>{title}</h1>
                    {switches(&here, env)}
                    {copy_link(&here, env)}
                </header>
                {filters}
                {session.status.held_back.as_ref().map(|held| view! { <div class="banner" role="status" inner_html=held_back(held, session, env).0></div> })}
                <div class="page" class:refetching=move || env.pending.get() || env.routing.0.get()>
                    {content}
                    {colophon(session, &here, env)}
                </div>
            </main>
        </div>
        {sign_out_form()}
        <nav class="tabbar" aria-label=texts.main_navigation inner_html=tab_bar(session, &place, env).0></nav>
    }
    .into_any()
}

/// A form, because a link may be followed by anything that looks ahead; its buttons stand where people look for them.
pub fn sign_out_form() -> impl IntoView {
    view! { <form id="sair" method="post" action=routes::SIGN_OUT hidden></form> }
}

fn rail(session: &Session, place: &Place, env: Env) -> Html {
    let texts = env.texts;
    let carried = |path: String| env.state.get_untracked().carried().href(&path);
    let current = |id: &str| if *place == Place::Board(id.to_owned()) { "page" } else { "" };
    let home = session.boards.iter().find(|board| board.id == routes::HOME_BOARD).map(|board| {
        let title = el("span", &[], texts.label(&board.title));
        el(
            "a",
            &[("href", &carried(routes::board(&board.id))), ("aria-current", current(&board.id))],
            (icon_html("board"), title),
        )
    });
    let others: Vec<Html> = session
        .boards
        .iter()
        .filter(|board| board.id != routes::HOME_BOARD)
        .map(|board| {
            let title = el("span", &[], texts.label(&board.title));
            el(
                "a",
                &[("href", &carried(routes::board(&board.id))), ("aria-current", current(&board.id))],
                title,
            )
        })
        .collect();
    let others = (!others.is_empty()).then(|| {
        el(
            "nav",
            &[("aria-label", texts.boards), ("class", "rail-sub")],
            (el("h2", &[], texts.boards), others),
        )
    });
    let here = if *place == Place::Metrics { "page" } else { "" };
    let metrics = el(
        "a",
        &[("href", &carried(routes::METRICS.to_owned())), ("aria-current", here)],
        (icon_html("kpi"), el("span", &[], texts.metrics)),
    );
    let here = if *place == Place::Sources { "page" } else { "" };
    let sources = session.doors.sources.then(|| {
        el(
            "a",
            &[("href", routes::SOURCES), ("rel", "external"), ("aria-current", here)],
            (icon_html("data"), el("span", &[], texts.data)),
        )
    });
    let here = if *place == Place::People { "page" } else { "" };
    let people = session.doors.people.then(|| {
        el(
            "a",
            &[("href", routes::PEOPLE), ("rel", "external"), ("aria-current", here)],
            (icon_html("people"), el("span", &[], texts.people)),
        )
    });
    let who = (session.person.as_str(), el("small", &[], session.status.company.as_str()));
    let foot = (
        el("p", &[("class", "sync")], (sign("s-ok", "st st-ok"), el("span", &[], covered(session, env)))),
        el(
            "p",
            &[("class", "me")],
            (
                el(
                    "a",
                    &[("href", routes::ACCOUNT), ("rel", "external"), ("title", texts.my_account)],
                    (el("i", &[("aria-hidden", "true")], initials(&session.person)), el("span", &[], who)),
                ),
                sign_out(icon_html("exit"), texts),
            ),
        ),
    );
    all((
        el("a", &[("class", "brand"), ("href", "/")], (mark(), el("span", &[], "Mirante"))),
        el("nav", &[("aria-label", texts.main_navigation)], (home, metrics, sources, people)),
        others,
        el("div", &[("class", "rail-foot")], foot),
    ))
}

/// Ends the session, with or without scripts.
fn sign_out(shown: impl Piece, texts: &Texts) -> Html {
    el(
        "button",
        &[("class", "leave"), ("form", "sair"), ("aria-label", texts.sign_out), ("title", texts.sign_out)],
        shown,
    )
}

/// `Dados até 22/11`.
fn covered(session: &Session, env: Env) -> String {
    let day = date::day_month(session.status.edition.as_of, env.texts.lang);
    locale::plural::capitalized(&format!("{} {day}", env.texts.data_until))
}

fn initials(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    let first = |word: &&str| word.chars().next();
    let letters = match words.as_slice() {
        [] => Vec::new(),
        [only] => vec![only],
        [first, .., last] => vec![first, last],
    };
    letters.into_iter().filter_map(first).flat_map(char::to_uppercase).collect()
}

/// Theme and language: links that work without scripts; the theme turns at once where there are scripts.
fn switches(here: &str, env: Env) -> impl IntoView + use<> {
    let texts = env.texts;
    let theme = expect_context::<Preferences>().theme.next();
    let theme_href = routes::preference("theme", theme.attribute().unwrap_or("system"), here);
    let (lang_href, other) = language(here, env);
    view! {
        <a class="btn icon quiet only-wide" rel="external" href=lang_href lang=other.tag() hreflang=other.tag() aria-label=texts.other_language>
            {icon("globe")}
        </a>
        <a class="btn icon quiet only-wide" rel="external" href=theme_href aria-label=texts.switch_theme on:click=move |event| turn_theme(&event)>
            {icon("theme")}
        </a>
    }
}

fn turn_theme(event: &leptos::ev::MouseEvent) {
    event.prevent_default();
    document::switch_theme();
}

fn language(here: &str, env: Env) -> (String, Lang) {
    let other = env.texts.lang.pick(Lang::En, Lang::PtBr);
    (routes::preference("lang", other.tag(), here), other)
}

/// The address of the view: a plain link, copied where the browser can.
fn copy_link(here: &str, env: Env) -> impl IntoView + use<> {
    let texts = env.texts;
    let here = here.to_owned();
    let (copied, set_copied) = signal(false);
    let copy = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        document::copy_address();
        set_copied.set(true);
    };
    view! {
        <a class="btn only-wide" href=here data-noscroll on:click=copy>
            {icon("link")}
            <span aria-live="polite">{move || if copied.get() { texts.link_copied } else { texts.copy_link }}</span>
        </a>
    }
}

fn held_back(held: &HeldBack, session: &Session, env: Env) -> Html {
    let texts = env.texts;
    let failed: Vec<Html> = held
        .checks
        .iter()
        .map(|check| {
            let place = check
                .column
                .as_ref()
                .map_or_else(|| check.table.clone(), |column| format!("{}.{column}", check.table));
            let rest = format!(" · {place} · {} {}", check.failures, texts.failures);
            el("li", &[], (el("code", &[], check.name.as_str()), rest))
        })
        .collect();
    let failed = (!failed.is_empty()).then(|| {
        el("details", &[("class", "held")], (el("summary", &[], texts.checks), el("ul", &[], failed)))
    });
    let edition = format!(
        " {} {} {} {}, {}.",
        held.reason,
        texts.see_checks,
        texts.edition_name,
        session.status.edition.number,
        covered(session, env)
    );
    all((sign("s-bad", "st st-bad"), el("p", &[], (el("b", &[], texts.held_back), edition)), failed))
}

fn colophon(session: &Session, here: &str, env: Env) -> impl IntoView + use<> {
    let texts = env.texts;
    let edition = &session.status.edition;
    let theme = expect_context::<Preferences>().theme.next();
    let theme_name = match theme {
        crate::preferences::Theme::Light => texts.theme_light,
        _ => texts.theme_dark,
    };
    let theme_href = routes::preference("theme", theme.attribute().unwrap_or("system"), here);
    let (lang_href, other) = language(here, env);
    let facts = format!(
        "{} · {} {} · {} {}",
        session.status.company,
        texts.edition,
        edition.number,
        texts.data_until,
        date::day(edition.as_of, texts.lang)
    );
    view! {
        <p class="colophon">
            {facts} " · "
            <a rel="external" href=lang_href lang=other.tag() hreflang=other.tag()>{texts.other_language_name}</a> " · "
            <a rel="external" href=theme_href on:click=move |event| turn_theme(&event)>{theme_name}</a> " · "
            <a rel="external" href=routes::ACCOUNT>{texts.my_account}</a> " · "
            <span inner_html=sign_out(texts.sign_out, texts).0></span>
        </p>
    }
}

fn tab_bar(session: &Session, place: &Place, env: Env) -> Html {
    let texts = env.texts;
    let carried = |path: String| env.state.get_untracked().carried().href(&path);
    let tab = |href: String, symbol: &str, title: &str, here: bool| {
        let current = if here { "page" } else { "" };
        let rel = if href == routes::SOURCES { "external" } else { "" };
        el(
            "a",
            &[("href", &href), ("rel", rel), ("aria-current", current)],
            (icon_html(symbol), el("span", &[], title)),
        )
    };
    // The thumb reaches five; further boards stand in the desk's rail.
    let boards: Vec<Html> = session
        .boards
        .iter()
        .take(3)
        .map(|board| {
            let title =
                if board.id == routes::HOME_BOARD { texts.overview_short } else { texts.label(&board.title) };
            tab(carried(routes::board(&board.id)), "board", title, *place == Place::Board(board.id.clone()))
        })
        .collect();
    all((
        boards,
        tab(carried(routes::METRICS.to_owned()), "kpi", texts.metrics_short, *place == Place::Metrics),
        session
            .doors
            .sources
            .then(|| tab(routes::SOURCES.to_owned(), "data", texts.data, *place == Place::Sources)),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_of_the_first_and_last_name() {
        assert_eq!(initials("Helena Maria Prado"), "HP");
        assert_eq!(initials("élio"), "É");
        assert_eq!(initials(""), "");
    }
}
