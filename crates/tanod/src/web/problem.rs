//! Refusals as RFC 9457 problem JSON.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::refusal::{Error, Kind, RowFault};
use crate::store::StoreError;

/// A refusal on its way out.
#[derive(Debug)]
pub struct Problem(pub Error);

impl<E: Into<Error>> From<E> for Problem {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// What a refusal looks like outside (RFC 9457).
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProblemBody {
    /// `urn:tanod:problem:` and the slug.
    #[serde(rename = "type")]
    pub kind: String,
    /// Stable name.
    pub slug: String,
    /// What is wrong.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// What was wrong this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What to do about it.
    pub remedy: String,
    /// For imports: the faulty rows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<RowFault>,
}

/// Something failed that nobody outside can mend.
pub static INTERNAL: Kind = Kind::new(
    500,
    "internal",
    "Something failed on our side.",
    "Try again. If it stays, tell the operator what you did and when.",
)
.program("Give them the X-Request-Id of this answer.");

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (kind, detail, rows, retry) = match self.0 {
            Error::Refused(refusal) => (refusal.kind, refusal.detail, refusal.rows, refusal.retry_after),
            Error::Internal(doing, cause) => {
                let busy = cause.as_ref().and_then(|cause| cause.downcast_ref::<StoreError>());
                // Two requests with one key at the same moment: one did it, the other may ask again for its answer.
                if busy.is_some_and(StoreError::is_conflict) {
                    (&CONFLICT, None, Vec::new(), Some(1))
                } else {
                    tracing::error!(doing, cause = cause.as_deref().map(chain), "a request failed");
                    (&INTERNAL, None, Vec::new(), None)
                }
            }
        };
        let status = StatusCode::from_u16(kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = ProblemBody {
            kind: format!("urn:tanod:problem:{}", kind.slug),
            slug: kind.slug.to_owned(),
            title: kind.title.to_owned(),
            status: kind.status,
            detail,
            remedy: kind.whole_remedy(),
            rows,
        };
        let text = serde_json::to_vec(&body).unwrap_or_default();
        let mut response =
            (status, [(header::CONTENT_TYPE, "application/problem+json"), (header::CACHE_CONTROL, "no-store")], text)
                .into_response();
        if let Some(value) = retry.and_then(|seconds| HeaderValue::from_str(&seconds.to_string()).ok()) {
            response.headers_mut().insert(header::RETRY_AFTER, value);
        }
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// Two writers met at the same row.
pub static CONFLICT: Kind = Kind::new(
    409,
    "conflict",
    "Another request changed the same thing at the same moment.",
    "Open the page again, see what changed, and do it once more if it is still wanted.",
)
.program("Use the same Idempotency-Key.");

/// All refusals of this file.
pub const REFUSALS: &[&Kind] = &[&INTERNAL, &CONFLICT];

/// An error with its causes, on one line.
fn chain(error: &(dyn std::error::Error + Send + Sync + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text += ": ";
        text += &cause.to_string();
        next = cause.source();
    }
    text
}
