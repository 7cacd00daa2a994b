//! Numbers for Prometheus. Their names are an enum: a misspelt one does not compile.

use std::sync::OnceLock;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::matching::{Judgement, Verdict};
use crate::plan::App;

/// Everything that is counted. No label ever holds an account, a content id or a fingerprint.
#[derive(Clone, Copy, Debug)]
pub enum Metric {
    /// Answers by class of status.
    Requests,
    /// Uploads by verdict.
    Items,
    /// Matches of shadow banks.
    ShadowMatches,
    /// Entries in use.
    Entries,
    /// Bytes that the index of the lists takes.
    IndexBytes,
    /// Jobs by state.
    Jobs,
    /// Reports that are stuck and wait for a person.
    DeadReports,
}

impl Metric {
    /// The name outside.
    pub fn name(self) -> &'static str {
        match self {
            Self::Requests => "tanod_requests_total",
            Self::Items => "tanod_items_total",
            Self::ShadowMatches => "tanod_shadow_matches_total",
            Self::Entries => "tanod_entries",
            Self::IndexBytes => "tanod_index_bytes",
            Self::Jobs => "tanod_jobs",
            Self::DeadReports => "tanod_dead_reports",
        }
    }
}

fn recorder() -> Option<&'static PrometheusHandle> {
    static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    HANDLE.get_or_init(|| PrometheusBuilder::new().install_recorder().ok()).as_ref()
}

/// Counts an answer.
pub fn count_request(status: StatusCode) {
    if recorder().is_some() {
        let class = format!("{}xx", status.as_u16() / 100);
        metrics::counter!(Metric::Requests.name(), "class" => class).increment(1);
    }
}

/// Counts an upload.
pub fn count_item(judgement: &Judgement) {
    if recorder().is_some() {
        let verdict = match judgement.verdict {
            Verdict::Match => "match",
            Verdict::NoMatch => "no_match",
            Verdict::Unscanned => "unscanned",
        };
        metrics::counter!(Metric::Items.name(), "verdict" => verdict).increment(1);
        let shadow = u64::try_from(judgement.shadow.len()).unwrap_or(0);
        metrics::counter!(Metric::ShadowMatches.name()).increment(shadow);
    }
}

/// The numbers, as Prometheus reads them.
pub async fn render(State(app): State<App>) -> Response {
    let Some(handle) = recorder() else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    let (entries, bytes) = app.lists.with(|lists| (lists.len(), lists.memory_bytes()));
    metrics::gauge!(Metric::Entries.name()).set(f64::from(u32::try_from(entries).unwrap_or(u32::MAX)));
    let kilobytes = f64::from(u32::try_from(bytes / 1024).unwrap_or(u32::MAX));
    metrics::gauge!(Metric::IndexBytes.name()).set(kilobytes * 1024.0);
    if let Ok(mut tx) = app.db.read().await
        && let Ok(counts) = crate::queue::counts(&mut tx).await
    {
        for (state, n) in [("waiting", counts.waiting), ("leased", counts.leased), ("dead", counts.dead)] {
            let n = f64::from(i32::try_from(n).unwrap_or(i32::MAX));
            metrics::gauge!(Metric::Jobs.name(), "state" => state).set(n);
        }
    }
    if let Ok(mut tx) = app.db.read().await
        && let Ok(dead) = crate::reporting::dead(&mut tx).await
    {
        metrics::gauge!(Metric::DeadReports.name()).set(f64::from(i32::try_from(dead).unwrap_or(i32::MAX)));
    }
    handle.render().into_response()
}
