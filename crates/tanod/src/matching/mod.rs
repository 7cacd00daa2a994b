//! An upload meets the lists: what is known of it, how surely, and what was looked at to say so.
//!
//! [`Lists::judge`] is where a verdict is decided. It is pure: fingerprints and lists in, verdict out.

pub mod api;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use decode::{Coverage, Look, Unscanned};
use fingerprint::{Digests, Matcher, Pdq};
use jiff::{SignedDuration, Timestamp};

use crate::banks::{self, Bank, Changes, Entry, Kind, Signal};
use crate::refusal::Result;
use crate::store::{BankId, Db, EntryId};

/// A process that has not heard from the feed for this long does not serve.
pub const FEED_LIMIT: Duration = Duration::from_secs(10);
/// A list of abuse material that has not heard from its source for this long is called stale.
pub const STALE_AFTER: Duration = Duration::from_hours(72);

/// Whether lists of this age were stale at that moment.
pub fn is_stale(lists_as_of: Option<Timestamp>, at: Timestamp) -> bool {
    let limit = SignedDuration::try_from(STALE_AFTER).unwrap_or(SignedDuration::MAX);
    lists_as_of.is_some_and(|heard| at.duration_since(heard) > limit)
}
/// Below this quality a PDQ hash says nothing; the exchanges drop such hashes too.
pub const LEAST_QUALITY: u8 = 50;

/// What was found out about an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A list knows it.
    Match,
    /// It was looked at, and no list knows it.
    NoMatch,
    /// It was not looked at, for a reason. Never the same as no match.
    Unscanned,
}

/// How sure a match is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// It looks alike: always "possible", never acted on by itself (HR-05).
    Near,
    /// The same bytes.
    Exact,
}

/// One entry that fits.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Hit {
    /// In which bank.
    pub bank: BankId,
    /// The bank's name.
    pub bank_name: String,
    /// What the bank's entries are said to be.
    pub kind: Kind,
    /// Which entry.
    pub entry: EntryId,
    /// By what sort of fingerprint.
    pub signal: Signal,
    /// How surely.
    pub strength: Strength,
    /// Bits that differ, for PDQ.
    pub distance: Option<u32>,
    /// The greatest distance that counts in this bank.
    pub threshold: Option<u32>,
    /// As the source classifies it.
    pub classification: Option<String>,
    /// Who contributed it.
    pub source: Option<String>,
    /// Counted only.
    #[serde(skip)]
    pub shadow: bool,
}

/// A verdict with everything it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// Why not, when it is unscanned.
    pub reason: Option<&'static str>,
    /// The strongest match.
    pub strength: Option<Strength>,
    /// What was looked at.
    pub coverage: Coverage,
    /// How old the oldest enabled list of abuse material is.
    pub lists_as_of: Option<Timestamp>,
    /// Whether that is too old.
    pub stale: bool,
    /// Entries that fit, strongest first.
    pub hits: Vec<Hit>,
    /// Entries of shadow banks that fit: counted, not acted on.
    pub shadow: Vec<Hit>,
}

impl Judgement {
    /// Whether this makes or joins a case.
    pub fn makes_case(&self) -> bool {
        self.verdict == Verdict::Match && self.hits.iter().any(|hit| hit.kind.makes_cases())
    }
}

/// What of an upload is compared.
#[derive(Clone, Debug)]
pub struct Prints {
    /// Digests of its bytes.
    pub digests: Digests,
    /// What the decoder saw, or why it saw nothing. `None`: there were only hashes, and no media.
    pub look: Option<std::result::Result<Look, Unscanned>>,
}

/// The lists as this process knows them.
#[derive(Default)]
pub struct Lists {
    banks: HashMap<BankId, Bank>,
    entries: HashMap<EntryId, Known>,
    matcher: Matcher<EntryId>,
    feed: i64,
    heard_at: Option<Timestamp>,
}

struct Known {
    bank: BankId,
    signal: Signal,
    classification: Option<Arc<str>>,
    source: Option<Arc<str>>,
}

/// The planted entry that every index must find before the process calls itself ready.
const CANARY: EntryId = EntryId(uuid::Uuid::max());
const CANARY_PDQ: [u8; 32] = [
    0x3c, 0xa5, 0x0f, 0x96, 0xc3, 0x5a, 0xf0, 0x69, 0x3c, 0xa5, 0x0f, 0x96, 0xc3, 0x5a, 0xf0, 0x69, 0x3c, 0xa5, 0x0f,
    0x96, 0xc3, 0x5a, 0xf0, 0x69, 0x3c, 0xa5, 0x0f, 0x96, 0xc3, 0x5a, 0xf0, 0x69,
];

