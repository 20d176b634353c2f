//! "Comece aqui": what a workspace begins with.
//!
//! Invariant: it offers only what works.

use super::people_words::Words;
use super::source_page::section;
use super::sources::label;
use super::{Telling, upload_words, uploads};
use crate::components::icons::icon_html;
use crate::components::still::{Html, all, el};
use crate::routes;
use contract::sources::SourceKind;

/// Kinds of sources that the page names; the others are one link away.
const NAMED: [&str; 3] = ["ploomes", "sap_b1", "whatsapp"];

pub fn page(kinds: &[SourceKind], manages_people: bool, telling: &Telling) -> Html {
    let words = Words::of(telling.lang);
    let item = |href: &str, symbol: &str, title: &str, more: &str| {
        let said = el("span", &[], (el("b", &[], title), el("small", &[], more)));
        el("li", &[], el("a", &[("href", href), ("rel", "external")], (icon_html(symbol), said)))
    };
    let named = NAMED.iter().filter_map(|name| kinds.iter().find(|kind| kind.kind == *name));
    let mut items: Vec<Html> = named
        .map(|kind| {
            let (title, about) = (label(&kind.title, telling.lang), label(&kind.about, telling.lang));
            item(&routes::new_source(&kind.kind), "data", title, about)
        })
        .collect();
    items.push(item(routes::NEW_SOURCE, "plus", words.other_sources, words.other_sources_more));
    let connect = el("ul", &[("class", "catalog")], items);
    let sheet = upload_words::Words::of(telling.lang);
    let demo = el("p", &[("class", "note")], el("code", &[], "mirante demo --data ./demo"));
    let people = manages_people.then(|| {
        let list = el(
            "ul",
            &[("class", "catalog")],
            item(routes::PEOPLE, "people", words.invite, words.people_more),
        );
        section("s12", "convidar", (words.others_too, words.others_too_more), None, list)
    });
    let parts = (
        section("s6", "conectar", (words.connect, words.connect_more), None, connect),
        section("s6", "planilha", (sheet.send, sheet.send_more), None, uploads::form(routes::SHEET, telling)),
        people,
        section("s12", "demonstracao", (words.demo, words.demo_more), None, demo),
    );
    let lede =
        el("section", &[("class", "lede")], el("p", &[], (el("b", &[], words.start), " ", words.start_more)));
    all((lede, el("div", &[("class", "grid first")], parts)))
}
