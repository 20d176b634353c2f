//! The filter bar: period, comparison and one drop-down per dimension; on a phone the dimensions are a sheet.
//!
//! Invariant: every choice is a link or a form that works without scripts; with scripts a choice applies at once.

use super::icons::icon;
use super::still::{Html, all, el};
use super::{Env, document};
use crate::page_state::{Comparison, PageState, escaped};
use crate::questions::Asking;
use crate::session::Session;
use crate::view_models::periods;
use kpi::{Compare, PeriodSpec};
use leptos::prelude::*;

/// Members listed at once; more are found by typing.
const LISTED: usize = 60;

pub struct FilterBar<'a> {
    pub session: &'a Session,
    pub asking: &'a Asking<'a>,
    /// The page's own period.
    pub own: PeriodSpec,
    pub path: &'a str,
    /// Dimensions with their members, most frequent first.
    pub dimensions: Vec<(String, Vec<String>)>,
}

pub fn filter_bar(bar: &FilterBar<'_>, env: Env) -> AnyView {
    let texts = env.texts;
    let state = bar.asking.state;
    let chosen = state.filters.len();
    let count = (chosen > 0).then(|| format!(" ({chosen})"));
    let clear = state.without_filters().href(bar.path);
    let lists: Vec<AnyView> = bar
        .dimensions
        .iter()
        .map(|(dimension, members)| dimension_drop(bar, dimension, members, env))
        .collect();
    let has_lists = !lists.is_empty();
    view! {
        <div class="filters" role="group" aria-label=texts.period_and_filters>
            {period_shift(bar, env)}
            {comparison_drop(bar, env)}
            {has_lists.then(|| view! {
                <button class="chip more-filters" type="button" popovertarget="filtros">{icon("filter")}<span>{texts.filters}{count}</span></button>
                <div class="sheet opts" id="filtros" popover="auto" aria-label=texts.filters>
                    <header>
                        <h2>{texts.filters}</h2>
                        <button class="btn icon quiet" type="button" popovertarget="filtros" popovertargetaction="hide" aria-label=texts.close>{icon("x")}</button>
                    </header>
                    <div class="sheet-body">{lists}</div>
                    <footer>
                        <a class="btn" href=clear.clone() data-noscroll>{texts.clear_filters}</a>
                        <button class="btn primary" type="button" popovertarget="filtros" popovertargetaction="hide">{texts.see_board}</button>
                    </footer>
                </div>
            })}
            {(chosen > 1).then(|| view! { <a class="btn quiet only-wide" href=clear data-noscroll>{texts.clear_filters}</a> })}
        </div>
    }
    .into_any()
}

fn period_shift(bar: &FilterBar<'_>, env: Env) -> impl IntoView + use<> {
    let texts = env.texts;
    let Asking { state, period, days, .. } = *bar.asking;
    let covered = bar.session.status.edition.as_of;
    let link = |spec: PeriodSpec| state.with_period(spec, bar.own).href(bar.path);
    let earlier = link(periods::earlier(days, period));
    let later = periods::later(days, period, covered).map(link);
    let choices: Vec<Html> = periods::choices(covered, texts)
        .into_iter()
        .map(|(spec, name)| {
            let current = spec == period;
            option(&link(spec), name, current)
        })
        .collect();
    let later = match later {
        Some(href) => {
            view! { <a class="step" href=href data-noscroll aria-label=texts.next_period>{icon("right")}</a> }
                .into_any()
        }
        None => view! { <span class="step off" aria-hidden="true">{icon("right")}</span> }.into_any(),
    };
    view! {
        <span class="shift">
            <a class="step" href=earlier data-noscroll aria-label=texts.previous_period>{icon("left")}</a>
            <details class="drop" name="escolha">
                <summary class="chip">{icon("calendar")}<span class="what">{texts.period}</span> <b>{periods::in_words(days, texts)}</b>{icon("down")}</summary>
                <div class="panel" on:click=move |event| close_after_link(&event)>
                    <ul class="options" inner_html=all(choices).0></ul>
                    {custom_period(bar, env)}
                </div>
            </details>
            {later}
        </span>
    }
}

