//! The list of metrics: those with a target first, then the measures that they are made of.
//!
//! Invariant: every metric of the catalogue is here once.

use crate::calls::CallFailure;
use crate::components::frame::{self, Framed, Place};
use crate::components::icons::icon_html;
use crate::components::still::{Html, el};
use crate::components::tile::{Tile, still_body, tile};
use crate::components::{Env, states};
use crate::routes;
use crate::session::{Session, SessionResource};
use kpi::MetricDefinition;
use leptos::prelude::*;

#[component]
pub fn MetricsPage() -> impl IntoView {
    let env = Env::new();
    let session = expect_context::<SessionResource>();
    view! {
        <Transition fallback=move || states::loading_page(env.texts)>
            {move || Suspend::new(async move {
                match session.await {
                    Ok(session) => page(&session, env),
                    Err(CallFailure(failure)) => states::failed_page(&failure, routes::METRICS.to_owned(), env.texts),
                }
            })}
        </Transition>
    }
}

fn page(session: &Session, env: Env) -> AnyView {
    let texts = env.texts;
    let (kpis, others): (Vec<&MetricDefinition>, Vec<&MetricDefinition>) =
        session.catalogue.metrics.iter().partition(|metric| metric.is_kpi);
    let group = |id: &str, title: &'static str, metrics: Vec<&MetricDefinition>| {
        (!metrics.is_empty()).then(|| {
            let items: Vec<Html> = metrics.into_iter().map(|metric| item(metric, env)).collect();
            let body = still_body("catalog", el("ul", &[], items));
            tile(
                Tile {
                    id: id.to_owned(),
                    title: title.to_owned(),
                    subtitle: String::new(),
                    span: 12,
                    actions: None,
                    body,
                    origin: None,
                    table: None,
                },
                env,
            )
        })
    };
    let content = view! { <div class="grid first">{group("kpis", texts.kpis, kpis)}{group("medidas", texts.building_blocks, others)}</div> };
    let here = env.state.get_untracked().href(routes::METRICS);
    let framed = Framed {
        place: Place::Metrics,
        title: texts.metrics.to_owned(),
        here,
        filters: None,
        content: content.into_any(),
    };
    frame::frame(session, framed, env)
}

fn item(metric: &MetricDefinition, env: Env) -> Html {
    let texts = env.texts;
    let href = routes::metric_with(&metric.name, &env.state.get_untracked());
    let name = el("b", &[], texts.label(&metric.label));
    let pack = el("span", &[("class", "tag")], metric.pack.as_str());
    let words = el("span", &[], (name, pack, el("small", &[], texts.label(&metric.description))));
    el("li", &[], el("a", &[("href", &href)], (icon_html("kpi"), words)))
}
