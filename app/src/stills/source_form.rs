//! The form of a source, made from its kind's declaration: to connect one, and to change what one was told.
//!
//! Invariant: a secret is never written into the page.

use super::governed::tick;
use super::sources::label;
use super::stream_words::StreamWords;
use super::words::Words;
use super::{Posted, Telling, upload_words};
use crate::components::icons::{icon_html, sign};
use crate::components::still::{Html, Piece, all, el};
use crate::routes;
use contract::sources::{
    Chosen, Found, Parameter, SourceDraft, SourceKind, SourcePage, StreamReads, Takes, Trial,
};
use locale::Lang;

/// The id of the form, for what belongs to it and stands elsewhere.
const FORM: &str = "ajustes-da-fonte";

/// The kind whose connectors tell what they ask for, and the parameter that takes it in one piece.
const TELLING: &str = "airbyte";
const CONFIG: &str = "config";

/// The kinds to choose from.
pub fn kinds(kinds: &[SourceKind], telling: &Telling) -> Html {
    let words = Words::of(telling.lang);
    let item = |kind: &SourceKind| {
        let text = el(
            "span",
            &[],
            (
                el("b", &[], label(&kind.title, telling.lang)),
                el("small", &[], label(&kind.about, telling.lang)),
            ),
        );
        let href = routes::new_source(&kind.kind);
        el("li", &[], el("a", &[("href", &href), ("rel", "external")], (icon_html("data"), text)))
    };
    let uploads = upload_words::Words::of(telling.lang);
    let sheet = el("span", &[], (el("b", &[], uploads.send), el("small", &[], uploads.send_more)));
    let sheet = el("a", &[("href", routes::SHEET), ("rel", "external")], (icon_html("upload"), sheet));
    let items: Vec<Html> = std::iter::once(el("li", &[], sheet)).chain(kinds.iter().map(item)).collect();
    let titles = el("div", &[], (el("h2", &[], words.choose_kind), el("p", &[], words.choose_kind_more)));
    let list = el("ul", &[("class", "catalog")], items);
    let tile = (
        el("header", &[("class", "tile-head")], titles),
        list,
        el("footer", &[("class", "tile-foot")], el("span", &[], words.by_command)),
    );
    el("div", &[("class", "grid first")], el("section", &[("class", "tile s12")], tile))
}

/// The form: empty, as it was sent, or with what the source was told.
pub fn form(kind: &SourceKind, known: Option<&SourcePage>, posted: &Posted, telling: &Telling) -> Html {
    let words = Words::of(telling.lang);
    let draft = posted.draft.as_ref();
    let name = match (known, draft) {
        (Some(known), _) => {
            el("input", &[("type", "hidden"), ("name", "name"), ("value", &known.card.name)], ())
        }
        (None, draft) => {
            let value = draft.map_or(kind.kind.as_str(), |draft| draft.name.as_str());
            let input = el(
                "input",
                &[
                    ("class", "input"),
                    ("name", "name"),
                    ("value", value),
                    ("required", "required"),
                    ("pattern", "[a-z][a-z0-9_]*"),
                    ("autocomplete", "off"),
                ],
                (),
            );
            field(words.name, words.name_help, "", input)
        }
    };
    // What the connector asks for by itself need not be told in one piece.
    let is_asked = |parameter: &&Parameter| posted.wants.is_none() || parameter.name != CONFIG;
    let wanted: Vec<Html> = posted
        .wants
        .iter()
        .flatten()
        .map(|parameter| {
            let typed = draft.and_then(|draft| draft.fields.get(&parameter.name)).map(String::as_str);
            parameter_field(parameter, "c", (typed, None), telling.lang)
        })
        .collect();
    let tells = kind.kind == TELLING;
    let ask = [("class", "btn"), ("name", "act"), ("value", "wants"), ("formnovalidate", "formnovalidate")];
    let fields: Vec<Html> = kind
        .parameters
        .iter()
        .filter(is_asked)
        .map(|parameter| {
            let typed = draft.and_then(|draft| draft.values.get(&parameter.name)).map(String::as_str);
            let told = known
                .and_then(|known| known.settings.iter().find(|told| told.parameter.name == parameter.name))
                .and_then(|told| told.value.as_deref());
            parameter_field(parameter, "p", (typed, told), telling.lang)
        })
        .collect();
    let promise = draft
        .and_then(|draft| draft.promised_minutes)
        .or(known.and_then(|known| known.card.freshness.promised_minutes))
        .unwrap_or(kind.promised_minutes)
        .to_string();
    let promise = el(
        "input",
        &[("class", "input"), ("name", "promise"), ("type", "number"), ("min", "1"), ("value", &promise)],
        (),
    );
    let schedule = draft
        .and_then(|draft| draft.schedule.clone())
        .or(known.filter(|known| known.card.scheduled).map(|known| telling.schedule(&known.card.schedule)));
    let schedule = el(
        "input",
        &[
            ("class", "input"),
            ("name", "schedule"),
            ("value", &schedule.unwrap_or_default()),
            ("autocomplete", "off"),
        ],
        (),
    );
    let save = if known.is_some() { words.save } else { words.add };
    let buttons = el(
        "p",
        &[("class", "acts")],
        (
            tells.then(|| el("button", &ask, words.ask_connector)),
            el("button", &[("class", "btn"), ("name", "act"), ("value", "test")], words.test),
            el("button", &[("class", "btn primary"), ("name", "act"), ("value", "save")], save),
        ),
    );
    let whole = el(
        "form",
        &[("class", "told"), ("method", "post"), ("autocomplete", "off"), ("id", FORM)],
        (
            name,
            fields,
            wanted,
            field(words.promise_minutes, words.promise_help, "", promise),
            field(words.schedule, words.schedule_help, "", schedule),
            buttons,
        ),
    );
    let about = el("p", &[], label(&kind.about, telling.lang));
    let titles = el("div", &[], (el("h2", &[], label(&kind.title, telling.lang)), about));
    let tile = (el("header", &[("class", "tile-head")], titles), whole);
    all((
        refusal(posted, telling.lang),
        posted.trial.as_ref().map(|trial| tried(trial, known, draft, telling.lang)),
        el("div", &[("class", "grid first")], el("section", &[("class", "tile s12")], tile)),
    ))
}