fn custom_period(bar: &FilterBar<'_>, env: Env) -> impl IntoView + use<> {
    let texts = env.texts;
    let Asking { state, days, .. } = *bar.asking;
    let rest = PageState { period: None, ..state.clone() };
    let path = bar.path.to_owned();
    let (from, to) = (NodeRef::<leptos::html::Input>::new(), NodeRef::<leptos::html::Input>::new());
    let submit = {
        let path = path.clone();
        move |event: leptos::ev::SubmitEvent| {
            let day = |input: NodeRef<leptos::html::Input>| {
                input.get().and_then(|input| input.value().parse().ok())
            };
            if let (Some(from), Some(to)) = (day(from), day(to)) {
                event.prevent_default();
                document::close_details(&event);
                let period = Some(PeriodSpec::Between { from, to });
                env.go.run(PageState { period, ..env.state.get_untracked() }.href(&path));
            }
        }
    };
    view! {
        <form method="get" action=path class="days" on:submit=submit>
            {hidden(&rest)}
            <label class="field"><span>{texts.from_day}</span><input class="input" type="date" name="p.from" required value=days.from().to_string() node_ref=from/></label>
            <label class="field"><span>{texts.to_day}</span><input class="input" type="date" name="p.to" required value=days.to().to_string() node_ref=to/></label>
            <button class="btn">{texts.show}</button>
        </form>
    }
}

fn comparison_drop(bar: &FilterBar<'_>, env: Env) -> impl IntoView + use<> {
    let texts = env.texts;
    let Asking { state, period, .. } = *bar.asking;
    let now = state.comparison();
    let window = kpi::comparison::window(
        period,
        now.with,
        now.match_weekday,
        bar.session.status.edition.as_of,
        &bar.session.calendar(),
    );
    let covered = bar.session.status.edition.as_of;
    let running = now.with == Compare::PreviousPeriod
        && !now.match_weekday
        && period.whole(covered).is_ok_and(|whole| whole.to() > covered);
    let shown = periods::comparison_chip(window.ok().flatten(), texts);
    let shown = if running { format!("{shown}, {}", texts.same_business_days) } else { shown };
    let link = |comparison: Comparison| state.with_comparison(comparison).href(bar.path);
    let choices = [
        (Compare::PreviousPeriod, texts.compare_previous),
        (Compare::SamePeriodLastYear, texts.compare_last_year),
        (Compare::None, texts.compare_none),
    ];
    let choices: Vec<Html> = choices
        .into_iter()
        .map(|(with, name)| {
            let current = with == now.with;
            let match_weekday = now.match_weekday && with != Compare::None;
            option(&link(Comparison { with, match_weekday }), name, current)
        })
        .collect();
    let weekday = (now.with != Compare::None).then(|| {
        let href = link(Comparison { match_weekday: !now.match_weekday, ..now });
        let sign = if now.match_weekday { "☑ " } else { "☐ " };
        view! { <p class="extra"><a href=href data-noscroll><span aria-hidden="true">{sign}</span>{texts.match_weekday}</a></p> }
    });
    view! {
        <details class="drop" name="escolha">
            <summary class="chip">{icon("compare")}<span class="what">{texts.versus}</span> <b>{shown}</b>{icon("down")}</summary>
            <div class="panel" on:click=move |event| close_after_link(&event)>
                <ul class="options" inner_html=all(choices).0></ul>
                {weekday}
            </div>
        </details>
    }
}

fn dimension_drop(bar: &FilterBar<'_>, dimension: &str, members: &[String], env: Env) -> AnyView {
    let texts = env.texts;
    let state = bar.asking.state;
    let name = bar.session.dimension_name(dimension, texts);
    let filter = state.filter(dimension);
    let chosen: Vec<String> = filter.map(|filter| filter.values.clone()).unwrap_or_default();
    let summary = (!chosen.is_empty()).then(|| {
        let except = if filter.is_some_and(|filter| filter.except) {
            format!("{} ", texts.except)
        } else {
            String::new()
        };
        let shown = match chosen.as_slice() {
            [a] => texts.member(a).to_owned(),
            [a, b] => format!("{}, {}", texts.member(a), texts.member(b)),
            [a, rest @ ..] => format!("{} +{}", texts.member(a), rest.len()),
            [] => String::new(),
        };
        format!("{except}{shown}")
    });
    let lift = (!chosen.is_empty()).then(|| {
        let href = state.with_filter(dimension, Vec::new()).href(bar.path);
        let label = format!("{} {name}", texts.remove_filter);
        view! { <a class="chip-x" href=href data-noscroll aria-label=label>{icon("x")}</a> }
    });
    let class = if chosen.is_empty() { "chip opt" } else { "chip opt on" };
    let form = member_form(bar, dimension, members, chosen, env);
    let label = match summary {
        Some(summary) => view! { <span class="what">{name}</span> <b>{summary}</b> }.into_any(),
        None => view! { <span class="what">{name}</span> }.into_any(),
    };
    view! {
        <span class=class>
            <details class="drop" name="escolha"><summary>{label}{icon("down")}</summary><div class="panel">{form}</div></details>
            {lift}
        </span>
    }
    .into_any()
}

