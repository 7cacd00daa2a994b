//! Every address, one line a domain.

use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::problem::{INTERNAL, Problem};
use super::{BAD_QUERY, BODY_TOO_LARGE, NO_SUCH_PAGE, TOO_SLOW, WRONG_METHOD};
use crate::accounts::sessions::api as sessions;
use crate::accounts::sessions::{passkeys, providers};
use crate::plan::App;
use crate::refusal::{self, Error, Kind};
use crate::store::{RequestId, new_uuid};
use crate::{
    accounts, actions, alarms, audit, banks, care, clocks, context, evidence, figures, intake, legal, livestream,
    matching, notices, now, pages, provider, queue, reporting, review, sources, webhooks,
};

#[derive(OpenApi)]
#[openapi(info(
    title = "Tanod",
    description = "Recognises known child sexual abuse material, puts cases before a person, files the report, keeps the evidence, and proves what it did.",
    license(name = "Apache-2.0", identifier = "Apache-2.0")
))]
struct Document;

fn api(max_bytes: usize) -> OpenApiRouter<App> {
    // The description of an upload and the frames of the form come on top of its media.
    let item_limit = DefaultBodyLimit::max(max_bytes.saturating_add(256 * 1024));
    OpenApiRouter::with_openapi(Document::openapi())
        .merge(OpenApiRouter::new().routes(routes!(intake::api::submit)).layer(item_limit))
        .routes(routes!(intake::api::show))
        .routes(routes!(matching::api::ask))
        .routes(routes!(banks::api::list, banks::api::create))
        .routes(routes!(banks::api::show, banks::api::change, banks::api::remove))
        .routes(routes!(banks::api::entries))
        .routes(routes!(banks::api::change_entry))
        .routes(routes!(banks::api::try_out))
        .merge(
            OpenApiRouter::new()
                .routes(routes!(banks::api::import))
                .routes(routes!(banks::api::preview))
                .layer(DefaultBodyLimit::max(512 << 20)),
        )
        .routes(routes!(banks::api::export))
        .merge(OpenApiRouter::new().routes(routes!(notices::api::tell)).layer(item_limit))
        .routes(routes!(notices::api::list))
        .routes(routes!(notices::removals::api::list))
        .routes(routes!(notices::removals::api::step))
        .routes(routes!(clocks::api::show))
        .routes(routes!(clocks::api::numbers))
        .routes(routes!(sources::api::list))
        .routes(routes!(sources::api::set))
        .routes(routes!(review::opinions::api::say, review::opinions::api::list))
        .routes(routes!(review::second_looks::api::list))
        .routes(routes!(review::second_looks::api::say))
        .routes(routes!(review::second_looks::api::settle))
        .routes(routes!(review::second_looks::api::coach))
        .routes(routes!(review::around::api::around))
        .routes(routes!(review::around::api::note))
        .routes(routes!(review::worklist::api::take_next))
        .routes(routes!(review::worklist::api::search))
        .routes(routes!(review::worklist::api::put_off))
        .routes(routes!(review::worklist::api::hand_over))
        .routes(routes!(review::api::list))
        .routes(routes!(review::api::show))
        .routes(routes!(review::api::lease, review::api::release))
        .routes(routes!(review::api::decide))
        .routes(routes!(review::api::approve))
        .routes(routes!(review::api::read_back))
        .routes(routes!(review::api::danger))
        .routes(routes!(review::api::call))
        .routes(routes!(review::api::prioritise))
        .routes(routes!(review::api::involve))
        .routes(routes!(review::api::set_role))
        .routes(routes!(review::api::correct))
        .routes(routes!(review::api::untold))
        .routes(routes!(review::api::tell))
        .routes(routes!(review::api::touches, review::api::quarantine))
        .routes(routes!(review::api::file))
        .routes(routes!(review::api::decide_file))
        .routes(routes!(review::api::approve_file))
        .routes(routes!(review::api::share_file))
        .routes(routes!(evidence::api::view))
        .routes(routes!(evidence::api::view_request))
        .routes(routes!(evidence::api::holds))
        .routes(routes!(evidence::api::keeping))
        .routes(routes!(evidence::api::simulation))
        .routes(routes!(evidence::api::place))
        .routes(routes!(evidence::api::extend))
        .routes(routes!(evidence::api::ask_release))
        .routes(routes!(evidence::api::releases))
        .routes(routes!(evidence::api::answer_release))
        .routes(routes!(evidence::api::order))
        .routes(routes!(evidence::standing::api::list, evidence::standing::api::decide))
        .routes(routes!(evidence::standing::api::approve))
        .routes(routes!(evidence::standing::api::end))
        .routes(routes!(reporting::api::list))
        .routes(routes!(reporting::api::show))
        .routes(routes!(reporting::api::revive))
        .routes(routes!(reporting::api::withdraw))
        .routes(routes!(reporting::api::filed))
        .routes(routes!(reporting::api::filings, reporting::api::file))
        .routes(routes!(reporting::api::packet))
        .routes(routes!(provider::api::show, provider::api::set))
        .routes(routes!(reporting::api::queue))
        .routes(routes!(reporting::api::calls))
        .routes(routes!(reporting::api::draft, reporting::api::change))
        .routes(routes!(reporting::api::draft_of, reporting::api::change_of))
        .routes(routes!(reporting::api::viewings))
        .routes(routes!(reporting::api::state_viewing))
        .routes(routes!(reporting::api::countersign))
        .routes(routes!(actions::api::list))
        .routes(routes!(actions::api::request))
        .routes(routes!(actions::api::approve_delay))
        .routes(routes!(actions::api::acknowledge))
        .merge(
            OpenApiRouter::new()
                .routes(routes!(context::api::take, context::api::show))
                .layer(DefaultBodyLimit::max(context::api::MOST_BYTES)),
        )
        .routes(routes!(alarms::api::list))
        .routes(routes!(alarms::api::acknowledge))
        .routes(routes!(webhooks::api::list))
        .routes(routes!(webhooks::api::ping))
        .routes(routes!(webhooks::api::deliveries))
        .routes(routes!(webhooks::api::replay))
        .routes(routes!(legal::api::list, legal::api::receive))
        .routes(routes!(legal::api::show))
        .routes(routes!(legal::api::verify))
        .routes(routes!(legal::api::settle))
        .routes(routes!(legal::api::packages))
        .routes(routes!(legal::api::ask))
        .routes(routes!(legal::api::approve))
        .routes(routes!(livestream::api::begin, livestream::api::list))
        .routes(routes!(livestream::api::show))
        .routes(routes!(livestream::api::end))
        .routes(routes!(livestream::api::end_named))
        .merge(
            OpenApiRouter::new()
                .routes(routes!(livestream::api::tell))
                .layer(DefaultBodyLimit::max(livestream::api::MOST_BYTES)),
        )
        .routes(routes!(livestream::api::set_mode))
        .routes(routes!(livestream::api::stop))
        .routes(routes!(livestream::api::resume))
        .routes(routes!(livestream::api::let_go_on))
        .routes(routes!(livestream::vocabulary::api::list))
        .routes(routes!(livestream::vocabulary::api::import, livestream::vocabulary::api::remove))
        .routes(routes!(audit::api::page))
        .routes(routes!(audit::api::checkpoint))
        .routes(routes!(audit::api::proof))
        .routes(routes!(now::api::needs))
        .routes(routes!(queue::api::standing))
        .routes(routes!(queue::api::retry))
        .routes(routes!(sessions::sign_in, sessions::own, sessions::sign_out))
        .routes(routes!(figures::api::figures))
        .routes(routes!(care::api::own, care::api::say))
        .routes(routes!(care::api::trained))
        .routes(routes!(sessions::accept))
        .routes(routes!(sessions::presence))
        .routes(routes!(sessions::question))
        .routes(routes!(sessions::presence_question))
        .routes(routes!(passkeys::api::question))
        .routes(routes!(passkeys::api::add, passkeys::api::own))
        .routes(routes!(passkeys::api::remove))
        .routes(routes!(sessions::end))
        .routes(routes!(sessions::change_password))
        .routes(routes!(sessions::begin, sessions::remove_own))
        .routes(routes!(sessions::confirm))
        .routes(routes!(sessions::renew_codes))
        .routes(routes!(sessions::reset))
        .routes(routes!(sessions::set_places))
        .routes(routes!(accounts::api::invite, accounts::api::members))
        .routes(routes!(accounts::api::remove_person))
        .routes(routes!(accounts::api::roster))
        .routes(routes!(accounts::api::set_looks))
        .routes(routes!(accounts::api::add_key, accounts::api::keys))
        .routes(routes!(accounts::api::remove_key))
}

