//! What is kept: media sealed at intake under its own key, the holds that forbid its going, and every look at it.

pub mod api;
mod bases;
mod desk;
mod destruction;
mod door;
mod holds;
pub mod jobs;
mod keys;
mod laws;
pub mod pages;
mod pieces;
pub mod standing;
mod store;

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use vault::Objects;

use crate::accounts::{Caller, Permission};
use crate::audit::{self, Entry};
use crate::care;
use crate::clock::Random;
use crate::refusal::{Error, Kind, Result};
use crate::store::{CaseId, ExhibitId, HoldId, ItemId, NoticeId, ObjectId, PersonId, Recorded, ReportId, Tx, ViewId};

pub use bases::{Basis, Fate, Rules, Start, bases, fate};
pub use desk::{AtCounsel, Desk, Foreseen, Numbered, desk, kept_cases, simulate};
pub use destruction::{
    BAD_ORDER, Backup, Cause, Destruction, NewOrder, Order, OrderState, destroy_due, discard_context, note_backup,
    order, replay,
};
pub use door::Ordinary;
pub use holds::{
    BAD_HOLD, Extension, Keep, Keeping, NewHold, Release, SECOND_PERSON, UNKNOWN_HOLD, UNKNOWN_RELEASE, answer_release,
    ask_release, believe, believed_now, extend, fate_of, keeping, place,
};
pub use keys::{KEYS_AWAY, KeysError, Opens, Ring, keep as keep_ring, recover, rewrap, set_recovery};
pub use laws::{hold_asked, hold_known, hold_reported, hold_told};
pub use pieces::Pieces;

/// Media that is not kept (any more).
pub static NOT_KEPT: Kind = Kind::new(
    410,
    "media-not-kept",
    "The media of this upload is not kept.",
    "Uploads without a match leave no media; unscanned ones expire. Their fingerprints remain on record.",
)
.program("GET /v1/items/{item} has them.");
/// A part of a picture that there is not.
pub static NO_SUCH_PART: Kind =
    Kind::new(422, "no-such-part", "A picture has nine parts.", "Choose one from 1, in the upper left corner, to 9.")
        .program("It is `part`.");
/// A picture that cannot be shown.
pub static NOT_SHOWABLE: Kind = Kind::new(
    422,
    "not-showable",
    "This file cannot be made into a picture.",
    "Decide without looking, or ask a lead. The sealed original stays as it is.",
);
/// A hold stands in the way.
pub static ON_HOLD: Kind = Kind::new(
    409,
    "on-hold",
    "A hold forbids this.",
    "Wait until every hold on the case has ended; the page Keeping lists them.",
)
.program("GET /v1/holds lists them too.");

/// All refusals of this domain.
pub const REFUSALS: &[&Kind] = &[
    &KEYS_AWAY,
    &NOT_KEPT,
    &NOT_SHOWABLE,
    &NO_SUCH_PART,
    &ON_HOLD,
    &UNKNOWN_HOLD,
    &UNKNOWN_RELEASE,
    &BAD_HOLD,
    &SECOND_PERSON,
    &BAD_ORDER,
    &standing::BAD_STANDING,
    &standing::UNKNOWN_STANDING,
];

/// How long media of an unscanned upload waits for another look.
pub const UNSCANNED_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Where sealed media lies, and the ring that opens it.
#[derive(Clone)]
pub struct Vault {
    /// A folder or a bucket.
    pub objects: std::sync::Arc<Objects>,
    /// Wrapping keys; opened with a secret from outside the data folder.
    pub ring: std::sync::Arc<Ring>,
    /// For data keys.
    pub random: Random,
}

impl vault::Random for Random {
    fn fill(&self, out: &mut [u8]) {
        Self::fill(self, out);
    }
}

/// Media that is sealed and stored, before a row names it.
pub struct Sealed {
    object: ObjectId,
    wrapped_key: Vec<u8>,
    bytes: i64,
    exif: Option<Vec<(String, String)>>,
}

