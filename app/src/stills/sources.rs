//! The list of sources: how fresh each is against its promise, what a day of loads looked like, and what is being read now.
//!
//! Invariant: the list that a page is sent with and the one that it is told later are made by the same function.

use super::words::Words;
use super::{Telling, deed, upload_words};
use crate::components::icons::{icon_html, sign};
use crate::components::still::{Html, Piece, all, el};
use crate::routes;
use contract::sources::{Freshness, SourceCard, SyncCard, SyncState};
use kpi::definition::Label;
use locale::{Lang, list, plural};

/// Bars of the last day, one per half hour.
const BARS: usize = 48;
const BAR_SECONDS: i64 = 1800;

/// The whole page below its head.
pub fn page(sources: &[SourceCard], telling: &Telling, now: i64) -> Html {
    let words = Words::of(telling.lang);
    if sources.is_empty() {
        let link = el(
            "a",
            &[("class", "btn primary"), ("href", routes::NEW_SOURCE), ("rel", "external")],
            words.connect,
        );
        return el(
            "div",
            &[("class", "empty")],
            (
                icon_html("data"),
                el("b", &[], words.no_sources),
                el("p", &[], words.no_sources_more),
                el("div", &[("class", "acts")], (send(telling), link)),
            ),
        );
    }
    all((lede(sources, telling), scores(sources, telling), tile(sources, telling, now)))
}

fn lede(sources: &[SourceCard], telling: &Telling) -> Html {
    let words = Words::of(telling.lang);
    let late: Vec<&str> = sources
        .iter()
        .filter(|source| source.freshness.is_late())
        .map(|source| source.name.as_str())
        .collect();
    let said = match late.as_slice() {
        [] => all((sign("s-ok", "st st-ok"), " ", el("b", &[], words.all_in_time))),
        late => {
            let (one, many) = words.late_sources;
            let names = list::and(late, telling.lang);
            let counted = plural::counted(late.len() as u64, one, many, telling.lang);
            all((sign("s-warn", "st st-warn"), " ", el("b", &[], format!("{counted} {names}."))))
        }
    };
    el("section", &[("class", "lede")], el("p", &[], said))
}

fn scores(sources: &[SourceCard], telling: &Telling) -> Html {
    let words = Words::of(telling.lang);
    let of = |count: usize, all: usize| (count.to_string(), format!("{} {all}", words.of));
    let in_time = sources.iter().filter(|source| !source.freshness.is_late()).count();
    let ended =
        || sources.iter().flat_map(|source| &source.last_day).filter(|sync| sync.state != SyncState::Running);
    let whole = ended().filter(|sync| sync.state == SyncState::Done).count();
    let (rows, rejected) =
        ended().fold((0, 0), |(rows, rejected), sync| (rows + sync.rows, rejected + sync.rejected));
    let fit = match rows + rejected {
        0 => (locale::NONE.to_owned(), String::new()),
        total => {
            let share = locale::Number::exact(i128::from(rows * 10_000 / total), 4);
            let shown = locale::decimal::percent(
                &share,
                locale::Decimals::exactly(2),
                locale::Sign::Negative,
                telling.lang,
            );
            (shown, format!("{} {}", words.of, telling.count(total)))
        }
    };
    let score = |name: &str, (value, more): (String, String)| {
        let value = el("dd", &[], (value, el("small", &[], more)));
        el("div", &[], (el("dt", &[], name), value))
    };
    el(
        "dl",
        &[("class", "scores three")],
        (
            score(words.within_promise, of(in_time, sources.len())),
            score(words.syncs_today, of(whole, ended().count())),
            score(words.fit_rows, fit),
        ),
    )
}

/// The way to a board from a sheet.
fn send(telling: &Telling) -> Html {
    let link = [("class", "btn sm"), ("href", routes::SHEET), ("rel", "external")];
    el("a", &link, (icon_html("upload"), upload_words::Words::of(telling.lang).send))
}

