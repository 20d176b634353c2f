//! Pages rendered as the server renders them, with an invented company behind the contract.
//!
//! What a browser does with them is tested in `end2end`. Invariant: a page reads whole without scripts.

mod company;

use app::preferences::Preferences;
use company::Company;
use contract::Principal;
use futures::stream::{Stream, StreamExt, once};
use leptos::config::LeptosOptions;
use leptos::prelude::*;
use leptos_integration_utils::{ExtendResponse, PinnedStream};
use leptos_meta::ServerMetaContext;
use leptos_router::location::RequestUrl;
use std::sync::Arc;

struct Page(PinnedStream<String>);

impl ExtendResponse for Page {
    type ResponseOptions = ();

    fn from_stream(stream: impl Stream<Item = String> + Send + 'static) -> Page {
        Page(Box::pin(stream))
    }

    fn extend_response(&mut self, (): &()) {}

    fn set_default_content_type(&mut self, _: &str) {}
}

/// The HTML of a page; nobody is signed in without a principal.
async fn render(
    path: &str,
    company: Company,
    principal: Option<Principal>,
    preferences: Preferences,
) -> String {
    let _ = any_spawner::Executor::init_tokio();
    let options = LeptosOptions::builder().output_name("mirante").site_pkg_dir("pkg/test").build();
    let (meta, output) = ServerMetaContext::new();
    let path = path.to_owned();
    let variant = format!("{}{}{}", company.broken.unwrap_or("ok"), company.held_back, company.unpublished)
        .replace("false", "");
    let variant = if principal.is_some() { variant } else { "nobody".to_owned() };
    let name =
        format!("{}-{}-{variant}", path.replace(|c: char| !c.is_alphanumeric(), "_"), preferences.lang.tag());
    let contexts = move || {
        provide_context(RequestUrl::new(&path));
        provide_context(meta);
        provide_context(preferences);
        if let Some(principal) = principal {
            provide_context(principal);
        }
        provide_context::<Arc<dyn contract::metrics::Metrics>>(Arc::new(company.clone()));
        provide_context::<Arc<dyn contract::boards::Boards>>(Arc::new(company.clone()));
        provide_context::<Arc<dyn contract::editions::Editions>>(Arc::new(company.clone()));
        provide_context::<Arc<dyn contract::runs::Runs>>(Arc::new(company));
    };
    let page = Page::from_app(
        move || app::shell(options),
        output,
        contexts,
        (),
        |app, chunks, _| {
            Box::pin(async move {
                let html = app.to_html_stream_in_order().collect::<String>().await;
                Box::pin(once(async move { html }).chain(chunks())) as PinnedStream<String>
            })
        },
        false,
    )
    .await;
    let html = page.0.collect::<String>().await;
    if let Ok(folder) = std::env::var("MIRANTE_PREVIEW") {
        std::fs::write(std::path::Path::new(&folder).join(format!("{name}.html")), &html).unwrap();
    }
    html
}

async fn page(path: &str) -> String {
    render(path, Company::default(), Some(company::principal()), Preferences::default()).await
}

/// The part of a page that a person reads: without the data for hydration.
fn body(html: &str) -> &str {
    let start = html.find("<body").unwrap();
    let end = html.find("<script>__").or_else(|| html.find("__RESOLVED_RESOURCES")).unwrap_or(html.len());
    &html[start..end]
}

fn text(html: &str) -> String {
    let mut out = String::new();
    let mut in_tag = false;
    for c in body(html).chars() {
        match c {
            '<' => in_tag = true,
            '>' => in_tag = false,
            c if !in_tag => out.push(c),
            _ => {}
        }
    }
    out.replace('\u{a0}', " ")
}

#[tokio::test]
async fn board_reads_whole_without_scripts() {
    let html = page("/").await;
    let text = text(&html);
    for expected in [
        "Visão geral",
        "Taxa de conversão",
        "CAC",
        "MRR",
        "SLA WhatsApp",
        "Lead time do pedido",
        "Margem bruta",
        "ROI de eventos",
        "Placar de junho",
        "O que mudou",
        "Funil de vendas",
        "Leads por canal",
        "indicadores",
    ] {
        assert!(text.contains(expected), "no `{expected}` in {text}");
    }
    assert_eq!(html.matches("class=\"spark\"").count(), 7);
    assert_eq!(html.matches("class=\"kpi\"").count(), 7);
    assert!(html.contains("<title>Visão geral · Serra Azul Distribuidora</title>"));
    assert!(html.contains("<html lang=\"pt-BR\""));
    assert!(!text.contains("Carregando"));
}

#[tokio::test]
async fn board_with_a_broken_metric_fails_in_its_places_only() {
    let company = Company { broken: Some("mrr"), ..Company::default() };
    let html = render("/", company, Some(company::principal()), Preferences::default()).await;
    let text = text(&html);
    assert_eq!(html.matches("class=\"kpi\"").count(), 6);
    assert!(text.contains("a consulta ficou sem memória"));
    assert!(text.contains("Margem bruta") && text.contains("Leads por canal"));
}

