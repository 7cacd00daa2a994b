//! Frames of a stream that a list knows: facts of the stream. One alone says nothing; several within a while put it before a person,
//! and rules count them beside everything else.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{By, Cause, State, Stream, Ways, rules, store};
use crate::audit::{self, Entry};
use crate::banks;
use crate::refusal::Result;
use crate::review::{self, Ground, Joining, Route, SignalKind};
use crate::store::{BankId, EntryId, Recorded, StreamId, Tx};
use crate::webhooks;

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
    /// How telling the frame is, 0 to 100.
    pub quality: u8,
}

/// When frames that lists know say something.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frames {
    /// So many moments that one list knows put a stream before a person. Never one.
    pub hits: usize,
    /// Within so many seconds.
    pub window_seconds: u32,
    /// Frames count that differ in no more bits than this; what is further than its bank's own threshold is no hit at all.
    pub within: u32,
    /// Frames count that are at least so telling, 0 to 100.
    pub least_quality: u8,
    /// What is said otherwise of some banks.
    #[serde(default)]
    pub banks: Vec<OfBank>,
}

/// What is said otherwise of one bank, as in [`Frames`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfBank {
    /// Its name.
    pub bank: String,
    /// How many moments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hits: Option<usize>,
    /// Within how many seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_seconds: Option<u32>,
    /// How near.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<u32>,
    /// How telling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least_quality: Option<u8>,
}

/// When the frames of one bank say something.
struct Threshold {
    hits: usize,
    window_seconds: u32,
    within: u32,
    least_quality: u8,
}

impl Frames {
    fn of(&self, bank: &str) -> Threshold {
        let said = self.banks.iter().find(|said| said.bank == bank);
        Threshold {
            hits: said.and_then(|said| said.hits).unwrap_or(self.hits),
            window_seconds: said.and_then(|said| said.window_seconds).unwrap_or(self.window_seconds),
            within: said.and_then(|said| said.within).unwrap_or(self.within),
            least_quality: said.and_then(|said| said.least_quality).unwrap_or(self.least_quality),
        }
    }

    /// Whether a hit is near and telling enough to count, of a list that makes cases.
    pub(super) fn counts(&self, hit: &FrameHit) -> bool {
        let threshold = self.of(&hit.list);
        hit.kind.makes_cases() && hit.distance <= threshold.within && hit.quality >= threshold.least_quality
    }

    /// The longest while that anything here looks at.
    fn widest(&self) -> u32 {
        let said = self.banks.iter().filter_map(|said| said.window_seconds);
        said.chain([self.window_seconds]).max().unwrap_or_default()
    }

    /// What is wrong with them, if anything.
    pub fn check(&self) -> std::result::Result<(), String> {
        for name in std::iter::once("").chain(self.banks.iter().map(|said| said.bank.as_str())) {
            let Threshold { hits, window_seconds, least_quality, .. } = self.of(name);
            let fault = |what: &str| Err(format!("live.frames {name:?}: {what}"));
            if hits < 2 {
                return fault("one frame alone says nothing: hits is 2 or more");
            }
            if !(1..=86_400).contains(&window_seconds) {
                return fault("window_seconds is 1 to 86400");
            }
            if least_quality > 100 {
                return fault("least_quality is 0 to 100");
            }
            if self.banks.iter().filter(|said| said.bank == name).count() > 1 {
                return fault("the bank stands there twice");
            }
        }
        Ok(())
    }
}

/// Frames that are nearer than this to each other are one moment.
const MOMENT: SignedDuration = SignedDuration::from_millis(200);

/// How many moments there are among these times, which are in order.
pub(super) fn moments(times: impl Iterator<Item = Timestamp>) -> usize {
    let mut last: Option<Timestamp> = None;
    let apart = |at: &Timestamp| {
        let new = last.is_none_or(|last| at.duration_since(last) >= MOMENT);
        if new {
            last = Some(*at);
        }
        new
    };
    times.filter(apart).count()
}

/// Keeps frames that lists know, and looks at what they say: several moments of one list put the stream before a person, and rules
/// count them. Says how many signals came of it. The hits are those of banks that are in use and not only counted.
pub async fn frame_hits(tx: &mut Tx, id: StreamId, hits: &[FrameHit], by: Ways<'_>) -> Result<(usize, Recorded)> {
    let stream = super::stream(tx, id).await?;
    if stream.forgotten_at.is_some() {
        return Err((&super::FORGOTTEN).into());
    }
    let counts: Vec<&FrameHit> = hits.iter().filter(|hit| by.settings.frames.counts(hit)).collect();
    if !counts.is_empty() && !store::any_hit(tx, id).await? {
        // Nobody acts on one frame; who wants to look closer may.
        let data = json!({"stream": stream.id, "content_id": stream.content_id});
        webhooks::send_to(tx, stream.callback.as_deref(), webhooks::Event::StreamFrameKnown, None, &data).await?;
    }
    for hit in hits {
        store::insert_hit(tx, id, hit).await?;
    }
    let signals = if counts.is_empty() { 0 } else { rules::heed(tx, id, by).await? };
    let mut entry = Entry::by_tanod("stream.frames_known").about(id);
    entry.case = store::case_of(tx, id).await?;
    let detail = json!({"frames": hits.len(), "counted": counts.len(), "signals": signals});
    Ok((signals, audit::record(tx, entry.detail(detail)).await?))
}

/// The frames that lists know since then, oldest first.
pub async fn hits(tx: &mut Tx, stream: StreamId, since: Timestamp) -> Result<Vec<FrameHit>> {
    store::hits(tx, stream, since).await
}

/// Puts a stream before a person of which one list knows enough moments by now; once for each list. It is a recording that is shown
/// again: no reason to think that it happens now.
pub(super) async fn weigh(tx: &mut Tx, stream: &Stream, frames: &Frames) -> Result<usize> {
    let since = |now: Timestamp, seconds: u32| {
        now.checked_sub(SignedDuration::from_secs(i64::from(seconds))).unwrap_or(Timestamp::UNIX_EPOCH)
    };
    let now = tx.now();
    let known = store::hits(tx, stream.id, since(now, frames.widest())).await?;
    let known: Vec<&FrameHit> = known.iter().filter(|hit| frames.counts(hit)).collect();
    let mut lists: Vec<&str> = known.iter().map(|hit| hit.list.as_str()).collect();
    lists.sort_unstable();
    lists.dedup();
    let mut signals = 0;
    for list in lists {
        let threshold = frames.of(list);
        let since = since(now, threshold.window_seconds);
        let seen = known.iter().filter(|hit| hit.list == list && hit.at > since);
        if stream.state != State::Live
            || moments(seen.map(|hit| hit.at)) < threshold.hits
            || store::list_has_said(tx, stream.id, list).await?
        {
            continue;
        }
        let mut grounds = vec![Ground::KnownSingle];
        if stream.public {
            grounds.push(Ground::KnownPublic);
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
            grounds,
            language: None,
        };
        let case = review::join(tx, joining).await?;
        super::signal(tx, stream, By { cause: Cause::Frames, rule: Some(list), notice: None }, case).await?;
        signals += 1;
    }
    Ok(signals)
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