fn tile(sources: &[SourceCard], telling: &Telling, now: i64) -> Html {
    let words = Words::of(telling.lang);
    let add = el(
        "a",
        &[("class", "btn sm"), ("href", routes::NEW_SOURCE), ("rel", "external")],
        (icon_html("plus"), words.connect),
    );
    let titles = el("div", &[], (el("h2", &[], words.sources), el("p", &[], words.sources_more)));
    let head = el(
        "header",
        &[("class", "tile-head")],
        (titles, el("div", &[("class", "tile-act")], (send(telling), add))),
    );
    let column = |class: &str, name: &str| el("th", &[("class", class), ("scope", "col")], name);
    let columns = el(
        "tr",
        &[],
        (
            column("", words.source),
            column("", words.state),
            column("", words.freshness),
            column("lg-hide", words.last_day),
            column("r sm-hide", words.rows_today),
            column("r sm-hide", words.next),
            el("td", &[], ()),
        ),
    );
    let rows: Vec<Html> = sources.iter().map(|source| row(source, telling, now)).collect();
    let caption = el("caption", &[("class", "vh")], words.sources);
    let table = el(
        "table",
        &[("class", "table sources")],
        (caption, el("thead", &[], columns), el("tbody", &[], rows)),
    );
    el("div", &[("class", "grid")], el("section", &[("class", "tile s12"), ("id", "fontes")], (head, table)))
}

fn row(source: &SourceCard, telling: &Telling, now: i64) -> Html {
    let words = Words::of(telling.lang);
    let (one, many) = words.streams;
    let about = format!(
        "{} · {}",
        label(&source.title, telling.lang),
        plural::counted(u64::from(source.streams), one, many, telling.lang)
    );
    let link = el("a", &[("href", &routes::source(&source.name)), ("rel", "external")], source.name.as_str());
    let name = el(
        "span",
        &[("class", "src")],
        (icon_html("data"), el("span", &[], (link, el("small", &[], about)))),
    );
    let next = match &source.next_at {
        Some(at) => telling.clock(at),
        None => words.by_hand.to_owned(),
    };
    el(
        "tr",
        &[("id", &format!("fonte-{}", source.name))],
        (
            el("th", &[("scope", "row")], name),
            el("td", &[], state(source, telling)),
            el("td", &[("class", "fresh")], fresh(&source.freshness, telling)),
            el("td", &[("class", "lg-hide")], strip(&source.last_day, telling, now)),
            el("td", &[("class", "r sm-hide")], telling.count(source.rows_today)),
            el("td", &[("class", "r sm-hide")], next),
            el("td", &[("class", "r")], act(source, false, telling)),
        ),
    )
}

/// What a source is at: being read, failed, late or in time.
pub fn state(source: &SourceCard, telling: &Telling) -> Html {
    let words = Words::of(telling.lang);
    if let Some(running) = &source.running {
        let doing = match (&running.stream, running.cancelling) {
            (_, true) => words.stopping.to_owned(),
            (Some(stream), _) => format!("{} {stream}", words.reading),
            (None, _) => words.reading.to_owned(),
        };
        let rate = running.rows / running.seconds.max(1);
        let so_far = format!(
            "{} {} · {} {}",
            telling.count(running.rows),
            words.rows,
            telling.count(rate),
            words.per_second
        );
        let bar = el("progress", &[("aria-label", words.reading)], ());
        return el(
            "span",
            &[("class", "reading"), ("role", "status")],
            (el("b", &[], doing), bar, el("small", &[], so_far)),
        );
    }
    let shown = |class: &str, symbol: &str, text: &str| {
        let class = format!("state {class}");
        el("span", &[("class", &class)], (sign(&format!("s-{symbol}"), &format!("st st-{symbol}")), text))
    };
    let last = source.last.as_ref();
    let mut said = match last.map(|sync| sync.state) {
        None => shown("", "off", words.never),
        Some(_) if source.refused.is_some() => shown("bad", "bad", words.stopped),
        Some(SyncState::Failed) => shown("bad", "bad", words.failed),
        _ if source.freshness.is_late() => shown("warn", "warn", words.late),
        Some(SyncState::Partial) => shown("warn", "warn", words.partial),
        Some(SyncState::Cancelled) => shown("", "off", words.cancelled),
        Some(SyncState::Interrupted) => shown("warn", "warn", words.interrupted),
        Some(SyncState::Done | SyncState::Running) => shown("ok", "ok", words.in_time),
    };
    if let Some(message) = last.and_then(|sync| sync.message.as_deref()) {
        el("small", &[("class", "why")], message).write(&mut said.0);
    }
    said
}

