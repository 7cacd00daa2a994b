//! The one place that makes an HTTP client: time-outs, no redirects, no proxy that the operator did not configure.

use std::time::Duration;

/// A client that goes only where it is told.
pub fn client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .user_agent(concat!("tanod/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(10))
        // An answer is waited for; the body of an upload has its own, longer time.
        .timeout(Duration::from_mins(1))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
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
