//! Project Arachnid Shield beside the lists: asked when they know nothing, and never taken for "clean" when it is silent.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use exchange::arachnid::{Classification, Client, Match, MatchType, Trouble};
use fingerprint::Pdq;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Hit, Judgement, Kind, Prints, Signal, Strength, Verdict};
use crate::banks;
use crate::store::{BankId, EntryId};

/// As verdicts name it.
pub const NAME: &str = "Project Arachnid Shield";
/// It stands where a bank stands, and no bank bears its id.
pub const BANK: BankId = BankId(uuid::Uuid::from_u128(0x6172_6163_686e_8964_8000_5368_6965_6c64));
/// Why an upload is unscanned although every list was asked.
pub const UNAVAILABLE: &str = "arachnid_unavailable";
/// After a failure it is left alone for so long, so that an outage does not slow every upload down.
const REST: Duration = Duration::from_secs(10);

/// So many hashes are asked about in one call.
const MOST_HASHES: usize = 200;

/// What may leave this installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leaves {
    /// PDQ hashes alone.
    Hashes,
    /// The bytes of every upload that the lists do not know.
    Media,
}

/// Shield, as this process reaches it.
pub struct Shield {
    client: Client,
    leaves: Leaves,
    /// Microseconds since 1970 before which it is not asked again.
    rests_until: AtomicI64,
}

/// It did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unavailable;

impl Shield {
    /// Shield behind this client.
    pub fn new(client: Client, leaves: Leaves) -> Self {
        Self { client, leaves, rests_until: AtomicI64::new(i64::MIN) }
    }

    /// What it knows of an upload; nothing when there was nothing to ask about.
    pub async fn ask(&self, prints: &Prints, media: &Bytes, now: Timestamp) -> Option<Result<Vec<Hit>, Unavailable>> {
        let hashes = telling(prints);
        if self.leaves == Leaves::Hashes && hashes.is_empty() {
            return None;
        }
        if self.rests(now) {
            return Some(Err(Unavailable));
        }
        let answered = match self.leaves {
            Leaves::Hashes => self.by_hash(&hashes).await.map(|found| found.into_iter().flatten().collect()),
            Leaves::Media => self.by_media(prints, media).await,
        };
        Some(answered.map_err(|trouble| self.rest(&trouble, now)))
    }

    /// What it knows of each of these hashes, in their order, without any media: a few hundred at a time.
    pub async fn ask_hashes(&self, hashes: &[Pdq], now: Timestamp) -> Vec<Result<Option<Hit>, Unavailable>> {
        let mut all = Vec::with_capacity(hashes.len());
        for batch in hashes.chunks(MOST_HASHES) {
            let answered = if self.rests(now) {
                Err(Unavailable)
            } else {
                self.by_hash(batch).await.map_err(|trouble| self.rest(&trouble, now))
            };
            match answered {
                Ok(found) => all.extend(found.into_iter().map(Ok)),
                Err(silent) => all.extend(batch.iter().map(|_| Err(silent))),
            }
        }
        all
    }

    /// Whether it is left alone now.
    fn rests(&self, now: Timestamp) -> bool {
        now.as_microsecond() < self.rests_until.load(Ordering::Relaxed)
    }

    /// Leaves it alone for a while.
    fn rest(&self, trouble: &Trouble, now: Timestamp) -> Unavailable {
        let rest = match trouble {
            Trouble::Later { after, .. } => after.unwrap_or(REST).max(REST),
            _ => REST,
        };
        tracing::warn!(%trouble, "Project Arachnid Shield does not answer; what no list knows stays unscanned");
        let until = SignedDuration::try_from(rest).ok().and_then(|rest| now.checked_add(rest).ok());
        self.rests_until.store(until.unwrap_or(now).as_microsecond(), Ordering::Relaxed);
        Unavailable
    }

    /// What it knows of each hash.
    ///
    /// **Decided (HR-05):** whatever Shield calls a finding by PDQ, `exact` included, is `near` here. Its `exact` says that two
    /// hashes agree in all 256 bits; pictures that differ may have the same hash, so it is no proof of the same bytes, stays
    /// "possible", goes before a person, and never acts on an account or files a report by itself. Only an answer about the
    /// bytes themselves (SHA-1, where media may leave) is exact. Shield says no distance and no threshold for a hash, so the
    /// match shows none rather than one that we made up.
    async fn by_hash(&self, hashes: &[Pdq]) -> Result<Vec<Option<Hit>>, Trouble> {
        let bytes: Vec<[u8; 32]> = hashes.iter().map(|hash| *hash.as_bytes()).collect();
        let found = self.client.hashes(&bytes).await?;
        let near = |(found, hash): (Option<Match>, &[u8; 32])| {
            Some(hit(&Match { match_type: MatchType::Near, ..found? }, Signal::Pdq, hash))
        };
        Ok(found.into_iter().zip(&bytes).map(near).collect())
    }