fn fresh(freshness: &Freshness, telling: &Telling) -> Html {
    let words = Words::of(telling.lang);
    let ago = match freshness.age_minutes {
        None => locale::NONE.to_owned(),
        Some(minutes) => {
            locale::age::age(minutes.saturating_mul(60).min(1 << 60).cast_signed(), telling.lang)
        }
    };
    let Some(promised) = freshness.promised_minutes.filter(|minutes| *minutes > 0) else {
        return el("small", &[], format!("{ago} · {}", words.no_promise));
    };
    let told = telling.span(promised.saturating_mul(60));
    // The mark of the promise stands at four fifths, so that a source that is late goes beyond it.
    let share = freshness.age_minutes.map_or(0, |age| (age.saturating_mul(80) / promised).min(100));
    let pace = if freshness.is_late() { "pace warn" } else { "pace" };
    let bar = el("span", &[("class", "bar"), ("style", &format!("--v:{share}%;--e:80%"))], ());
    all((el("span", &[("class", pace)], bar), el("small", &[], format!("{ago} · {} {told}", words.promise))))
}

/// One bar per half hour: its colour is the worst that happened then.
fn strip(day: &[SyncCard], telling: &Telling, now: i64) -> Html {
    let mut bars: [Option<SyncState>; BARS] = [None; BARS];
    let gravity = |state: SyncState| match state {
        SyncState::Failed => 3,
        SyncState::Partial | SyncState::Interrupted => 2,
        SyncState::Done => 1,
        SyncState::Running | SyncState::Cancelled => 0,
    };
    for sync in day {
        let Ok(began) = chrono::DateTime::parse_from_rfc3339(&sync.started_at) else { continue };
        let back = usize::try_from((now / 1000 - began.timestamp()).max(0) / BAR_SECONDS).unwrap_or(BARS);
        if back < BARS {
            let bar = &mut bars[BARS - 1 - back];
            *bar = Some(bar.filter(|known| gravity(*known) >= gravity(sync.state)).unwrap_or(sync.state));
        }
    }
    let drawn: Vec<Html> = bars
        .iter()
        .enumerate()
        .map(|(at, state)| {
            let (class, top, height) = match state {
                None => ("h-off", "18", "2"),
                Some(SyncState::Failed) => ("h-bad", "0", "20"),
                Some(SyncState::Partial | SyncState::Interrupted) => ("h-warn", "0", "20"),
                Some(_) => ("h-ok", "10", "10"),
            };
            let x = (at * 5).to_string();
            el(
                "rect",
                &[("class", class), ("x", &x), ("y", top), ("width", "3"), ("height", height), ("rx", "1")],
                (),
            )
        })
        .collect();
    let name = format!("{} {}", day.len(), Words::of(telling.lang).loads);
    el(
        "svg",
        &[("class", "strip"), ("width", "238"), ("height", "20"), ("role", "img"), ("aria-label", &name)],
        drawn,
    )
}

/// Sync now, or stop what is under way: as an icon in a list, in words where there is room.
pub fn act(source: &SourceCard, in_words: bool, telling: &Telling) -> Html {
    let words = Words::of(telling.lang);
    let (path, label, icon) = match &source.running {
        Some(_) => (routes::source_deed(&source.name, "parar"), words.stop, "x"),
        None => (routes::source_deed(&source.name, "sincronizar"), words.sync_now, "sync"),
    };
    let id = format!("ato-{}", source.name);
    let (class, shown) = if in_words {
        ("btn sm", all((icon_html(icon), label)))
    } else {
        ("btn icon quiet sm", icon_html(icon))
    };
    deed(&path, class, &format!("{label}: {}", source.name), &id, shown)
}

