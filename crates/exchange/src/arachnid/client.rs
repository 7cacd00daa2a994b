//! The two questions: about hashes, and about media.

use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;
use reqwest::RequestBuilder;

use crate::http::{Credentials, words};

use super::answer::{MOST_ANSWER, Match, ScannedMedia, read_hashes, read_media};

/// Why there is no answer. None of these says anything about what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// Not reached, or not in time.
    #[error("Shield could not be reached: {0}")]
    NotReached(String),
    /// Too many questions, or it is not up: again after a while.
    #[error("Shield asks to come back later (HTTP {status})")]
    Later {
        /// The status.
        status: u16,
        /// As long as it asks.
        after: Option<Duration>,
    },
    /// Our credentials are refused.
    #[error("Shield refuses the credentials (HTTP {status})")]
    Credentials {
        /// The status.
        status: u16,
    },
    /// Another status, or an answer that cannot be read.
    #[error("Shield's answer cannot be used: {0}")]
    Unreadable(String),
}

/// A way to Shield.
#[derive(Clone, Debug)]
pub struct Client {
    base: String,
    credentials: Credentials,
    http: reqwest::Client,
    time: Duration,
}

impl Client {
    /// A client of the service at `base`, which waits at most so long for an answer.
    pub fn new(base: &str, credentials: Credentials, http: reqwest::Client, time: Duration) -> Self {
        Self { base: base.trim_end_matches('/').to_owned(), credentials, http, time }
    }

    /// What Shield knows of these PDQ hashes, in their order. No picture leaves.
    pub async fn hashes(&self, hashes: &[[u8; 32]]) -> Result<Vec<Option<Match>>, Trouble> {
        let coded: Vec<String> =
            hashes.iter().map(|hash| base64::engine::general_purpose::STANDARD.encode(hash)).collect();
        // The slash at the end matters there.
        let request = self.post("/v1/pdq/").json(&serde_json::json!({"hashes": coded}));
        let bytes = self.call(request).await?;
        read_hashes(&bytes, &coded).map_err(|error| Trouble::Unreadable(error.to_string()))
    }

    /// What Shield knows of this media. The bytes leave.
    pub async fn media(&self, media_type: &str, bytes: Bytes) -> Result<ScannedMedia, Trouble> {
        let request = self.post("/v1/media/").header("content-type", media_type).body(bytes);
        read_media(&self.call(request).await?).map_err(|error| Trouble::Unreadable(error.to_string()))
    }

    fn post(&self, path: &str) -> RequestBuilder {
        let Credentials { username, password } = &self.credentials;
        let request = self.http.post(format!("{}{path}", self.base)).basic_auth(username, Some(password.as_str()));
        request.header("accept", "application/json").timeout(self.time)
    }

    async fn call(&self, request: RequestBuilder) -> Result<Vec<u8>, Trouble> {
        let unreached = |error: reqwest::Error| Trouble::NotReached(words(&error.without_url()));
        let mut response = request.send().await.map_err(unreached)?;
        let status = response.status().as_u16();
        match status {
            200..=299 => {}
            429 | 503 => return Err(Trouble::Later { status, after: later(response.headers()) }),
            401 | 403 => return Err(Trouble::Credentials { status }),
            _ => return Err(Trouble::Unreadable(format!("HTTP {status}"))),
        }
        let mut raw = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(unreached)? {
            if raw.len() + piece.len() > MOST_ANSWER {
                return Err(Trouble::Unreadable("it is too long".to_owned()));
            }
            raw.extend_from_slice(&piece);
        }
        Ok(raw)
    }
}

/// How long to wait: `retry-after` in seconds, else the `t` of `ratelimit: r=…;t=…`.
fn later(headers: &reqwest::header::HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let seconds = text("retry-after").and_then(|text| text.trim().parse().ok()).or_else(|| {
        let parts = text("ratelimit")?.split([';', ',']);
        parts.filter_map(|part| part.trim().strip_prefix("t=")).find_map(|value| value.trim().parse().ok())
    });
    // Nobody is kept away for longer than an hour by one line.
    seconds.map(|seconds: u64| Duration::from_secs(seconds.min(3_600)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_to_wait_is_read_from_either_line() {
        let of = |name: &'static str, value: &'static str| {
            let mut headers = reqwest::header::HeaderMap::new();
            headers.insert(name, reqwest::header::HeaderValue::from_static(value));
            later(&headers).map(|wait| wait.as_secs())
        };
        assert_eq!(of("retry-after", "7"), Some(7));
        assert_eq!(of("ratelimit", "r=0;t=12"), Some(12));
        assert_eq!(of("ratelimit", "limit=9, r=0; t=3"), Some(3));
        assert_eq!(of("ratelimit", "r=0;t=999999999"), Some(3_600));
        for odd in ["", "t=", "t=-1", "soon"] {
            assert_eq!(of("ratelimit", odd), None, "{odd}");
        }
    }
}