impl Sealed {
    /// With what a camera wrote into it, where that could be read.
    #[must_use]
    pub fn with_exif(self, exif: Option<&decode::Exif>) -> Self {
        Self { exif: exif.map(owned), ..self }
    }

    /// What a row needs to name it: the object, and the length of what was sealed. Its key is kept by [`keep_key`].
    pub(crate) fn named(&self) -> (ObjectId, i64) {
        (self.object, self.bytes)
    }
}

const MEDIA: &str = "media";

impl Vault {
    /// Seals and stores original bytes. Media before row: the caller writes the row next, and a sweeper settles what a
    /// crash leaves between.
    pub async fn seal(&self, object: ObjectId, media: &Bytes) -> Result<Sealed> {
        self.seal_as(object, media, MEDIA).await
    }

    /// The same for something else than media; it opens as nothing but `what`.
    pub async fn seal_as(&self, object: ObjectId, plain: &Bytes, what: &'static str) -> Result<Sealed> {
        let seal = |ring: &_| vault::seal(plain, vault::ObjectId(object.0), what, ring, &self.random);
        let sealed = self.ring.with("sealing", seal).await?;
        self.objects.put(vault::ObjectId(object.0), sealed.bytes.into()).await?;
        let bytes = i64::try_from(plain.len()).map_err(|error| Error::internal("measuring", error))?;
        Ok(Sealed { object, wrapped_key: sealed.wrapped_key, bytes, exif: None })
    }

    /// Opens what was sealed as `what`.
    pub async fn open_as(&self, object: ObjectId, wrapped: &[u8], what: &'static str) -> Result<Bytes> {
        let object = vault::ObjectId(object.0);
        let sealed = self.objects.get(object).await?;
        self.ring
            .with("opening what was sealed", |ring| vault::open(&sealed, object, what, wrapped, ring))
            .await
            .map(Bytes::from)
    }

    /// Opens an exhibit's original bytes.
    pub async fn open(&self, exhibit: &Exhibit) -> Result<Bytes> {
        let Some(wrapped) = &exhibit.wrapped_key else { return Err((&NOT_KEPT).into()) };
        self.open_as(exhibit.object, wrapped, MEDIA).await
    }
}

/// Sealed media of one upload.
#[derive(Clone, Debug)]
pub struct Exhibit {
    /// Its id.
    pub id: ExhibitId,
    /// Of which upload.
    pub item: ItemId,
    pub(crate) object: ObjectId,
    pub(crate) wrapped_key: Option<Vec<u8>>,
    /// As the platform named the file.
    pub file_name: Option<String>,
    /// Size of the original.
    pub bytes: i64,
    /// When it was sealed.
    pub sealed_at: Timestamp,
}

/// Names sealed media in the database.
pub async fn keep(
    tx: &mut Tx,
    item: ItemId,
    sealed: &Sealed,
    file_name: Option<&str>,
    expires_at: Option<Timestamp>,
) -> Result<ExhibitId> {
    let id: ExhibitId = tx.id();
    store::insert_exhibit(tx, id, item, sealed, file_name, expires_at).await?;
    Ok(id)
}

fn owned(exif: &decode::Exif) -> Vec<(String, String)> {
    exif.pairs().map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
}

/// What a camera wrote into the media of uploads: pairs of name and text. Those of which it was not read, or is gone, are absent.
pub async fn exif_of(tx: &mut Tx, items: &[ItemId]) -> Result<HashMap<ItemId, Vec<(String, String)>>> {
    store::exif_of(tx, items).await
}

/// Writes down what a camera wrote, for media that was sealed before it could be read.
pub async fn note_exif(tx: &mut Tx, item: ItemId, exif: &decode::Exif) -> Result<()> {
    store::note_exif(tx, item, &owned(exif)).await
}

/// The sealed media of an upload.
pub async fn exhibit(tx: &mut Tx, item: ItemId) -> Result<Exhibit> {
    store::exhibit(tx, item).await?.ok_or_else(|| (&NOT_KEPT).into())
}

