//! Frames of a stream that a list knows: facts of the stream. One alone says nothing.

use jiff::Timestamp;
use serde::Serialize;

use super::store;
use crate::banks;
use crate::refusal::Result;
use crate::store::{BankId, EntryId, StreamId, Tx};

/// A frame that a list knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = StreamHit)]
pub struct FrameHit {
    /// When it was shown.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// By which bank.
    pub bank: BankId,
    /// The bank's name.
    pub list: String,
    /// What the bank's entries were said to be.
    pub kind: banks::Kind,
    /// Which entry.
    pub entry: EntryId,
    /// Bits that differ.
    pub distance: u32,
}

/// Writes down that a list knows a frame of a stream: a fact, of which rules and people may make something.
pub async fn frame_hit(tx: &mut Tx, stream: StreamId, hit: &FrameHit) -> Result<()> {
    store::insert_hit(tx, stream, hit).await
}

/// The frames that lists know since then, oldest first.
pub async fn hits(tx: &mut Tx, stream: StreamId, since: Timestamp) -> Result<Vec<FrameHit>> {
    store::hits(tx, stream, since).await
}
