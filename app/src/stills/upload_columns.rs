//! The second page of an upload: its columns with examples, what they are taken for, and the one button that makes the board.
//!
//! Invariant: every choice is made already; values of the file are shown as text and nothing else.

use super::upload_words::Words;
use super::uploads::{Stage, notice, refused, stages};
use super::{Posted, Telling};
use crate::components::still::{Html, all, el};
use crate::routes;
use chrono::NaiveDate;
use contract::uploads::{Role, UploadColumn, UploadExample, UploadPage, ValueKind};
use locale::{Decimals, Number, Sign, date, decimal, money, plural};

pub fn page(upload: &UploadPage, posted: &Posted, telling: &Telling) -> Html {
    let form = el(
        "form",
        &[
            ("class", "checking"),
            ("method", "post"),
            ("action", &routes::upload(&upload.id)),
            ("autocomplete", "off"),
        ],
        (
            upload.sheet.as_ref().map(|sheet| {
                el("input", &[("type", "hidden"), ("name", "sheet"), ("value", sheet.as_str())], ())
            }),
            el("div", &[("class", "grid first")], (head(upload, posted, telling), columns(upload, telling))),
        ),
    );
    all((stages(Stage::Check, telling), lede(upload, telling), form))
}

fn lede(upload: &UploadPage, telling: &Telling) -> Html {
    let words = Words::of(telling.lang);
    let rows = plural::counted(upload.rows, words.rows.0, words.rows.1, telling.lang);
    let span = upload.span.map(|(from, to)| format!(", {}", date::range(from, to, telling.lang)));
    let said = format!("{rows} {} {}{}.", words.in_file, upload.file, span.unwrap_or_default());
    el("section", &[("class", "lede")], el("p", &[], (el("b", &[], said), " ", words.check)))
}

/// Name, sheets, what will not be counted, and the buttons.
fn head(upload: &UploadPage, posted: &Posted, telling: &Telling) -> Html {
    let words = Words::of(telling.lang);
    let title = el(
        "label",
        &[("class", "field")],
        (
            el("span", &[], words.board_name),
            el(
                "input",
                &[
                    ("class", "input"),
                    ("name", "title"),
                    ("value", &upload.title),
                    ("required", "required"),
                    ("maxlength", "80"),
                    ("autocomplete", "off"),
                ],
                (),
            ),
        ),
    );
    let body = (
        posted.refusal.as_ref().map(|refusal| refused(refusal, telling)),
        (upload.sheets.len() > 1).then(|| sheets(upload, telling)),
        el("div", &[("class", "naming")], (title, buttons(telling))),
        remarks(upload, telling),
    );
    el("section", &[("class", "tile s12"), ("id", "conferir")], body)
}

fn buttons(telling: &Telling) -> Html {
    let words = Words::of(telling.lang);
    // The first button of a form is the one that Enter presses.
    let make = el("button", &[("class", "btn primary"), ("name", "act"), ("value", "make")], words.make);
    let look = el("button", &[("class", "btn"), ("name", "act"), ("value", "look")], words.look_again);
    el("p", &[("class", "acts")], (make, look))
}

fn sheets(upload: &UploadPage, telling: &Telling) -> Html {
    let words = Words::of(telling.lang);
    let link = |sheet: &String| {
        let current = if upload.sheet.as_ref() == Some(sheet) { "page" } else { "" };
        let href = routes::upload_sheet(&upload.id, sheet);
        el("a", &[("href", &href), ("rel", "external"), ("aria-current", current)], sheet.as_str())
    };
    let links: Vec<Html> = upload.sheets.iter().map(link).collect();
    el("nav", &[("class", "seg"), ("aria-label", words.sheet)], links)
}