/// Of these uploads those whose sealed media is there.
pub async fn kept_of(tx: &mut Tx, items: &[ItemId]) -> Result<HashSet<ItemId>> {
    store::kept_of(tx, items).await
}

/// Takes the expiry from an exhibit that became part of a case.
pub async fn keep_for_case(tx: &mut Tx, item: ItemId) -> Result<()> {
    store::set_expiry(tx, item, None).await
}

/// Lets an exhibit that no case needs expire now.
pub async fn let_go(tx: &mut Tx, item: ItemId) -> Result<()> {
    let now = tx.now();
    store::set_expiry(tx, item, Some(now)).await
}

/// A hold on everything in a case.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Hold {
    /// Its id.
    pub id: HoldId,
    /// On which case.
    pub case: CaseId,
    /// Why.
    pub basis: Basis,
    /// From when.
    #[schema(value_type = String)]
    pub starts_at: Timestamp,
    /// Until when; absent while it is not known.
    #[schema(value_type = Option<String>)]
    pub until: Option<Timestamp>,
    /// When it gave way to another.
    #[schema(value_type = Option<String>)]
    pub released_at: Option<Timestamp>,
    /// For which report.
    pub report: Option<ReportId>,
    /// By when it must be gone, where the basis says so.
    #[schema(value_type = Option<String>)]
    pub most: Option<Timestamp>,
    /// How often it was renewed.
    pub renewals: i64,
    /// Who asked.
    pub authority: Option<String>,
    /// Under what reference.
    pub reference: Option<String>,
    /// What it is kept for beyond the law's time (US-34).
    pub purpose: Option<Keeping>,
    /// Who answers for that: a staff number.
    pub owner: Option<String>,
    /// When that is looked at again.
    #[schema(value_type = Option<String>)]
    pub review_at: Option<Timestamp>,
}

/// Places the hold that stands from knowledge to decision (US-32), and what the laws of the operator's countries ask for. One a
/// case; a second signal finds it in place, and an appeal window that had begun is over.
pub async fn hold_pending(tx: &mut Tx, case: CaseId, knowledge_at: Timestamp) -> Result<()> {
    laws::hold_known(tx, case, knowledge_at).await?;
    if store::has_pending(tx, case).await? {
        return store::set_pending_until(tx, case, None).await;
    }
    let id: HoldId = tx.id();
    store::insert_hold(tx, id, case, Basis::PendingDecision, knowledge_at, None, None).await?;
    audit::record(tx, Entry::by_tanod("hold.placed").case(case).about(id)).await.map(drop)
}

/// Ends the pending hold, once nothing in the case waits for a decision or a report.
pub async fn release_pending(tx: &mut Tx, case: CaseId) -> Result<()> {
    if store::release_pending(tx, case).await? {
        audit::record(tx, Entry::by_tanod("hold.released").case(case)).await.map(drop)?;
    }
    // What was open may have hidden that others contradict each other.
    holds::weigh(tx, case).await
}

/// A case was closed without a report: what it holds is kept until the appeal window ends, and no longer.
pub async fn hold_for_appeal(tx: &mut Tx, case: CaseId, until: Timestamp) -> Result<()> {
    store::set_pending_until(tx, case, Some(until)).await?;
    let detail = serde_json::json!({"until": until});
    audit::record(tx, Entry::by_tanod("hold.until_appeal").case(case).detail(detail)).await.map(drop)
}

/// Ends the hold of an appeal window that is over. None when it is not, or when something else came of the case.
pub async fn end_appeal(tx: &mut Tx, case: CaseId) -> Result<Option<Recorded>> {
    let now = believed_now(tx).await?;
    if !store::end_appeal(tx, case, now).await? {
        return Ok(None);
    }
    audit::record(tx, Entry::by_tanod("hold.appeal_over").case(case)).await.map(Some)
}

