//! Whether the process lives, whether it can answer, and what it has counted.

use crate::house::House;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

/// `GET /healthz`: the process answers.
pub async fn live() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: an edition can be read.
pub async fn ready(State(house): State<Arc<House>>) -> Response {
    match house.reader.current().await {
        Ok(edition) => format!("edition {}\n", edition.number).into_response(),
        Err(failure) => (StatusCode::SERVICE_UNAVAILABLE, format!("{failure}\n")).into_response(),
    }
}

static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Starts counting; later calls change nothing.
pub fn start_counting() {
    RECORDER.get_or_init(|| {
        PrometheusBuilder::new()
            .set_buckets_for_metric(
                Matcher::Full("mirante_http_request_seconds".to_owned()),
                &[0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0],
            )
            .ok()?
            .install_recorder()
            .map_err(|error| tracing::warn!(%error, "metrics are not recorded"))
            .ok()
    });
}

/// `GET /metrics`: counters in Prometheus' text format.
pub async fn counters() -> Response {
    match RECORDER.get().and_then(Option::as_ref) {
        Some(recorder) => {
            ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], recorder.render())
                .into_response()
        }
        None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// Counts a request by its kind of path and its status, and times it.
pub async fn count(request: Request, next: Next) -> Response {
    let kind = match request.uri().path().split('/').nth(1).unwrap_or_default() {
        "" => "board",
        known @ ("api" | "_fn" | "pkg" | "painel" | "indicador" | "indicadores" | "hooks") => known,
        _ => "other",
    }
    .to_owned();
    let started = Instant::now();
    let response = next.run(request).await;
    let status = response.status().as_u16().to_string();
    metrics::counter!("mirante_http_requests_total", "kind" => kind.clone(), "status" => status).increment(1);
    metrics::histogram!("mirante_http_request_seconds", "kind" => kind)
        .record(started.elapsed().as_secs_f64());
    response
}