pub(super) fn label(label: &Label, lang: Lang) -> &str {
    match (lang, &label.en) {
        (Lang::En, Some(english)) => english,
        _ => &label.pt,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::sources::{SyncProgress, Trigger};

    const NOW: i64 = 1_795_834_800_000;

    fn telling() -> Telling {
        Telling { lang: Lang::PtBr, time_zone: "America/Sao_Paulo".to_owned() }
    }

    fn source(name: &str, age: Option<u64>) -> SourceCard {
        SourceCard {
            name: name.to_owned(),
            kind: "ploomes".to_owned(),
            title: Label { pt: "Ploomes CRM".to_owned(), en: None },
            streams: 9,
            freshness: Freshness { age_minutes: age, promised_minutes: Some(15) },
            schedule: "every 7m".to_owned(),
            scheduled: false,
            next_at: None,
            rows_today: 3914,
            last_day: Vec::new(),
            last: None,
            running: None,
            refused: None,
        }
    }

    fn sync(state: SyncState, began: &str, message: Option<&str>) -> SyncCard {
        SyncCard {
            id: "1".to_owned(),
            source: "crm".to_owned(),
            trigger: Trigger::Schedule,
            started_at: began.to_owned(),
            finished_at: None,
            seconds: None,
            state,
            rows: 10,
            rejected: 1,
            message: message.map(str::to_owned),
        }
    }

    #[test]
    fn late_sources_are_named_and_what_systems_say_is_text() {
        let mut failed = source("crm", Some(40));
        failed.last = Some(sync(SyncState::Failed, "2026-11-28T02:00:00Z", Some("HTTP 500: <script>")));
        let html = page(&[failed, source("erp", Some(3))], &telling(), NOW).0;
        assert!(html.replace(locale::NBSP, " ").contains("1 fonte atrasada: crm."), "{html}");
        assert!(
            html.contains("falhou") && html.contains("&lt;script&gt;") && !html.contains("<script>"),
            "{html}"
        );
        assert!(html.contains("há\u{a0}40\u{a0}min · combinado 15\u{a0}min"), "{html}");
        let html = page(&[source("erp", Some(3))], &telling(), NOW).0;
        assert!(html.contains("Todas as fontes estão em dia."), "{html}");
    }

    #[test]
    fn strip_shows_the_worst_of_each_half_hour_the_newest_last() {
        let began = |minutes: i64| {
            chrono::DateTime::from_timestamp(NOW / 1000 - minutes * 60, 0)
                .unwrap()
                .format("%Y-%m-%dT%H:%M:%SZ")
                .to_string()
        };
        let day = [
            sync(SyncState::Failed, &began(65), None),
            sync(SyncState::Done, &began(61), None),
            sync(SyncState::Done, &began(5), None),
            sync(SyncState::Done, &began(25 * 60), None),
        ];
        let html = strip(&day, &telling(), NOW).0;
        assert_eq!(html.matches("h-bad").count(), 1);
        assert_eq!(html.matches("h-ok").count(), 1);
        assert_eq!(html.matches("h-off").count(), BARS - 2);
        assert!(html.rfind("h-ok") > html.rfind("h-bad"));
    }

    #[test]
    fn source_that_is_being_read_tells_how_far_and_can_be_stopped() {
        let mut reading = source("crm", Some(3));
        reading.running = Some(SyncProgress {
            source: "crm".to_owned(),
            started_at: "2026-11-28T02:00:00Z".to_owned(),
            seconds: 10,
            rows: 12_340,
            stream: Some("deals".to_owned()),
            cancelling: false,
        });
        let html = page(&[reading], &telling(), NOW).0;
        assert!(html.contains("lendo deals") && html.contains("12.340 linhas · 1.234 linhas/s"), "{html}");
        assert!(html.contains("/dados/fonte/crm/parar") && !html.contains("sincronizar"), "{html}");
    }
}
