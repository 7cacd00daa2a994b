//! The one place that makes an HTTP client: time-outs, no redirects, no proxy that the operator did not configure.

use std::time::Duration;

use zeroize::Zeroizing;

/// Who we are to an outside body. Never printed.
#[derive(Clone)]
pub struct Credentials {
    /// As it issued it.
    pub username: String,
    /// As it issued it.
    pub password: Zeroizing<String>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials(…)")
    }
}

/// A client that goes only where it is told.
pub fn client() -> Result<reqwest::Client, reqwest::Error> {
    settings().build()
}

/// What every client has in common.
pub(crate) fn settings() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(concat!("tanod/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(10))
        // An answer is waited for; the body of an upload has its own, longer time.
        .timeout(Duration::from_mins(1))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
}

/// An error with its causes.
pub(crate) fn words(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