/// How long the appeal window of a case still lasts, where one does.
pub async fn appeal_left(tx: &mut Tx, case: CaseId) -> Result<Option<std::time::Duration>> {
    let now = tx.now();
    let holds = store::holds_on(tx, case).await?;
    let pending = holds.iter().find(|hold| hold.basis == Basis::PendingDecision && hold.released_at.is_none());
    let left = pending.and_then(|hold| hold.until).map(|until| until.duration_since(now));
    Ok(left.and_then(|left| std::time::Duration::try_from(left).ok()))
}

/// The holds on a case that stand.
pub(crate) async fn standing(tx: &mut Tx, case: CaseId) -> Result<Vec<Hold>> {
    let now = believed_now(tx).await?;
    let stands = |hold: &Hold| hold.released_at.is_none() && hold.until.is_none_or(|until| until > now);
    Ok(store::holds_on(tx, case).await?.into_iter().filter(stands).collect())
}

/// Whether any hold on a case stands.
pub async fn is_case_held(tx: &mut Tx, case: CaseId) -> Result<bool> {
    Ok(!standing(tx, case).await?.is_empty())
}

/// All holds, newest first.
pub async fn holds(tx: &mut Tx, caller: &Caller, before: Option<HoldId>, limit: i64) -> Result<Vec<Hold>> {
    caller.require(Permission::ReadHolds)?;
    store::holds(tx, before, limit).await
}

/// The holds on one case.
pub async fn holds_on(tx: &mut Tx, case: CaseId) -> Result<Vec<Hold>> {
    store::holds_on(tx, case).await
}

/// Destroys an exhibit that has expired: its key first, so that nothing opens it, then the object, which is tried afterwards.
/// Never while a hold stands on the case it belongs to.
pub async fn destroy_expired(tx: &mut Tx, item: ItemId) -> Result<Option<(ObjectId, Recorded)>> {
    let (now, believed) = (tx.now(), believed_now(tx).await?);
    let Some(exhibit) = store::expired(tx, item, now).await? else { return Ok(None) };
    if store::is_held(tx, item, believed).await? {
        return Err((&ON_HOLD).into());
    }
    let proof = destruction::discard_exhibit(tx, &exhibit, Cause::Expired, None, "tanod".to_owned()).await?;
    Ok(Some((exhibit.object, proof)))
}

/// Keeps the key of something sealed that another domain names.
pub async fn keep_key(tx: &mut Tx, sealed: &Sealed) -> Result<()> {
    store::insert_key(tx, sealed.object, &sealed.wrapped_key).await
}

/// The wrapped key of something sealed, unless it was discarded.
pub async fn key(tx: &mut Tx, object: ObjectId) -> Result<Option<Vec<u8>>> {
    store::key(tx, object).await
}

/// What looking is for. A closed list: there is no purpose called curiosity (US-43).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To decide a case.
    Review,
    /// To approve or refuse another person's decision.
    SecondOpinion,
    /// To answer a request to remove an adult's intimate picture.
    Removal,
}

/// Where a look happens: in a case, or at a request to remove an adult's picture, which is in none (US-60).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// In a case.
    Case(CaseId),
    /// At a request.
    Request(NoticeId),
}

impl At {
    /// The case, and the request.
    pub(crate) fn parts(self) -> (Option<CaseId>, Option<NoticeId>) {
        match self {
            Self::Case(case) => (Some(case), None),
            Self::Request(notice) => (None, Some(notice)),
        }
    }
}

/// One look.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
pub struct View {
    /// Its id.
    pub id: ViewId,
    /// Which upload.
    pub item: ItemId,
    /// Who.
    pub person: PersonId,
    /// Why.
    pub purpose: Purpose,
    /// All of it, at a size that shows it.
    pub whole: bool,
    /// Blurred, grey and small.
    pub veiled: bool,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
}

