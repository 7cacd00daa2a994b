//! WHEP (draft-ietf-wish-whep), the viewer's side: an offer is posted, an answer comes back, and with it an address at which the session
//! is ended.

use std::net::SocketAddr;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use reqwest::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use reqwest::{Client, RequestBuilder, Url};

use crate::http;

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(8);
/// Bytes of an answer, at most.
const LONGEST: usize = 60_000;
const SDP: &str = "application/sdp";

/// Why nothing comes of an offer.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    /// The server could not be reached, or the line broke.
    #[error("{}", http::words(.0))]
    Broken(#[from] reqwest::Error),
    /// It answered otherwise than with a session.
    #[error("the server answered {0}")]
    Refused(u16),
    /// Its answer is too long, or is no text.
    #[error("the answer cannot be read")]
    Unreadable,
}

/// A session at a server. Whoever let it begin ends it.
pub struct Session {
    client: Client,
    token: Option<String>,
    /// What is to be deleted; none where the server did not say, or named another server.
    at: Option<Url>,
}

/// What a server answers to an offer, on its way.
pub struct Answer(reqwest::Response);

/// Posts an offer to a server, which was found at this address; no other is called. A name without a password is a bearer token.
pub async fn offer(mut url: Url, server: SocketAddr, offer: String) -> Result<(Session, Answer), Lost> {
    let client = http::settings().timeout(PATIENCE).resolve(url.host_str().unwrap_or_default(), server).build()?;
    let bears = !url.username().is_empty() && url.password().is_none();
    let token = bears.then(|| percent_decode_str(url.username()).decode_utf8_lossy().into_owned());
    if bears {
        // An address that has a host can lose its name.
        url.set_username("").ok();
    }
    let asked = client.post(url.clone()).header(CONTENT_TYPE, SDP).header(ACCEPT, SDP).body(offer);
    let said = bearing(asked, token.as_deref()).send().await?;
    if !said.status().is_success() {
        return Err(Lost::Refused(said.status().as_u16()));
    }
    let at = said.headers().get(LOCATION).and_then(|at| url.join(at.to_str().ok()?).ok());
    let at = at.filter(|at| at.origin() == url.origin()).map(|mut at| {
        at.set_username(url.username()).ok();
        at.set_password(url.password()).ok();
        at
    });
    Ok((Session { client, token, at }, Answer(said)))
}

fn bearing(asked: RequestBuilder, token: Option<&str>) -> RequestBuilder {
    match token {
        Some(token) => asked.bearer_auth(token),
        None => asked,
    }
}

impl Answer {
    /// All of it, as SDP.
    pub async fn read(mut self) -> Result<String, Lost> {
        let mut answer = Vec::new();
        while let Some(piece) = self.0.chunk().await? {
            answer.extend_from_slice(&piece);
            if answer.len() > LONGEST {
                return Err(Lost::Unreadable);
            }
        }
        String::from_utf8(answer).map_err(|_| Lost::Unreadable)
    }
}

impl Session {
    /// Ends it. A server that does not hear of it notices by itself after a while.
    pub async fn end(self) {
        let Some(at) = self.at else { return };
        drop(bearing(self.client.delete(at), self.token.as_deref()).send().await);
    }
}