/// What does not fit or is not counted, before anything is accepted.
fn remarks(upload: &UploadPage, telling: &Telling) -> Option<Html> {
    let words = Words::of(telling.lang);
    let counted = |count: u64, (one, many): (&str, &str)| plural::counted(count, one, many, telling.lang);
    let rejected = (upload.rejected > 0).then(|| {
        let said = all((el("b", &[], counted(upload.rejected, words.rejected)), " ", words.rejected_more));
        notice("warn", said, "rejeitadas", "")
    });
    let dateless = (upload.dateless > 0).then(|| {
        let said = el("b", &[], counted(upload.dateless, words.dateless));
        notice("warn", said, "sem-data", "")
    });
    let no_date = upload.span.is_none().then(|| notice("warn", all(words.no_date), "falta-data", ""));
    let totals = (upload.totals > 0).then(|| {
        let checked = if upload.keep_totals { "checked" } else { "" };
        let keep = [("type", "checkbox"), ("name", "totals"), ("value", "keep"), ("checked", checked)];
        let keep = el("label", &[("class", "check")], (el("input", &keep, ()), words.keep_totals));
        el(
            "div",
            &[("id", "totais")],
            (notice("off", all(counted(upload.totals, words.totals)), "", ""), keep),
        )
    });
    let said: Vec<Html> = [rejected, dateless, no_date, totals].into_iter().flatten().collect();
    (!said.is_empty()).then(|| el("div", &[("class", "remarks")], said))
}

fn columns(upload: &UploadPage, telling: &Telling) -> Html {
    let words = Words::of(telling.lang);
    let head = |class: &str, name: &str| el("th", &[("class", class), ("scope", "col")], name);
    let heads = (
        head("", words.column),
        head("", words.examples),
        head("", words.kind),
        head("", words.role),
        head("r", words.sum),
    );
    let rows: Vec<Html> = upload.columns.iter().map(|column| row(column, telling)).collect();
    let count = upload.columns.len() as u64;
    let title = plural::counted(count, words.columns.0, words.columns.1, telling.lang);
    let titles = el("div", &[], (el("h2", &[], title.as_str()), el("p", &[], words.columns_more)));
    let table = el(
        "table",
        &[("class", "table roomy sheet-columns")],
        (
            el("caption", &[("class", "vh")], title.as_str()),
            el("thead", &[], el("tr", &[], heads)),
            el("tbody", &[], rows),
        ),
    );
    let body =
        (el("header", &[("class", "tile-head")], titles), table, (count > 8).then(|| buttons(telling)));
    el("section", &[("class", "tile s12"), ("id", "colunas")], body)
}

fn row(column: &UploadColumn, telling: &Telling) -> Html {
    let words = Words::of(telling.lang);
    let mut about = plural::counted(column.values, words.values.0, words.values.1, telling.lang);
    if let Some(distinct) = column.distinct {
        let different = plural::counted(distinct, words.different.0, words.different.1, telling.lang);
        about = format!("{about}, {different}");
    }
    let name = (el("span", &[], column.label.as_str()), el("small", &[], about));
    let examples: Vec<Html> =
        column.examples.iter().map(|example| example_of(example, column.kind, telling)).collect();
    let misfits = (column.misfits > 0).then(|| strangers(column.misfits, &column.strangers, telling));
    let class = if column.role == Role::LeaveOut { "left" } else { "" };
    let kinds: Vec<(&str, &str)> =
        ValueKind::ALL.iter().map(|kind| (kind.word(), words.kind_name(*kind))).collect();
    let roles: Vec<(&str, &str)> =
        Role::ALL.iter().map(|role| (role.word(), words.role_name(*role))).collect();
    let kind = choice(
        &format!("k.{}", column.name),
        &format!("{}: {}", words.kind, column.label),
        &kinds,
        column.kind.word(),
    );
    let role = choice(
        &format!("r.{}", column.name),
        &format!("{}: {}", words.role, column.label),
        &roles,
        column.role.word(),
    );
    let measured = matches!(column.role, Role::Sum | Role::Mean);
    let total = column.total.as_ref().filter(|_| measured).and_then(|total| figure(total, column, telling));
    el(
        "tr",
        &[("class", class), ("id", &format!("coluna-{}", column.name))],
        (
            el("th", &[("scope", "row")], name),
            el("td", &[("class", "examples")], (el("ul", &[], examples), misfits)),
            el("td", &[("class", "choice")], kind),
            el("td", &[("class", "choice")], role),
            el("td", &[("class", "r sum")], total.unwrap_or_default()),
        ),
    )
}

/// What the board will say of the whole sheet: the sum, or the mean to two digits more than the values have.
fn figure((sum, scale): &(String, u8), column: &UploadColumn, telling: &Telling) -> Option<String> {
    let sum: i128 = sum.parse().ok()?;
    let value = match column.role {
        Role::Mean => Number::exact(
            sum.checked_mul(100)?.checked_div(i128::from(column.values))?,
            scale.checked_add(2)?,
        ),
        _ => Number::exact(sum, *scale),
    };
    Some(number(&value, column.kind, telling))
}