/// The API's document (OpenAPI 3.1).
pub fn document() -> utoipa::openapi::OpenApi {
    api(0).split_for_parts().1
}

/// Every refusal there is, for the table of slugs.
pub fn refusals() -> Vec<&'static Kind> {
    [
        super::REFUSALS,
        refusal::REFUSALS,
        super::problem::REFUSALS,
        super::console::REFUSALS,
        accounts::REFUSALS,
        accounts::sessions::REFUSALS,
        care::REFUSALS,
        accounts::sessions::factors::REFUSALS,
        passkeys::REFUSALS,
        providers::REFUSALS,
        audit::REFUSALS,
        banks::REFUSALS,
        intake::REFUSALS,
        matching::api::REFUSALS,
        review::REFUSALS,
        review::worklist::REFUSALS,
        review::second_looks::REFUSALS,
        evidence::REFUSALS,
        reporting::REFUSALS,
        provider::REFUSALS,
        sources::REFUSALS,
        actions::REFUSALS,
        context::REFUSALS,
        alarms::REFUSALS,
        webhooks::REFUSALS,
        notices::REFUSALS,
        legal::REFUSALS,
        queue::REFUSALS,
        livestream::REFUSALS,
    ]
    .concat()
}

/// Everything that is served: the API, the console, and what machines ask.
pub fn router(app: &App, with_api: bool, with_console: bool) -> Router {
    let (api, document) = api(app.settings.intake.max_bytes.max(app.settings.intake.max_film_bytes)).split_for_parts();
    let document = document.to_pretty_json().unwrap_or_default();
    let json = [(header::CONTENT_TYPE, "application/json")];
    let mut router = Router::new()
        .route("/healthz", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .route("/heartbeat", get(heartbeat))
        .route("/metrics", get(super::metrics::render))
        .route("/openapi.json", get(move || async move { (json, document) }));
    if with_api {
        router = router.merge(api);
    }
    if with_console {
        router = router.merge(pages::router(app));
    }
    router
        .fallback(|| async { Problem(Error::from(&NO_SUCH_PAGE)) })
        .method_not_allowed_fallback(|| async { Problem(Error::from(&WRONG_METHOD)) })
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| {
            Problem(Error::from(&INTERNAL)).into_response()
        }))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, Duration::from_mins(2)))
        .layer(middleware::from_fn_with_state(app.clone(), outermost))
        .with_state(app.clone())
}

