//! An upload meets the lists: what is known of it, how surely, and what was looked at to say so.
//!
//! [`Lists::judge`] is where a verdict is decided. It is pure: fingerprints and lists in, verdict out.

pub mod api;
mod films;
mod shared;
pub mod shield;
mod trial;
mod vouched;

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use decode::{Coverage, FrameHash, Look, Unscanned, Wanted};
use fingerprint::{DigestKind, Digests, Id, Index, Near, Pdq, Print, Same, covered};
use jiff::{SignedDuration, Timestamp};

use crate::banks::{self, Bank, Entry, Kind, Signal};
use crate::store::{BankId, EntryId};

use films::{Films, Meeting};
pub use films::{Overlap, Range};
pub use shared::{FOLLOW_EVERY, KEEP_EVERY, SharedLists};
pub use trial::{Closeness, Trial};
pub use vouched::{Vouched, vouched};

/// A process that has not heard from the feed for this long does not serve.
pub const FEED_LIMIT: Duration = Duration::from_secs(10);
/// A list of abuse material that has not heard from its source for this long is called stale.
pub const STALE_AFTER: Duration = Duration::from_hours(72);

/// Why nothing is looked for while the operator's answers are missing.
pub const DETECTOR_OFF: &str = "detector_off";

/// Why a film is not called clean of which only the beginning was looked at.
pub const CUT_SHORT: &str = "cut_short";

/// Whether lists of this age were stale at that moment.
pub fn is_stale(lists_as_of: Option<Timestamp>, at: Timestamp) -> bool {
    let limit = SignedDuration::try_from(STALE_AFTER).unwrap_or(SignedDuration::MAX);
    lists_as_of.is_some_and(|heard| at.duration_since(heard) > limit)
}

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
    /// How the upload was turned when it fitted, for PDQ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orientation: Option<Orientation>,
    /// Whether it fitted without its uniform borders.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub trimmed: bool,
    /// Where a film of the lists, or in the upload, shows the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_common: Option<Overlap>,
    /// As the source classifies it.
    pub classification: Option<String>,
    /// Who contributed it.
    pub source: Option<String>,
    /// Counted only.
    #[serde(skip)]
    pub shadow: bool,
}

impl Hit {
    /// Strongest first, then closest, then as they were made.
    fn order(&self) -> (Reverse<Strength>, Option<u32>, EntryId) {
        (Reverse(self.strength), self.distance, self.entry)
    }
}

/// How a picture lies: clockwise turns, and mirrors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Orientation {
    /// As it was sent, by its own marks upright.
    Upright,
    /// Turned by a quarter.
    #[serde(rename = "rotated_90")]
    Rotated90,
    /// Turned by a half.
    #[serde(rename = "rotated_180")]
    Rotated180,
    /// Turned by three quarters.
    #[serde(rename = "rotated_270")]
    Rotated270,
    /// Mirrored left to right.
    Mirrored,
    /// Mirrored top to bottom.
    Flipped,
    /// Mirrored at the falling diagonal.
    Transposed,
    /// Mirrored at the rising diagonal.
    Transversed,
}

impl Orientation {
    /// In the order in which the decoder gives the hashes of turned pictures.
    const TURNS: [Self; 7] = [
        Self::Rotated90,
        Self::Rotated180,
        Self::Rotated270,
        Self::Mirrored,
        Self::Flipped,
        Self::Transposed,
        Self::Transversed,
    ];
}

/// One way in which a frame was seen.
#[derive(Clone, Copy, Debug)]
struct Seen {
    hash: Pdq,
    quality: u8,
    orientation: Orientation,
    trimmed: bool,
}

impl Seen {
    /// A hash as it is.
    fn of(hash: Pdq, quality: u8) -> Self {
        Self { hash, quality, orientation: Orientation::Upright, trimmed: false }
    }