/// How many values do not fit, and the first of them.
pub fn strangers(misfits: u64, strangers: &[(i64, String)], telling: &Telling) -> Html {
    let words = Words::of(telling.lang);
    let count = plural::counted(misfits, words.misfit.0, words.misfit.1, telling.lang);
    let shown: Vec<Html> = strangers
        .iter()
        .map(|(row, value)| all((" ", el("code", &[], value.as_str()), format!(" ({} {row})", words.row))))
        .collect();
    el("p", &[("class", "misfits")], (el("b", &[], count), shown))
}

fn example_of(example: &UploadExample, kind: ValueKind, telling: &Telling) -> Html {
    let words = Words::of(telling.lang);
    let written = el("code", &[], example.written.as_str());
    let meaning = match &example.understood {
        None => all((
            el("i", &[("aria-hidden", "true")], "→"),
            el("b", &[("class", "unfit")], words.does_not_fit),
        )),
        Some(understood) => {
            let said = meant(understood, kind, telling);
            if said == example.written {
                return el("li", &[], written);
            }
            let arrow = el("i", &[("role", "img"), ("aria-label", words.understood_as)], "→");
            all((arrow, el("b", &[], said)))
        }
    };
    el("li", &[], (written, meaning))
}

/// A value as the product shows it: numbers come with a point, days as ISO.
fn meant(understood: &str, kind: ValueKind, telling: &Telling) -> String {
    let said = match kind {
        ValueKind::Integer | ValueKind::Decimal | ValueKind::Money => {
            exact(understood).map(|value| number(&value, kind, telling))
        }
        ValueKind::Date => day_of(understood, telling),
        ValueKind::Flag => Some(
            telling.lang.pick(["não", "sim"], ["no", "yes"])[usize::from(understood == "true")].to_owned(),
        ),
        ValueKind::Text => None,
    };
    said.unwrap_or_else(|| understood.to_owned())
}

fn exact(text: &str) -> Option<Number> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let scale = u8::try_from(fraction.len()).ok()?;
    Some(Number::exact(format!("{whole}{fraction}").parse().ok()?, scale))
}

fn number(value: &Number, kind: ValueKind, telling: &Telling) -> String {
    match kind {
        ValueKind::Money => money::full(value, Sign::Negative, telling.lang),
        _ => decimal::decimal(value, Decimals::up_to(8), Sign::Negative, telling.lang),
    }
}

fn day_of(text: &str, telling: &Telling) -> Option<String> {
    let day: NaiveDate = text.get(..10)?.parse().ok()?;
    let time = text.get(11..16).filter(|time| *time != "00:00").map(|time| format!(" {time}"));
    Some(format!("{}{}", date::day(day, telling.lang), time.unwrap_or_default()))
}

fn choice(name: &str, label: &str, options: &[(&str, &str)], value: &str) -> Html {
    let option = |(word, shown): &(&str, &str)| {
        let selected = if *word == value { "selected" } else { "" };
        el("option", &[("value", word), ("selected", selected)], *shown)
    };
    let options: Vec<Html> = options.iter().map(option).collect();
    el("select", &[("class", "input"), ("name", name), ("aria-label", label)], options)
}

#[cfg(test)]
mod tests {
    use super::*;
    use locale::Lang;

    fn telling() -> Telling {
        Telling { lang: Lang::PtBr, time_zone: "UTC".to_owned() }
    }

    #[test]
    fn values_are_told_as_they_are_written_and_as_they_are_understood() {
        let said = |written: &str, understood: Option<&str>, kind| {
            let understood = understood.map(str::to_owned);
            example_of(&UploadExample { written: written.to_owned(), understood }, kind, &telling()).0
        };
        assert!(said("R$ 1.234,56", Some("1234.56"), ValueKind::Money).contains("<b>R$\u{a0}1.234,56</b>"));
        assert!(said("(10,50)", Some("-10.50"), ValueKind::Decimal).contains("<b>\u{2212}10,5</b>"));
        assert!(said("5/1/26", Some("2026-01-05"), ValueKind::Date).contains("<b>05/01/2026</b>"));
        assert!(said("N/D", None, ValueKind::Integer).contains("não cabe"));
        assert_eq!(said("<b>x", Some("<b>x"), ValueKind::Text), "<li><code>&lt;b&gt;x</code></li>");
        assert!(said("5.8e-12", Some("5.8e-12"), ValueKind::Decimal).contains("<code>5.8e-12</code>"));
    }
}