/// Why what was sent was refused.
pub(super) fn refusal(posted: &Posted, lang: Lang) -> Option<Html> {
    let words = Words::of(lang);
    posted.refused.as_ref().map(|why| {
        let said = el("p", &[], (el("b", &[], words.not_saved), format!(". {why}")));
        el(
            "div",
            &[("class", "banner"), ("role", "alert"), ("id", "recusa")],
            (sign("s-bad", "st st-bad"), said),
        )
    })
}

fn field(name: &str, help: &str, mark: &str, input: Html) -> Html {
    let mark = (!mark.is_empty()).then(|| el("em", &[], mark));
    el("label", &[("class", "field")], (el("span", &[], (name, mark)), input, el("small", &[], help)))
}

/// `of` tells whose parameter it is: `p` the source's, `c` the connector's own.
fn parameter_field(
    parameter: &Parameter,
    of: &str,
    (typed, told): (Option<&str>, Option<&str>),
    lang: Lang,
) -> Html {
    let words = Words::of(lang);
    let name = format!("{of}.{}", parameter.name);
    let value = typed.or(told).or(parameter.default.as_deref()).unwrap_or_default();
    // A secret that is known need not be typed again.
    let must = parameter.required && !(parameter.is_secret() && told.is_some());
    let required = if must { "required" } else { "" };
    let common =
        [("class", "input"), ("name", name.as_str()), ("required", required), ("autocomplete", "off")];
    let with = |more: &[(&str, &str)]| el("input", &[&common, more].concat(), ());
    let input = match &parameter.takes {
        Takes::Secret => {
            let placeholder = if told.is_some() { words.secret_stays } else { "" };
            el(
                "input",
                &[
                    ("class", "input"),
                    ("name", name.as_str()),
                    ("required", required),
                    ("type", "password"),
                    ("autocomplete", "new-password"),
                    ("placeholder", placeholder),
                ],
                (),
            )
        }
        Takes::Address => with(&[("type", "url"), ("value", value), ("inputmode", "url")]),
        Takes::Number { min, max } => with(&[
            ("type", "number"),
            ("min", &min.to_string()),
            ("max", &max.to_string()),
            ("value", value),
        ]),
        Takes::Text => with(&[("value", value)]),
        Takes::Lines => {
            el("textarea", &[&common[..], &[("rows", "4"), ("spellcheck", "false")]].concat(), value)
        }
        Takes::Flag => choice(&name, &[("false", locale::NONE), ("true", words.yes)], value),
        Takes::Choice(options) => {
            let options: Vec<(&str, &str)> =
                options.iter().map(|word| (word.as_str(), word.as_str())).collect();
            choice(&name, &options, value)
        }
    };
    let mark = if must { words.required } else { "" };
    field(label(&parameter.label, lang), label(&parameter.help, lang), mark, input)
}

fn choice(name: &str, options: &[(&str, &str)], value: &str) -> Html {
    let option = |(word, shown): &(&str, &str)| {
        let selected = if *word == value { "selected" } else { "" };
        el("option", &[("value", word), ("selected", selected)], *shown)
    };
    let options: Vec<Html> = options.iter().map(option).collect();
    el("select", &[("class", "input"), ("name", name)], options)
}