impl Lists {
    /// Nothing but the canary.
    pub fn new() -> Self {
        let mut lists = Self::default();
        lists.matcher.insert_pdq(CANARY, Pdq::from_bytes(CANARY_PDQ));
        lists
    }

    /// Applies changes of the feed.
    pub(crate) fn apply(&mut self, changes: Changes, now: Timestamp) {
        for bank in changes.banks {
            if bank.removed {
                self.banks.remove(&bank.id);
            } else {
                self.banks.insert(bank.id, bank);
            }
        }
        for entry in changes.entries {
            self.apply_entry(entry);
        }
        self.feed = changes.upto;
        self.heard_at = Some(now);
    }

    fn apply_entry(&mut self, entry: Entry) {
        let id = entry.id;
        self.matcher.remove(id);
        self.entries.remove(&id);
        if entry.removed || !entry.enabled {
            return;
        }
        let value = entry.value.as_slice();
        match entry.signal {
            Signal::Md5 => value.try_into().map(|value| self.matcher.insert_md5(id, value)),
            Signal::Sha1 => value.try_into().map(|value| self.matcher.insert_sha1(id, value)),
            Signal::Sha256 => value.try_into().map(|value| self.matcher.insert_sha256(id, value)),
            Signal::Pdq => value.try_into().map(|value| self.matcher.insert_pdq(id, Pdq::from_bytes(value))),
        }
        .unwrap_or_else(|_| tracing::error!(entry = %id, "an entry has a width that no import lets in"));
        self.entries.insert(
            id,
            Known {
                bank: entry.bank,
                signal: entry.signal,
                classification: entry.classification.map(Into::into),
                source: entry.source.map(Into::into),
            },
        );
    }

