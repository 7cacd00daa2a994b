//! What a stream is, and what made it a case's.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::BAD_STREAM;
use super::watching::{Mode, NewWatch};
use crate::intake::{self, Account};
use crate::refusal::Result;
use crate::store::{CaseId, NoticeId, StreamId, StreamSignalId};

/// Where a stream stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = StreamState)]
pub enum State {
    /// It runs.
    Live,
    /// It is over.
    Ended,
}

/// A stream on its way in.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewStream {
    /// The platform's own id of it.
    pub content_id: String,
    /// Who broadcasts.
    #[serde(default)]
    pub account: Option<Account>,
    /// From which address it is broadcast (US-16).
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub address: Option<IpAddr>,
    /// From which source port.
    #[serde(default)]
    pub port: Option<u16>,
    /// Where users see it.
    #[serde(default)]
    pub urls: Vec<String>,
    /// Whether every user of the platform can see it.
    #[serde(default)]
    pub public: bool,
    /// The endpoint that hears of this stream, by its name under `[[webhooks]]`; all that want to, if nothing is said.
    #[serde(default)]
    pub callback: Option<String>,
    /// Where its pictures are to be looked at; nobody looks, if nothing is said.
    #[serde(default)]
    pub watch: Option<NewWatch>,
}

impl NewStream {
    pub(super) fn check(&self) -> Result<()> {
        let id = self.content_id.trim();
        if id.is_empty() || id.chars().count() > 255 {
            return Err(BAD_STREAM.because("content_id must have 1 to 255 characters"));
        }
        if self.urls.len() > 20 {
            return Err(BAD_STREAM.because("urls must have at most 20 entries"));
        }
        if self.port == Some(0) {
            return Err(BAD_STREAM.because("port must be 1 to 65535"));
        }
        self.urls.iter().try_for_each(|url| intake::check_url(url))?;
        self.account.as_ref().map_or(Ok(()), Account::check)
    }
}

/// A stream.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Stream {
    /// Its id.
    pub id: StreamId,
    /// The platform's own id of it.
    pub content_id: String,
    /// Who broadcasts.
    pub account: Option<Account>,
    /// From which address.
    #[schema(value_type = Option<String>)]
    pub address: Option<IpAddr>,
    /// From which port.
    pub port: Option<u16>,
    /// Where users see it.
    pub urls: Vec<String>,
    /// Whether every user can see it.
    pub public: bool,
    /// The endpoint that hears of it.
    pub callback: Option<String>,
    /// Where it stands.
    pub state: State,
    /// When it was told to us.
    #[schema(value_type = String)]
    pub started_at: Timestamp,
    /// When it was over.
    #[schema(value_type = Option<String>)]
    pub ended_at: Option<Timestamp>,
    /// When its last event came.
    #[serde(skip)]
    pub(crate) stirred_at: Timestamp,
    /// How many events were told of it.
    pub events: i64,
    /// How closely its pictures are looked at; absent where nobody does.
    pub mode: Option<Mode>,
    /// Where they are read. It may hold a key, and is answered to nobody.
    #[serde(skip)]
    pub(crate) source: Option<String>,
    /// Why nothing of it is seen at the moment.
    #[serde(skip)]
    pub(crate) unseen_because: Option<String>,
    /// The case that it belongs to.
    pub case: Option<CaseId>,
    /// When everything personal was taken out of it.
    #[schema(value_type = Option<String>)]
    pub forgotten_at: Option<Timestamp>,
}

/// Who or what made a stream a case's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = StreamCause)]
pub enum Cause {
    /// Somebody reported it.
    Report,
    /// A rule over its events holds.
    Rule,
    /// Several of its frames within a moment are known.
    Frames,
    /// A person stopped it.
    Stop,
}

/// What made a stream a case's.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct StreamSignal {
    /// Its id.
    pub id: StreamSignalId,
    /// Who or what.
    pub cause: Cause,
    /// The rule that holds, or the list that knows its frames.
    pub rule: Option<String>,
    /// Whether the platform was asked to stop it without a person.
    pub stopped: bool,
    /// The notice that it came as.
    pub notice: Option<NoticeId>,
    /// In which case.
    pub case: CaseId,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// How often those who took part were sealed since.
    pub snapshots: i64,
    /// When the last time.
    #[schema(value_type = Option<String>)]
    pub sealed_at: Option<Timestamp>,
}