/// What the system said of itself, which streams can be read, and which are to be.
fn tried(trial: &Trial, known: Option<&SourcePage>, draft: Option<&SourceDraft>, lang: Lang) -> Html {
    let is_chosen = |stream: &str| match draft.and_then(|draft| draft.streams.as_ref()) {
        Some(Chosen::Only(streams)) => streams.contains(stream),
        Some(Chosen::All) => true,
        None => known
            .and_then(|known| known.streams.iter().find(|card| card.name == stream))
            .is_none_or(|card| card.reads != StreamReads::Resting),
    };
    let words = Words::of(lang);
    let facts: Vec<Html> = trial
        .facts
        .iter()
        .map(|(name, value)| el("div", &[], (el("dt", &[], name.as_str()), el("dd", &[], value.as_str()))))
        .collect();
    let warnings: Vec<Html> = trial
        .warnings
        .iter()
        .map(|warning| el("li", &[], (sign("s-warn", "st st-warn"), " ", warning.as_str())))
        .collect();
    let stream = |(name, found): &(String, Found)| {
        let (symbol, said) = match found {
            Found::Rows => ("ok", words.can_be_read),
            Found::Nothing => ("off", words.is_empty),
            Found::Refused(why) => ("bad", why.as_str()),
        };
        let mut line = tick(name, is_chosen(name), StreamWords::of(lang).read, FORM);
        sign(&format!("s-{symbol}"), &format!("st st-{symbol}")).write(&mut line.0);
        (" ", el("b", &[], name.as_str()), format!(" {said}")).write(&mut line.0);
        el("li", &[], line)
    };
    let streams: Vec<Html> = trial.streams.iter().map(stream).collect();
    let titles = el("div", &[], (el("h2", &[], words.answers), el("p", &[], words.answers_more)));
    let body = (
        el("header", &[("class", "tile-head")], titles),
        el("dl", &[("class", "facts")], facts),
        (!streams.is_empty()).then(|| el("p", &[("class", "note")], StreamWords::of(lang).choose_here)),
        el("ul", &[("class", "found")], (warnings, streams)),
    );
    let tile = el("section", &[("class", "tile s12"), ("id", "teste"), ("role", "status")], body);
    el("div", &[("class", "grid first")], tile)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kpi::definition::Label;
    use std::collections::BTreeMap;

    fn kind() -> SourceKind {
        let said = Label { pt: "Loja".to_owned(), en: None };
        let words = ("x", "x");
        SourceKind {
            kind: "loja".to_owned(),
            title: said.clone(),
            about: said,
            parameters: vec![
                Parameter::required("address", Takes::Address, ("Endereço", "Address"), words),
                Parameter::required("key", Takes::Secret, ("Chave", "Key"), words),
                Parameter::with_default(
                    "size",
                    Takes::Choice(vec!["p".into(), "g".into()]),
                    "g",
                    words,
                    words,
                ),
            ],
            promised_minutes: 15,
        }
    }

    #[test]
    fn form_that_comes_back_holds_what_was_typed_and_no_secret() {
        let telling = Telling { lang: Lang::PtBr, time_zone: "UTC".to_owned() };
        let values = [("address", "https://x\"><b>"), ("key", "segredo")];
        let draft = SourceDraft {
            kind: "loja".to_owned(),
            name: "minha".to_owned(),
            promised_minutes: Some(30),
            schedule: None,
            streams: None,
            fields: BTreeMap::new(),
            values: values
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect::<BTreeMap<_, _>>(),
        };
        let posted =
            Posted { draft: Some(draft), refused: Some("não responde".to_owned()), ..Posted::default() };
        let html = form(&kind(), None, &posted, &telling).0;
        assert!(html.contains("Não foi salvo</b>. não responde"), "{html}");
        assert!(html.contains("value=\"minha\"") && html.contains("value=\"30\""), "{html}");
        assert!(html.contains("https://x&quot;&gt;&lt;b&gt;"), "{html}");
        assert!(!html.contains("segredo"), "{html}");
        assert!(html.contains("<option value=\"g\" selected=\"selected\">"), "{html}");
    }

    #[test]
    fn what_a_connector_asks_for_stands_in_the_form_instead_of_one_text() {
        let telling = Telling { lang: Lang::PtBr, time_zone: "UTC".to_owned() };
        let words = ("Conta", "Account");
        let mut airbyte = kind();
        airbyte.kind = TELLING.to_owned();
        airbyte.parameters.push(Parameter::optional(CONFIG, Takes::Secret, words, words));
        let html = form(&airbyte, None, &Posted::default(), &telling).0;
        assert!(html.contains("value=\"wants\"") && html.contains("name=\"p.config\""), "{html}");
        let wants = Some(vec![Parameter::required("account", Takes::Text, words, words)]);
        let html = form(&airbyte, None, &Posted { wants, ..Posted::default() }, &telling).0;
        assert!(html.contains("name=\"c.account\"") && !html.contains("name=\"p.config\""), "{html}");
        assert!(!form(&kind(), None, &Posted::default(), &telling).0.contains("value=\"wants\""));
    }
}