    /// Whether the index finds what was planted in it, and has heard from the feed lately.
    pub fn ready(&self, now: Timestamp) -> std::result::Result<(), &'static str> {
        if self.matcher.near(&Pdq::from_bytes(CANARY_PDQ), 0).iter().all(|(id, _)| *id != CANARY) {
            return Err("the planted canary is not found");
        }
        let Some(heard) = self.heard_at else { return Err("the lists are not loaded yet") };
        let limit = SignedDuration::try_from(FEED_LIMIT).unwrap_or(SignedDuration::MAX);
        if now.duration_since(heard) > limit {
            return Err("the lists have not been heard from for too long");
        }
        Ok(())
    }

    /// Lists of abuse material in use. One without entries knows nothing, so it makes nothing clean.
    fn abuse_lists(&self) -> impl Iterator<Item = &Bank> {
        self.banks.values().filter(|bank| bank.kind == Kind::Csam && bank.enabled && !bank.shadow && bank.filled)
    }

    /// How many entries are in use.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry at all.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn hit(&self, entry: EntryId, distance: Option<u32>) -> Option<Hit> {
        let known = self.entries.get(&entry)?;
        let bank = self.banks.get(&known.bank).filter(|bank| bank.enabled)?;
        if distance.is_some_and(|bits| bits > bank.threshold) {
            return None;
        }
        Some(Hit {
            bank: bank.id,
            bank_name: bank.name.clone(),
            kind: bank.kind,
            entry,
            signal: known.signal,
            strength: if distance.is_some() { Strength::Near } else { Strength::Exact },
            distance,
            threshold: distance.map(|_| bank.threshold),
            classification: known.classification.as_deref().map(str::to_owned),
            source: known.source.as_deref().map(str::to_owned),
            shadow: bank.shadow,
        })
    }

    /// All entries within their banks' thresholds of a PDQ hash.
    pub fn near(&self, hash: &Pdq) -> Vec<Hit> {
        let widest = self.banks.values().filter(|bank| bank.enabled).map(|bank| bank.threshold).max().unwrap_or(0);
        self.matcher.near(hash, widest).into_iter().filter_map(|(entry, bits)| self.hit(entry, Some(bits))).collect()
    }

    /// All entries with one of these digests.
    pub fn same(&self, digests: &Digests) -> Vec<Hit> {
        self.matcher.digests(digests).into_iter().filter_map(|(_, entry)| self.hit(entry, None)).collect()
    }

    /// All entries that one hash fits.
    pub fn hash(&self, signal: Signal, value: &[u8]) -> Vec<Hit> {
        if signal == Signal::Pdq {
            return value.try_into().map(|value| self.near(&Pdq::from_bytes(value))).unwrap_or_default();
        }
        // Digests that no file has stand for the two that were not asked about.
        let mut digests = Digests { md5: [0; 16], sha1: [0; 20], sha256: [0; 32] };
        match signal {
            Signal::Md5 => digests.md5 = value.try_into().unwrap_or_default(),
            Signal::Sha1 => digests.sha1 = value.try_into().unwrap_or_default(),
            _ => digests.sha256 = value.try_into().unwrap_or_default(),
        }
        self.same(&digests).into_iter().filter(|hit| hit.signal == signal).collect()
    }

    /// When the oldest enabled list of abuse material last heard from its source; absent when there is none.
    pub fn as_of(&self) -> Option<Timestamp> {
        self.abuse_lists().map(|bank| bank.refreshed_at).min()
    }

    /// THE verdict.
    ///
    /// Order matters. A digest that a list knows is a match whatever the decoder says. Without an enabled list of abuse
    /// material nothing was checked, so nothing is called clean. What the decoder could not look at is unscanned.
    pub fn judge(&self, prints: &Prints, now: Timestamp) -> Judgement {
        let mut hits = self.same(&prints.digests);
        let mut coverage = Coverage::DigestOnly;
        let mut trouble = None;
        match &prints.look {
            Some(Ok(look)) => {
                let telling = look.frames.iter().filter(|frame| frame.quality >= LEAST_QUALITY);
                let mut any = false;
                for frame in telling {
                    any = true;
                    hits.extend(self.near(&frame.hash));
                }
                // A picture too plain for its hash to mean anything was compared by digest only, and the answer says so.
                if any {
                    coverage = look.coverage;
                }
            }
            Some(Err(unscanned)) => trouble = Some(unscanned.slug()),
            None => {}
        }
        // The same entry may fit several frames: the closest stands for it.
        hits.sort_by_key(|hit| (std::cmp::Reverse(hit.strength), hit.distance, hit.entry));
        let mut seen = std::collections::HashSet::new();
        hits.retain(|hit| seen.insert(hit.entry));
        let (shadow, mut hits): (Vec<_>, Vec<_>) = hits.into_iter().partition(|hit| hit.shadow);
        // A known false alarm silences what merely looks alike; never an exact match with an abuse list.
        if hits.iter().any(|hit| hit.kind == Kind::Exception && hit.strength == Strength::Exact) {
            hits.retain(|hit| hit.strength == Strength::Exact);
        }
        hits.retain(|hit| hit.kind != Kind::Exception);

        let lists_as_of = self.as_of();
        let stale = is_stale(lists_as_of, now);
        let (verdict, reason) = if !hits.is_empty() {
            (Verdict::Match, None)
        } else if lists_as_of.is_none() {
            (Verdict::Unscanned, Some("no_list"))
        } else if let Some(trouble) = trouble {
            (Verdict::Unscanned, Some(trouble))
        } else {
            (Verdict::NoMatch, None)
        };
        let strength = hits.iter().map(|hit| hit.strength).max();
        Judgement { verdict, reason, strength, coverage, lists_as_of, stale, hits, shadow }
    }
}

/// The lists, shared by everything in this process, and kept fresh by [`follow`].
#[derive(Clone)]
pub struct SharedLists(Arc<RwLock<Lists>>);

impl Default for SharedLists {
    fn default() -> Self {
        Self(Arc::new(RwLock::new(Lists::new())))
    }
}

impl SharedLists {
    /// Reads the lists.
    pub fn with<T>(&self, read: impl FnOnce(&Lists) -> T) -> T {
        read(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Brings the lists up to the newest change.
    pub async fn catch_up(&self, db: &Db) -> Result<()> {
        let feed = self.with(|lists| lists.feed);
        let mut tx = db.read().await?;
        let changes = banks::changes_after(&mut tx, feed).await?;
        let now = tx.now();
        self.0.write().unwrap_or_else(PoisonError::into_inner).apply(changes, now);
        Ok(())
    }
}

/// How often a process asks the feed for changes. A changed bank matches everywhere within a second.
pub const FOLLOW_EVERY: Duration = Duration::from_millis(200);