    /// Every way in which a frame was seen.
    fn all(frame: &FrameHash) -> impl Iterator<Item = Self> {
        let plain = Self::of(frame.hash, frame.quality);
        let turned = frame.turned.into_iter().flat_map(move |hashes| {
            let turns = hashes.into_iter().zip(Orientation::TURNS);
            turns.map(move |(hash, orientation)| Self { hash, orientation, ..plain })
        });
        let trimmed = frame.trimmed.map(|within| Self { trimmed: true, ..Self::of(within.hash, within.quality) });
        std::iter::once(plain).chain(turned).chain(trimmed)
    }
}

fn reach(bank: Option<&Bank>) -> Reach {
    bank.map_or_else(Reach::default, |bank| Reach {
        enabled: bank.enabled,
        within: bank.threshold,
        turned: bank.turned,
        trimmed: bank.trimmed,
        least_quality: bank.least_quality,
    })
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
    /// Whether these very bytes are a known false alarm, which silences what merely looks alike.
    pub excepted: bool,
}

impl Judgement {
    /// Nothing was looked for, because the operator has not said that it may be (US-08).
    pub fn off() -> Self {
        Self {
            verdict: Verdict::Unscanned,
            reason: Some(DETECTOR_OFF),
            strength: None,
            coverage: Coverage::DigestOnly,
            lists_as_of: None,
            stale: false,
            hits: Vec::new(),
            shadow: Vec::new(),
            excepted: false,
        }
    }

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

/// By what an entry is grouped: a small number stands for all of this in the index.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
struct Label {
    bank: BankId,
    classification: Option<Arc<str>>,
    source: Option<Arc<str>>,
}

/// How far the entries of a label reach, as their bank says now. A bank that does not match reaches nothing.
#[derive(Clone, Copy, Default)]
struct Reach {
    enabled: bool,
    within: u32,
    turned: bool,
    trimmed: bool,
    least_quality: u8,
}

/// The lists as this process knows them.
#[derive(Clone, Default)]
pub struct Lists {
    banks: HashMap<BankId, Bank>,
    labels: Vec<Label>,
    numbers: HashMap<Label, u32>,
    /// One for each label.
    reaches: Vec<Reach>,
    /// The greatest distance that counts in any bank.
    widest: u32,
    index: Index,
    films: Arc<Films>,
    feed: i64,
    /// The mark that the number of the feed bears.
    mark: Option<uuid::Uuid>,
    heard_at: Option<Timestamp>,
}

/// What is planted in every index, and must be found before the process calls itself ready: one entry for each sort of
/// fingerprint. Their label has no bank, so that they are never a match.
fn canaries() -> [(Id, Print); 4] {
    let pattern = [[0x3c, 0xa5, 0x0f, 0x96, 0xc3, 0x5a, 0xf0, 0x69]; 4].concat();
    let value = pattern.try_into().unwrap_or([0x3c; 32]);
    [
        ([0xff; 16], Print::Pdq(Pdq::from_bytes(value))),
        ([0xfe; 16], Print::Md5([0x3c; 16])),
        ([0xfd; 16], Print::Sha1([0x3c; 20])),
        ([0xfc; 16], Print::Sha256(value)),
    ]
}
const NO_LABEL: u32 = u32::MAX;

impl Lists {
    /// Nothing but the canaries.
    pub fn new() -> Self {
        let mut lists = Self::default();
        for (id, print) in canaries() {
            lists.index.insert(id, NO_LABEL, print);
        }
        lists
    }

    /// Learns how banks match now.
    fn learn_banks(&mut self, banks: Vec<Bank>) {
        for bank in banks {
            if bank.removed {
                self.banks.remove(&bank.id);
            } else {
                self.banks.insert(bank.id, bank);
            }
        }
        let reach = |label: &Label| reach(self.banks.get(&label.bank));
        self.reaches = self.labels.iter().map(reach).collect();
        self.widest = self.banks.values().filter(|bank| bank.enabled).map(|bank| bank.threshold).max().unwrap_or(0);
    }

