//! The frame around every page: rail, top bar, tab bar, banner and colophon.
//!
//! Invariant: it offers only what works; what nobody can do is absent, not grey.

use super::icons::{icon, mark, sign};
use super::{Env, document, still};
use crate::preferences::Preferences;
use crate::routes;
use crate::session::Session;
use contract::editions::HeldBack;
use leptos::prelude::*;
use leptos_meta::Title;
use locale::{Lang, date};

/// Where a page stands among the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    Board(String),
    Metrics,
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
            <aside class="rail" inner_html=rail(session, &place, env)></aside>
            <main class="main" id="conteudo">
                <header class="topbar">
                    <h1>{title}</h1>
                    {switches(&here, env)}
                    {copy_link(&here, env)}
                </header>
                {filters}
                {session.status.held_back.as_ref().map(|held| view! { <div class="banner" role="status" inner_html=held_back(held, session, env)></div> })}
                <div class="page" class:refetching=move || env.pending.get()>
                    {content}
                    {colophon(session, &here, env)}
                </div>
            </main>
        </div>
        <nav class="tabbar" aria-label=texts.main_navigation inner_html=tab_bar(session, &place, env)></nav>
    }
    .into_any()
}

fn rail(session: &Session, place: &Place, env: Env) -> String {
    let texts = env.texts;
    let carried = move |path: String| env.state.get_untracked().carried().href(&path);
    let link = |id: &str, title: String, current: bool| {
        let href = carried(routes::board(id));
        view! { <a href=href aria-current=current.then_some("page")>{icon("board")}<span>{title}</span></a> }
    };
    let is_open = |id: &str| *place == Place::Board(id.to_owned());
    let home = session.boards.iter().find(|board| board.id == routes::HOME_BOARD);
    let home = home.map(|board| link(&board.id, texts.label(&board.title).to_owned(), is_open(&board.id)));
    let others: Vec<_> = session.boards.iter().filter(|board| board.id != routes::HOME_BOARD).collect();
    let others = (!others.is_empty()).then(|| {
        let links = others
            .iter()
            .map(|board| {
                let (href, title) = (carried(routes::board(&board.id)), texts.label(&board.title).to_owned());
                view! { <a href=href aria-current=is_open(&board.id).then_some("page")><span>{title}</span></a> }
            })
            .collect_view();
        view! { <nav aria-label=texts.boards class="rail-sub"><h2>{texts.boards}</h2>{links}</nav> }
    });
    let metrics = (*place == Place::Metrics).then_some("page");
    still::html(view! {
        <a class="brand" href="/">{mark()}<span>"Mirante"</span></a>
        <nav aria-label=texts.main_navigation>
            {home}
            <a href=carried(routes::METRICS.to_owned()) aria-current=metrics>{icon("kpi")}<span>{texts.metrics}</span></a>
        </nav>
        {others}
        <div class="rail-foot">
            <p class="sync">{sign("s-ok", "st st-ok")}<span>{covered(session, env)}</span></p>
            <p class="me">
                <i aria-hidden="true">{initials(&session.person)}</i>
                <span>{session.person.clone()}<small>{session.status.company.clone()}</small></span>
            </p>
        </div>
    })
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
        <a class="btn icon quiet only-wide" rel="external" href=theme_href aria-label=texts.switch_theme on:click=turn_theme>
            {icon("theme")}
        </a>
    }
}

fn turn_theme(event: leptos::ev::MouseEvent) {
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

fn held_back(held: &HeldBack, session: &Session, env: Env) -> String {
    let texts = env.texts;
    let reason = held.reason.clone();
    let failed: Vec<_> = held
        .checks
        .iter()
        .map(|check| {
            let place = check.column.as_ref().map_or_else(|| check.table.clone(), |column| format!("{}.{column}", check.table));
            view! { <li><code>{check.name.clone()}</code> " · " {place} " · " {check.failures.to_string()} " " {texts.failures}</li> }
        })
        .collect();
    let failed = (!failed.is_empty()).then(|| view! { <details class="held"><summary>{texts.checks}</summary><ul>{failed}</ul></details> });
    let edition = format!("{} {}, {}.", texts.edition_name, session.status.edition.number, covered(session, env));
    still::html(view! {
        {sign("s-bad", "st st-bad")}
        <p><b>{texts.held_back}</b> " " {reason} " " {texts.see_checks} " " {edition}</p>
        {failed}
    })
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
            <a rel="external" href=theme_href on:click=turn_theme>{theme_name}</a>
        </p>
    }
}

fn tab_bar(session: &Session, place: &Place, env: Env) -> String {
    let texts = env.texts;
    let carried = move |path: String| env.state.get_untracked().carried().href(&path);
    let open = match place {
        Place::Board(id) => Some(id.clone()),
        Place::Metrics => None,
    };
    // The thumb reaches five; boards beyond that are in the list of the first.
    let boards: Vec<_> = session
        .boards
        .iter()
        .take(4)
        .map(|board| {
            let home = board.id == routes::HOME_BOARD;
            let title = if home { texts.overview_short.to_owned() } else { texts.label(&board.title).to_owned() };
            let current = (open.as_deref() == Some(board.id.as_str())).then_some("page");
            view! { <a href=carried(routes::board(&board.id)) aria-current=current>{icon("board")}<span>{title}</span></a> }
        })
        .collect();
    let metrics = (*place == Place::Metrics).then_some("page");
    still::html(view! {
        {boards}
        <a href=carried(routes::METRICS.to_owned()) aria-current=metrics>{icon("kpi")}<span>{texts.metrics_short}</span></a>
    })
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