/// What a library below us refused (a body beyond its limit, a path that is no text, a request that took too long) is said
/// at the API as everything else is.
fn in_our_words(path: &str, response: Response) -> Response {
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let plain = kind.is_empty() || kind.starts_with("text/plain");
    if !path.starts_with("/v1/") || !status.is_client_error() || !plain {
        return response;
    }
    let kind = match status {
        StatusCode::PAYLOAD_TOO_LARGE => &BODY_TOO_LARGE,
        StatusCode::REQUEST_TIMEOUT => &TOO_SLOW,
        _ => &BAD_QUERY,
    };
    Problem(Error::from(kind)).into_response()
}

/// Gives each request its id, and each answer the headers that no page should be without.
async fn outermost(State(app): State<App>, request: Request, next: Next) -> Response {
    let id = RequestId(new_uuid(app.db.clock().now(), app.db.random())).to_string();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let mut response = in_our_words(&path, next.run(request).await);
    let status = response.status();
    if status.is_server_error() && status != StatusCode::SERVICE_UNAVAILABLE {
        tracing::error!(request = %id, %method, path, %status, "answered with a fault of ours");
    } else {
        tracing::debug!(request = %id, %method, path, %status, "answered");
    }
    super::metrics::count_request(status);
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        (
            "content-security-policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

/// Whether this process can judge: its lists are loaded and fresh, the canary is found, the decoder answers, the database
/// answers.
async fn ready(State(app): State<App>) -> Response {
    let why = match readiness(&app).await {
        Ok(()) => return (StatusCode::OK, "ready\n").into_response(),
        Err(why) => why,
    };
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], format!("not ready: {why}\n")).into_response()
}

/// Whether everything behind the requests gives signs of life, in this process or another one: for an outside watcher.
async fn heartbeat(State(app): State<App>) -> Response {
    let silent = async { alarms::silent(&mut app.db.read().await?).await };
    let why = match silent.await {
        Ok(parts) if parts.is_empty() => return (StatusCode::OK, "all parts give signs of life\n").into_response(),
        Ok(parts) => parts.iter().map(crate::store::as_word).collect::<Vec<_>>().join(", "),
        Err(_) => "database".to_owned(),
    };
    (StatusCode::SERVICE_UNAVAILABLE, format!("silent: {why}\n")).into_response()
}

/// What keeps this process from judging, in words.
pub async fn readiness(app: &App) -> Result<(), String> {
    let now = app.db.clock().now();
    app.lists.with(|lists| lists.ready(now)).map_err(str::to_owned)?;
    app.db.read().await.map_err(|_| "the database does not answer".to_owned())?;
    app.pool.works().await.map_err(|error| format!("the decoder does not answer: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_a_library_refuses_is_said_in_our_words_at_the_api_alone() {
        for (status, slug) in [(408, "too-slow"), (413, "body-too-large"), (400, "bad-query")] {
            let status = StatusCode::from_u16(status).unwrap_or_default();
            let said = in_our_words("/v1/items", status.into_response());
            assert_eq!(said.status(), status);
            assert_eq!(said.headers()[header::CONTENT_TYPE], "application/problem+json");
            let body = axum::body::to_bytes(said.into_body(), 9_999).await.unwrap_or_default();
            assert!(String::from_utf8_lossy(&body).contains(&format!("\"slug\":\"{slug}\"")));
            let page = in_our_words("/console/queue", (status, "plain").into_response());
            assert!(page.headers()[header::CONTENT_TYPE].to_str().is_ok_and(|kind| kind.starts_with("text/plain")));
        }
        let ours = in_our_words("/v1/items", Problem(Error::from(&NO_SUCH_PAGE)).into_response());
        assert_eq!(ours.status(), StatusCode::NOT_FOUND);
    }
}
