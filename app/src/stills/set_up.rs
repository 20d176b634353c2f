//! The page of the first run: the company, and the person who administers it.
//!
//! Decides nothing (`server/src/web/set_up.rs`). Invariant: what was typed comes back, but for the password.

use super::entry::{Page, email_input, field, new_password, page, refusal};
use super::entry_words::Words;
use super::uploads::notice;
use crate::components::still::{Html, all, el};
use crate::routes;
use contract::people::PersonRefusal;
use locale::Lang;

/// The time zones of Brazil, the one with the most people first.
const ZONES: [&str; 8] = [
    "America/Sao_Paulo",
    "America/Bahia",
    "America/Fortaleza",
    "America/Recife",
    "America/Manaus",
    "America/Cuiaba",
    "America/Rio_Branco",
    "America/Noronha",
];

/// What is told on the page.
#[derive(Debug, Clone, Default)]
pub struct SetUp {
    pub token: String,
    pub company: String,
    /// `pt-BR` or `en`.
    pub language: String,
    pub time_zone: String,
    pub name: String,
    pub email: String,
}

pub fn set_up(told: &SetUp, refused: Option<&PersonRefusal>, lang: Lang) -> Page {
    let words = Words::of(lang);
    let text = |name: &str, value: &str, more: &[(&str, &str)]| {
        let input = [
            ("class", "input"),
            ("name", name),
            ("value", value),
            ("required", "required"),
            ("maxlength", "100"),
        ];
        el("input", &[&input, more].concat(), ())
    };
    let option = |(lang, name): (Lang, &str)| {
        let selected = if lang.tag() == told.language { "selected" } else { "" };
        el("option", &[("value", lang.tag()), ("selected", selected)], name)
    };
    let options: Vec<Html> =
        [(Lang::PtBr, "Português"), (Lang::En, "English")].into_iter().map(option).collect();
    let zones: Vec<Html> = ZONES.iter().map(|zone| el("option", &[("value", zone)], ())).collect();
    let zone = (
        text("time_zone", &told.time_zone, &[("list", "fusos"), ("autocomplete", "off")]),
        el("datalist", &[("id", "fusos")], zones),
    );
    let company = (
        field(words.company, "", text("company", &told.company, &[("autocomplete", "organization")])),
        field(words.language, "", el("select", &[("class", "input"), ("name", "language")], options)),
        field(words.time_zone, words.time_zone_help, all(zone)),
    );
    let person = (
        el("p", &[("class", "mute")], words.first_person),
        field(words.name, "", text("name", &told.name, &[("autocomplete", "name")])),
        field(words.email, "", email_input(&told.email, &[("required", "required")])),
        new_password(words.password, words),
    );
    let fields = (
        all((el("h1", &[], words.set_up), el("p", &[("class", "mute")], words.set_up_more))),
        refused.map(|why| notice("bad", all(refusal(why, lang)), "recusa", "alert")),
        el("input", &[("type", "hidden"), ("name", "token"), ("value", &told.token)], ()),
        all(company),
        all(person),
        el("button", &[("class", "btn primary lg")], words.set_up_button),
    );
    let form = el("form", &[("class", "how"), ("method", "post"), ("action", routes::SET_UP)], fields);
    page(words.set_up, form, &routes::set_up(&told.token), lang)
}