/// Writes down a look, before the picture leaves the house (US-33).
pub async fn record_view(
    tx: &mut Tx,
    caller: &Caller,
    at: At,
    item: ItemId,
    purpose: Purpose,
    whole: bool,
    veiled: bool,
) -> Result<(ViewId, Recorded)> {
    caller.require(Permission::SeeDepictions)?;
    let person = caller.person()?;
    let id: ViewId = tx.id();
    // What the lists said before the look: what care for the person counts.
    let severity = care::severity(tx, item).await?;
    store::insert_view(tx, id, at, item, person, purpose, (whole, veiled), severity).await?;
    let (case, notice) = at.parts();
    let detail =
        serde_json::json!({"item": item, "notice": notice, "purpose": purpose, "whole": whole, "veiled": veiled});
    let mut entry = Entry::by(caller, "exhibit.viewed").about(id).detail(detail);
    entry.case = case;
    let proof = audit::record(tx, entry).await?;
    Ok((id, proof))
}

/// All looks at an upload.
pub async fn views(tx: &mut Tx, item: ItemId) -> Result<Vec<View>> {
    store::views(tx, &[item]).await
}

/// Uploads of a case that this person saw whole and without the veil.
pub async fn viewed_whole(tx: &mut Tx, case: CaseId, person: PersonId) -> Result<HashSet<ItemId>> {
    store::viewed_whole(tx, case, person).await
}

/// All looks at many uploads, oldest first.
pub async fn views_of(tx: &mut Tx, items: &[ItemId]) -> Result<Vec<View>> {
    store::views(tx, items).await
}

/// What a crash, a fault or somebody else left between objects and rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Objects that no row named although they were older than any transaction. They were deleted.
    pub orphans: u64,
    /// Objects that rows name, and that are not there: evidence is missing.
    pub missing: Vec<ObjectId>,
}

/// Settles what lies between objects and rows, both ways.
pub async fn sweep(tx: &mut Tx, vault: &Vault) -> Result<Swept> {
    let stored = vault.objects.list().await.map_err(|error| Error::internal("listing sealed media", error))?;
    let old = tx.now().checked_sub(SignedDuration::from_hours(1)).unwrap_or(Timestamp::UNIX_EPOCH);
    let there: std::collections::HashSet<ObjectId> = stored.iter().map(|object| ObjectId(object.0)).collect();
    let named = store::named_before(tx, old).await?;
    let missing = named.into_iter().filter(|object| !there.contains(object)).collect();
    let mut orphans = 0;
    for id in there {
        if made_at(id) < old && !store::names(tx, id).await? {
            let deleted = vault.objects.delete(vault::ObjectId(id.0)).await;
            deleted.map_err(|error| Error::internal("sweeping sealed media", error))?;
            orphans += 1;
        }
    }
    Ok(Swept { orphans, missing })
}

/// Pages somebody about each object that is missing, once.
pub async fn tell_missing(tx: &mut Tx, missing: &[ObjectId]) -> Result<Recorded> {
    for object in missing {
        crate::alarms::raise(tx, crate::alarms::Kind::EvidenceMissing, &object.to_string(), None).await?;
    }
    Ok(Recorded::unrecorded("an alarm that is raised or cleared has its own entry"))
}

/// When an id was made: UUIDv7 begins with the milliseconds.
fn made_at(id: ObjectId) -> Timestamp {
    let millis = id.0.get_timestamp().map_or(0, |stamp| {
        let (seconds, nanos) = stamp.to_unix();
        seconds.saturating_mul(1_000).saturating_add(u64::from(nanos) / 1_000_000)
    });
    Timestamp::from_millisecond(i64::try_from(millis).unwrap_or(0)).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Opens some exhibits and compares them with the digests of their uploads: how many were checked, and how many failed.
pub async fn sample(tx: &mut Tx, vault: &Vault, most: i64) -> Result<(u64, u64)> {
    let (mut checked, mut broken) = (0, 0);
    for exhibit in store::some(tx, most).await? {
        checked += 1;
        let item = crate::intake::find(tx, exhibit.item).await?;
        let opened = vault.open(&exhibit).await;
        if !opened.is_ok_and(|media| fingerprint::Digests::of(&media) == item.digests) {
            broken += 1;
        }
    }
    Ok((checked, broken))
}