    async fn by_media(&self, prints: &Prints, media: &Bytes) -> Result<Vec<Hit>, Trouble> {
        let answer = self.client.media(media_type(media), media.clone()).await?;
        if answer.sha256 != prints.digests.sha256 {
            return Err(Trouble::Unreadable("it is about other bytes than were sent".to_owned()));
        }
        let signal = |found: &Match| if found.match_type == MatchType::Exact { Signal::Sha1 } else { Signal::Photodna };
        Ok(answer.found.iter().map(|found| hit(found, signal(found), &answer.sha256)).collect())
    }
}

/// The hashes that mean something, each once.
fn telling(prints: &Prints) -> Vec<Pdq> {
    let Some(Ok(look)) = &prints.look else { return Vec::new() };
    let mut hashes: Vec<Pdq> = Vec::new();
    for frame in look.frames.iter().filter(|frame| frame.quality >= banks::usual_quality()) {
        if !hashes.contains(&frame.hash) {
            hashes.push(frame.hash);
        }
    }
    hashes
}

/// As the first bytes say; the decoder's own finding does not leave the child.
fn media_type(media: &[u8]) -> &'static str {
    match media {
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [b'G', b'I', b'F', b'8', ..] => "image/gif",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "image/webp",
        [b'B', b'M', ..] => "image/bmp",
        _ => "application/octet-stream",
    }
}

/// What Shield's word makes of an entry. A word that we do not know puts it before a person.
pub fn kind(classification: Option<&str>) -> Kind {
    match classification.map(Classification::of) {
        Some(Classification::Csam) => Kind::Csam,
        Some(Classification::Test) => Kind::Test,
        _ => Kind::Exploitative,
    }
}

fn hit(found: &Match, signal: Signal, about: &[u8]) -> Hit {
    let word = found.classification.as_str();
    // The same finding is the same entry, so that it stands once beside an upload.
    let digest: [u8; 32] = Sha256::new().chain_update(word).chain_update([0]).chain_update(about).finalize().into();
    let mut id = [0; 16];
    id.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    let strength = if found.match_type == MatchType::Exact { Strength::Exact } else { Strength::Near };
    remote(EntryId(uuid::Builder::from_custom_bytes(id).into_uuid()), signal, strength, Some(word.to_owned()))
}

/// Something that Shield knew.
pub fn remote(entry: EntryId, signal: Signal, strength: Strength, classification: Option<String>) -> Hit {
    Hit {
        bank: BANK,
        bank_name: NAME.to_owned(),
        kind: kind(classification.as_deref()),
        entry,
        signal,
        strength,
        distance: None,
        threshold: None,
        orientation: None,
        in_common: None,
        trimmed: false,
        classification,
        source: Some(NAME.to_owned()),
        shadow: false,
    }
}

impl Judgement {
    /// The verdict with Shield's answer. A match of the lists stands without it. Its silence is unscanned, also where the
    /// lists know nothing; its "nothing known" counts as a list of abuse material that was asked just now.
    #[must_use]
    pub fn with_shield(mut self, prints: &Prints, said: Option<Result<Vec<Hit>, Unavailable>>, now: Timestamp) -> Self {
        let (true, Some(said)) = (self.verdict != Verdict::Match, said) else { return self };
        let trouble = match &prints.look {
            Some(Ok(_)) => None,
            Some(Err(unscanned)) => Some(unscanned.slug()),
            None => Some("not_looked_at"),
        };
        match said {
            Err(Unavailable) => {
                self.verdict = Verdict::Unscanned;
                self.reason = Some(UNAVAILABLE);
            }
            Ok(mut hits) => {
                // A known false alarm silences what merely looks alike, as it does among the lists.
                hits.retain(|hit| hit.strength == Strength::Exact || !self.excepted);
                self.lists_as_of = self.lists_as_of.or(Some(now));
                (self.verdict, self.reason) = match (hits.is_empty(), trouble) {
                    (false, _) => (Verdict::Match, None),
                    (true, Some(trouble)) => (Verdict::Unscanned, Some(trouble)),
                    (true, None) => (Verdict::NoMatch, None),
                };
                self.strength = hits.iter().map(|hit| hit.strength).max();
                self.hits = hits;
            }
        }
        self
    }
}
