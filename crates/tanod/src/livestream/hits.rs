//! Frames of a stream that a list knows: facts of the stream. One alone says nothing; several within a moment put it before a person.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{By, Cause, Settings, State, Stream, store};
use crate::banks;
use crate::refusal::Result;
use crate::review::{self, Ground, Joining, Route, SignalKind};
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

/// Frames that are nearer than this to each other are one moment.
const MOMENT: SignedDuration = SignedDuration::from_millis(200);

/// How many moments there are among these times, which are in order.
fn moments(times: impl Iterator<Item = Timestamp>) -> usize {
    let mut last: Option<Timestamp> = None;
    times
        .filter(|at| {
            let new = last.is_none_or(|last| at.duration_since(last) >= MOMENT);
            if new {
                last = Some(*at);
            }
            new
        })
        .count()
}

/// Puts a stream before a person in which several moments of the last while are known to lists that make cases. Once in that
/// while. A recording that is shown again is a replay: no P0 by itself.
pub(super) async fn weigh(tx: &mut Tx, stream: &Stream, settings: &Settings) -> Result<bool> {
    let window = SignedDuration::from_secs(i64::from(settings.hits_seconds.max(1)));
    let since = tx.now().checked_sub(window).unwrap_or(Timestamp::UNIX_EPOCH);
    let known = store::hits(tx, stream.id, since).await?;
    let least = settings.hits.max(2);
    if stream.state != State::Live
        || moments(known.iter().filter(|hit| hit.kind.makes_cases()).map(|hit| hit.at)) < least
    {
        return Ok(false);
    }
    if store::signals(tx, stream.id).await?.iter().any(|signal| signal.cause == Cause::Frames && signal.at > since) {
        return Ok(false);
    }
    let joining = Joining {
        kind: SignalKind::Stream,
        item: None,
        notice: None,
        stream: Some(stream.id),
        route: Route::HashMatch,
        account: stream.account.as_ref(),
        gathered_by: vec![format!("content:{}", stream.content_id)],
        case: stream.case,
        grounds: vec![if stream.public { Ground::KnownPublic } else { Ground::KnownSingle }],
        language: None,
    };
    let case = review::join(tx, joining).await?;
    super::signal(tx, stream, By { cause: Cause::Frames, rule: None, notice: None }, case).await.map(drop)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// One frame, however often it is told, is one moment; frames far enough apart are as many.
        #[test]
        fn moments_lie_apart(count in 1_usize..30, apart in 200_i64..5_000) {
            let at = |ms: i64| Timestamp::from_millisecond(ms).unwrap();
            prop_assert_eq!(moments(std::iter::repeat_n(at(7), count)), 1);
            prop_assert_eq!(moments((0..count).map(|nth| at(apart * i64::try_from(nth).unwrap()))), count);
        }
    }
}
