//! A simulator of Project Arachnid Shield, written from the description of its interface alone: what it knows is told to it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// How it misbehaves, until told otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mood {
    /// Not at all.
    Well,
    /// Not up.
    Down,
    /// Too many questions.
    RateLimited,
    /// An answer that is no JSON, with status 200.
    Garbage,
    /// An error that is no JSON.
    Html500,
    /// JSON in which the hashes that were asked have no answer.
    Forgetful,
    /// So long until it answers.
    Slow(Duration),
}

/// What it says of something it knows.
#[derive(Clone, Debug)]
struct Known {
    classification: String,
    match_type: &'static str,
}

struct Inner {
    hashes: Vec<([u8; 32], String)>,
    media: HashMap<String, Known>,
    mood: Mood,
    calls: Vec<String>,
}

/// The simulator. Cheap to clone.
#[derive(Clone)]
pub struct Shield {
    authorization: Arc<str>,
    inner: Arc<Mutex<Inner>>,
}

/// A hash is near another within so many bits.
const NEAR: u32 = 31;

impl Shield {
    /// One with this account, that knows nothing yet.
    pub fn new(username: &str, password: &str) -> Self {
        let authorization = format!("Basic {}", STANDARD.encode(format!("{username}:{password}")));
        let inner = Inner { hashes: Vec::new(), media: HashMap::new(), mood: Mood::Well, calls: Vec::new() };
        Self { authorization: authorization.into(), inner: Arc::new(Mutex::new(inner)) }
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Learns a PDQ hash and what it is said to be.
    pub fn know_hash(&self, hash: [u8; 32], classification: &str) {
        self.inner().hashes.push((hash, classification.to_owned()));
    }

    /// Learns the SHA-256 of some media, in hexadecimal.
    pub fn know_media(&self, sha256: &str, classification: &str) {
        let known = Known { classification: classification.to_owned(), match_type: "exact" };
        self.inner().media.insert(sha256.to_owned(), known);
    }

    /// Learns the SHA-256 of some media that merely looks like something, in hexadecimal.
    pub fn know_media_alike(&self, sha256: &str, classification: &str) {
        let known = Known { classification: classification.to_owned(), match_type: "near" };
        self.inner().media.insert(sha256.to_owned(), known);
    }

    /// From now on.
    pub fn set_mood(&self, mood: Mood) {
        self.inner().mood = mood;
    }

    /// What was called, path by path.
    pub fn calls(&self) -> Vec<String> {
        self.inner().calls.clone()
    }

    /// Serves until `stop` ends.
    pub async fn serve(
        self,
        listener: tokio::net::TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<()> {
        let router = Router::new()
            .route("/v1/pdq/", post(hashes))
            .route("/v1/media/", post(media))
            .layer(middleware::from_fn_with_state(self.clone(), door))
            .layer(axum::extract::DefaultBodyLimit::max(64 << 20))
            .with_state(self);
        axum::serve(listener, router).with_graceful_shutdown(stop).await
    }
}

async fn door(State(shield): State<Shield>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let known = given == Some(&*shield.authorization);
    let mood = {
        let mut inner = shield.inner();
        inner.calls.push(path);
        inner.mood.clone()
    };
    if !known {
        return (StatusCode::UNAUTHORIZED, Json(json!({"detail": "Invalid username/password."}))).into_response();
    }
    match mood {
        Mood::Down => (StatusCode::SERVICE_UNAVAILABLE, "down").into_response(),
        Mood::RateLimited => {
            let line = [("ratelimit", "r=0;t=20")];
            (StatusCode::TOO_MANY_REQUESTS, line, Json(json!({"detail": "throttled"}))).into_response()
        }
        Mood::Garbage => (StatusCode::OK, "<html>sorry</html>").into_response(),
        Mood::Html500 => (StatusCode::INTERNAL_SERVER_ERROR, "<html>sorry</html>").into_response(),
        Mood::Forgetful => Json(json!({"scanned_hashes": {}})).into_response(),
        Mood::Slow(wait) => {
            tokio::time::sleep(wait).await;
            next.run(request).await
        }
        Mood::Well => next.run(request).await,
    }
}

fn bad(why: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({"detail": why}))).into_response()
}

async fn hashes(State(shield): State<Shield>, body: Bytes) -> Response {
    let Ok(asked) = serde_json::from_slice::<Value>(&body) else { return bad("not JSON") };
    let Some(asked) = asked.get("hashes").and_then(Value::as_array) else { return bad("hashes is missing") };
    let mut scanned = serde_json::Map::new();
    for text in asked {
        let bytes = text.as_str().and_then(|text| STANDARD.decode(text).ok());
        let (Some(text), Some(bytes)) = (text.as_str(), bytes.filter(|bytes| bytes.len() == 32)) else {
            return bad("a hash is base64 of 32 bytes");
        };
        let apart = |known: &[u8; 32]| known.iter().zip(&bytes).map(|(a, b)| (a ^ b).count_ones()).sum::<u32>();
        let inner = shield.inner();
        let found = inner.hashes.iter().filter(|(known, _)| apart(known) <= NEAR).min_by_key(|(known, _)| apart(known));
        let said = match found {
            // The very hash is called exact here, as the words of the answer allow; what a caller makes of it is theirs.
            Some((known, classification)) => json!({
                "classification": classification, "match_type": if apart(known) == 0 { "exact" } else { "near" },
                "near_match_details": {"timestamp": 0.0, "sha1_base32": "", "sha256_hex": "", "classification": classification},
            }),
            None => json!({"classification": "no-known-match", "match_type": null, "near_match_details": null}),
        };
        scanned.insert(text.to_owned(), said);
    }
    Json(json!({"scanned_hashes": scanned})).into_response()
}

async fn media(State(shield): State<Shield>, headers: HeaderMap, body: Bytes) -> Response {
    if !headers.contains_key(header::CONTENT_TYPE) {
        return bad("Content-Type is missing");
    }
    let digest = hex::encode(Sha256::digest(&body));
    let known = shield.inner().media.get(&digest).cloned();
    let (classification, match_type) = match &known {
        Some(known) => (known.classification.as_str(), Some(known.match_type)),
        None => ("no-known-match", None),
    };
    Json(json!({
        "sha1_base32": "", "sha256_hex": digest, "size_bytes": body.len(), "classification": classification,
        "match_type": match_type, "near_match_details": [],
    }))
    .into_response()
}
