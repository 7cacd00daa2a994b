//! A time-stamping authority (RFC 3161 section 3.4): one request over HTTP, one answer of bounded length. What it says is read elsewhere.

use crate::http::words;

/// The longest answer that is taken.
const LONGEST: usize = 64 * 1024;

/// An authority that did not answer as it should.
#[derive(Debug, thiserror::Error)]
pub enum TsaError {
    /// It could not be reached.
    #[error("the time-stamping authority is not reached: {0}")]
    Unreachable(String),
    /// It answered with another status than success.
    #[error("the time-stamping authority answers with status {0}")]
    Status(u16),
    /// It sends more than a time stamp.
    #[error("the time-stamping authority sends more than {LONGEST} bytes")]
    TooLong,
}

/// Asks for a time stamp.
pub async fn ask(http: &reqwest::Client, address: &str, request: Vec<u8>) -> Result<Vec<u8>, TsaError> {
    let unreachable = |error: reqwest::Error| TsaError::Unreachable(words(&error));
    let asked = http.post(address).header("content-type", "application/timestamp-query").body(request);
    let mut answer = asked.send().await.map_err(unreachable)?;
    if !answer.status().is_success() {
        return Err(TsaError::Status(answer.status().as_u16()));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
        if bytes.len() + chunk.len() > LONGEST {
            return Err(TsaError::TooLong);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