    /// The number of a label, a new one if need be.
    fn label(&mut self, label: Label) -> u32 {
        if let Some(number) = self.numbers.get(&label) {
            return *number;
        }
        let number = u32::try_from(self.labels.len()).unwrap_or(NO_LABEL);
        self.reaches.push(reach(self.banks.get(&label.bank)));
        self.labels.push(label.clone());
        self.numbers.insert(label, number);
        number
    }

    /// What stands in the index for an entry; nothing for one that does not match any more.
    fn indexed(&mut self, entry: Entry) -> Vec<(Id, u32, Print)> {
        let film = entry.film();
        // The entries of a bank that is gone for good take no room.
        if entry.removed || !entry.enabled || !self.banks.contains_key(&entry.bank) {
            return Vec::new();
        }
        let print = entry.signal.print(&entry.value);
        let label = self.label(Label {
            bank: entry.bank,
            classification: entry.classification.map(Into::into),
            source: entry.source.map(Into::into),
        });
        match (film, print) {
            (Some(film), _) => films::prints(Arc::make_mut(&mut self.films).learn(entry.id, &film), label).collect(),
            (None, Some(print)) => vec![(entry.id.0.into_bytes(), label, print)],
            (None, None) => {
                tracing::error!(entry = %entry.id, "an entry has a fingerprint that no import lets in");
                Vec::new()
            }
        }
    }

    /// Applies changes of entries.
    fn apply(&mut self, entries: Vec<Entry>) {
        for entry in entries {
            let before = match entry.film() {
                // The frames of an entry never change.
                Some(film) => {
                    Arc::make_mut(&mut self.films).learn(entry.id, &film).into_iter().map(|(id, _)| id).collect()
                }
                None => vec![entry.id.0.into_bytes()],
            };
            let now = self.indexed(entry);
            if now.is_empty() {
                for id in before {
                    self.index.remove(&id);
                }
            }
            for (id, label, print) in now {
                self.index.insert(id, label, print);
            }
        }
    }

    /// Whether the index finds what was planted in it, and has heard from the feed lately.
    pub fn ready(&self, now: Timestamp) -> std::result::Result<(), &'static str> {
        let found = |(id, print): &(Id, Print)| match print {
            Print::Pdq(hash) => self.index.near(hash, 0).iter().any(|near| near.id == *id),
            digest => self.index.same_print(digest).iter().any(|same| same.id == *id),
        };
        if !canaries().iter().all(found) {
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
        self.index.len().saturating_sub(canaries().len())
    }

    /// Whether there is no entry at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes that the index takes.
    pub fn memory_bytes(&self) -> usize {
        self.index.memory_bytes()
    }

    fn reach(&self, label: u32) -> Reach {
        usize::try_from(label).ok().and_then(|at| self.reaches.get(at)).copied().unwrap_or_default()
    }

    fn hit(&self, id: Id, label: u32, signal: Signal) -> Option<Hit> {
        let label = self.labels.get(usize::try_from(label).ok()?)?;
        let bank = self.banks.get(&label.bank).filter(|bank| bank.enabled)?;
        Some(Hit {
            bank: bank.id,
            bank_name: bank.name.clone(),
            kind: bank.kind,
            entry: EntryId(uuid::Uuid::from_bytes(id)),
            signal,
            strength: Strength::Exact,
            distance: None,
            threshold: None,
            orientation: None,
            trimmed: false,
            in_common: None,
            classification: label.classification.as_deref().map(str::to_owned),
            source: label.source.as_deref().map(str::to_owned),
            shadow: bank.shadow,
        })
    }

    fn same_hit(&self, same: Same) -> Option<Hit> {
        let signal = match same.kind {
            DigestKind::Md5 => Signal::Md5,
            DigestKind::Sha1 => Signal::Sha1,
            DigestKind::Sha256 => Signal::Sha256,
        };
        self.hit(same.id, same.label, signal)
    }