/// Checkboxes: a form without scripts, applied at every change with them.
fn member_form(
    bar: &FilterBar<'_>,
    dimension: &str,
    members: &[String],
    chosen: Vec<String>,
    env: Env,
) -> AnyView {
    let texts = env.texts;
    // Chosen members stay in the list even when they have no data any more.
    let mut all: Vec<String> = chosen.iter().filter(|member| !members.contains(member)).cloned().collect();
    all.extend(members.iter().cloned());
    if all.is_empty() {
        return view! { <p class="mute">{texts.nothing_listed}</p> }.into_any();
    }
    let long = all.len() > 12;
    let field = format!("f.{dimension}");
    let rest = bar.asking.state.with_filter(dimension, Vec::new());
    let (typed, set_typed) = signal(String::new());
    let change = {
        let (dimension, path, all) = (dimension.to_owned(), bar.path.to_owned(), all.clone());
        move |event: leptos::ev::Event| {
            let Some((value, checked)) = document::checkbox(&event) else { return };
            let Some(member) = all.iter().find(|member| escaped(member) == value) else { return };
            let now = env.state.get_untracked();
            let is_chosen =
                now.filter(&dimension).is_some_and(|filter| !filter.except && filter.values.contains(member));
            if is_chosen != checked {
                env.go.run(now.toggled(&dimension, member).href(&path));
            }
        }
    };
    let search = long.then(|| {
        let input = move |event| set_typed.set(event_target_value(&event).to_lowercase());
        view! { <input class="input find" type="search" placeholder=texts.search aria-label=texts.search on:input=input/> }
    });
    let listed = {
        let all = all.clone();
        move || {
            let typed = typed.get();
            let fits =
                |member: &&String| typed.is_empty() || texts.member(member).to_lowercase().contains(&typed);
            let items = all.iter().filter(fits).take(LISTED.max(chosen.len()));
            items.map(|member| member_box(&field, member, chosen.contains(member), env)).collect_view()
        }
    };
    // Without scripts nothing applies by itself, and a name beyond the list is typed in full.
    let plain = dimension.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let more = if plain && all.len() > LISTED {
        format!("<input class=\"input\" name=\"f.{dimension}\" placeholder=\"{}\">", texts.search)
    } else {
        String::new()
    };
    let apply = format!("{more}<button class=\"btn primary\">{}</button>", texts.show);
    view! {
        <form method="get" action=bar.path.to_owned() on:change=change>
            {hidden(&rest)}
            {search}
            <ul class="members">{listed}</ul>
            <noscript inner_html=apply></noscript>
        </form>
    }
    .into_any()
}

fn member_box(field: &str, member: &str, checked: bool, env: Env) -> impl IntoView + use<> {
    let shown = env.texts.member(member).to_owned();
    let (field, value) = (field.to_owned(), escaped(member));
    view! {
        <li>
            <label class="check"><input type="checkbox" name=field value=value checked=checked prop:checked=checked/>{shown}</label>
        </li>
    }
}

/// The rest of the state, for a form that sets one part of it.
fn hidden(state: &PageState) -> impl IntoView + use<> {
    let field = |(name, value): (String, String)| {
        el("input", &[("type", "hidden"), ("name", &name), ("value", &value)], ())
    };
    let fields: Vec<Html> = state.pairs().into_iter().map(field).collect();
    view! { <span hidden inner_html=all(fields).0></span> }
}

fn option(href: &str, name: &str, current: bool) -> Html {
    let current = if current { "true" } else { "" };
    el("li", &[], el("a", &[("href", href), ("data-noscroll", "true"), ("aria-current", current)], name))
}

/// A chosen link closes its panel; other clicks in it do not.
fn close_after_link(event: &leptos::ev::MouseEvent) {
    use wasm_bindgen::JsCast;
    let element = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    if element.is_some_and(|element| element.closest("a").ok().flatten().is_some()) {
        document::close_details(event);
    }
}