#[tokio::test]
async fn board_draws_areas_and_bars_and_sums_what_it_cannot_tell_apart() {
    let html = page("/painel/movimentos").await;
    let tile = |id: &str| {
        let start = html.find(&format!("id=\"{id}\"")).unwrap();
        &html[start..start + html[start..].find("</section>").unwrap()]
    };
    assert!(tile("area").contains("role=\"img\"") && tile("area").contains("Indicações"), "{}", tile("area"));
    let headers = |id: &str| {
        let table = &tile(id)[tile(id).find("<table").unwrap()..];
        table[..table.find("</thead>").unwrap()].matches("<th ").count()
    };
    // Six channels fit as they are; of more states five are told apart and the rest is one.
    assert_eq!(headers("area"), 6);
    assert!(tile("stacked").contains("Outros"), "{}", tile("stacked"));
    assert_eq!(headers("stacked"), 6);
    // The bars of one metric stand beside last year's.
    assert_eq!(headers("plain"), 2);
}

#[tokio::test]
async fn card_says_which_filters_it_does_not_follow() {
    let html = page("/?f.canal=Ads").await;
    let card = |metric: &str| {
        let start = html.find(&format!("class=\"kpi\" href=\"/indicador/{metric}?")).unwrap();
        &html[start..start + html[start..].find("</a>").unwrap()]
    };
    assert!(card("whatsapp_sla").contains("sem filtro de canal"), "{}", card("whatsapp_sla"));
    assert!(!card("cac").contains("sem filtro"), "{}", card("cac"));
}

#[tokio::test]
async fn board_url_is_the_whole_state() {
    let html = page("/?p=2026-04-01..2026-04-30&c=yoy&f.uf=PR,SC").await;
    let text = text(&html);
    assert!(text.contains("abr 2026"), "{text}");
    assert!(text.contains("PR, SC"));
    assert!(html.contains("href=\"/?p=2026-04-01..2026-04-30&amp;c=yoy\""), "the filter can be lifted");
    assert!(
        html.contains("/indicador/cac?p=2026-04-01..2026-04-30&amp;c=yoy&amp;f.uf=PR,SC"),
        "cards keep the state"
    );
}

#[tokio::test]
async fn metric_page_shows_value_drill_leaders_and_origin() {
    let html = page("/indicador/gross_margin_pct?d=regiao:Sul,uf:PR&s=delta.asc").await;
    let text = text(&html);
    for expected in [
        "Margem bruta",
        "Brasil",
        "Sul",
        "PR",
        "Evolução",
        "O que explica",
        "De onde veio este número?",
        "stg_invoices",
        "1 de 2",
        "Receita líquida",
        "Londrina",
        "Edição",
    ] {
        assert!(text.contains(expected), "no `{expected}` in {text}");
    }
    assert!(html.contains("aria-sort=\"ascending\""));
    assert!(html.contains("d=regiao:Sul,uf:PR,cidade:Londrina"), "the next level is one click away");
}

#[tokio::test]
async fn pages_speak_english_where_asked() {
    let preferences = Preferences::read(Some("mirante_lang=en; mirante_theme=dark"), None);
    let html = render("/", Company::default(), Some(company::principal()), preferences).await;
    assert!(html.contains("<html lang=\"en\" data-theme=\"dark\">"), "{}", &html[..300]);
    let text = text(&html);
    assert!(text.contains("What changed") || text.contains("Skip to content"));
    assert!(!text.contains("Período") && !text.contains("mesmos dias úteis"), "{text}");
}

#[tokio::test]
async fn nobody_signed_in_sees_no_figure() {
    let html = render("/", Company::default(), None, Preferences::default()).await;
    let text = text(&html);
    assert!(text.contains("Entrar") && !text.contains("Margem bruta"));
    assert!(!html.contains("Serra Azul"));
}

#[tokio::test]
async fn held_back_and_unpublished_are_told() {
    let company = Company { held_back: true, ..Company::default() };
    let html = render("/", company, Some(company::principal()), Preferences::default()).await;
    assert!(text(&html).contains("A última carga não foi publicada. 1 teste bloqueante falhou."));
    let company = Company { unpublished: true, ..Company::default() };
    let html = render("/", company, Some(company::principal()), Preferences::default()).await;
    assert!(text(&html).contains("Ainda não há dados publicados"));
}

#[tokio::test]
async fn unknown_places_are_not_found() {
    for path in ["/painel/nada", "/indicador/nada", "/nada"] {
        assert!(text(&page(path).await).contains("Página não encontrada"), "{path}");
    }
}

#[tokio::test]
async fn metrics_page_lists_every_metric_once() {
    let html = page("/indicadores").await;
    assert_eq!(html.matches("class=\"tag\"").count(), company::catalogue().metrics.len());
}

#[tokio::test]
async fn text_from_data_is_escaped() {
    let html = page("/?f.canal=%3Cscript%3Ealert(1)%3C/script%3E").await;
    assert!(!body(&html).contains("<script>alert"));
}