    /// All entries within their banks' thresholds of a PDQ hash whose quality is good enough for them.
    fn near(&self, seen: Seen) -> Vec<Near> {
        let limit = move |label| {
            let reach = self.reach(label);
            let fits = reach.enabled
                && seen.quality >= reach.least_quality
                && (reach.turned || seen.orientation == Orientation::Upright)
                && (reach.trimmed || !seen.trimmed);
            fits.then_some(reach.within)
        };
        self.index.near_where(&seen.hash, self.widest, limit)
    }

    /// All entries with one of these digests.
    fn same(&self, digests: &Digests) -> impl Iterator<Item = Hit> {
        self.index.same(digests).into_iter().filter_map(|same| self.same_hit(same))
    }

    /// What is known of each of these; a PDQ hash is taken as a telling one, and as upright.
    pub fn known(&self, prints: &[Print]) -> Vec<Vec<Hit>> {
        let hashes: Vec<Pdq> =
            prints.iter().filter_map(|print| if let Print::Pdq(hash) = print { Some(*hash) } else { None }).collect();
        let limit = |label| Some(self.reach(label)).filter(|reach| reach.enabled).map(|reach| reach.within);
        let mut near = self.index.near_many(&hashes, self.widest, limit).into_iter();
        let known = |print: &Print| {
            let mut hits: Vec<Hit> = match print {
                Print::Pdq(hash) => {
                    let mut meeting = Meeting::new(self);
                    meeting.meet(near.next().unwrap_or_default(), Seen::of(*hash, 100), None);
                    meeting.end(None)
                }
                digest => self.index.same_print(digest).into_iter().filter_map(|same| self.same_hit(same)).collect(),
            };
            hits.sort_by_key(Hit::order);
            hits
        };
        prints.iter().map(known).collect()
    }

    /// What a look must find out for the banks there are.
    pub fn wanted(&self) -> Wanted {
        let any = |asks: fn(&Bank) -> bool| self.banks.values().any(|bank| bank.enabled && asks(bank));
        Wanted { turned: any(|bank| bank.turned), trimmed: any(|bank| bank.trimmed), ..Wanted::default() }
    }

    /// The quality from which on every list of abuse material compares pictures.
    fn least_quality(&self) -> u8 {
        self.abuse_lists().map(|bank| bank.least_quality).max().unwrap_or_else(banks::usual_quality)
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
        let mut hits: Vec<Hit> = self.same(&prints.digests).collect();
        let mut coverage = Coverage::DigestOnly;
        let mut trouble = None;
        match &prints.look {
            Some(Ok(look)) => {
                let mut meeting = Meeting::new(self);
                let times = films::times(look);
                for (frame, when) in look.frames.iter().zip(&times) {
                    for seen in Seen::all(frame) {
                        meeting.see(seen, *when);
                    }
                }
                let telling = look.frames.iter().zip(times).filter(|(frame, _)| frame.quality >= self.least_quality());
                let telling = covered(telling.filter_map(|(_, when)| when).collect());
                hits.extend(meeting.end(look.video.map(|_| telling)));
                // A picture too plain for its hash to mean anything was compared by digest only, and the answer says so.
                let least = self.least_quality();
                if look.frames.iter().any(|frame| frame.quality >= least) {
                    coverage = look.coverage;
                }
                // What lies behind a limit was not looked at.
                if look.video.is_some_and(|video| video.cut_short) {
                    trouble = Some(CUT_SHORT);
                }
            }
            Some(Err(unscanned)) => trouble = Some(unscanned.slug()),
            None => {}
        }
        // The same entry may fit several frames: the closest stands for it.
        hits.sort_by_key(Hit::order);
        let mut seen = std::collections::HashSet::new();
        hits.retain(|hit| seen.insert(hit.entry));
        let (shadow, mut hits): (Vec<_>, Vec<_>) = hits.into_iter().partition(|hit| hit.shadow);
        // A known false alarm silences what merely looks alike; never an exact match with an abuse list.
        let excepted = hits.iter().any(|hit| hit.kind == Kind::Exception && hit.strength == Strength::Exact);
        if excepted {
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
        Judgement { verdict, reason, strength, coverage, lists_as_of, stale, hits, shadow, excepted }
    }
}
