//! An upload arrives: it is looked at, judged, and what must be kept is on disk before the answer leaves.

pub mod addresses;
pub mod api;
mod arrivals;
pub mod jobs;
mod store;

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use decode::{Coverage, Wanted};
use fingerprint::Digests;
use jiff::Timestamp;

use crate::accounts::{Caller, Permission};
use crate::audit::{self, Entry};
use crate::banks::{self, Signal};
use crate::evidence::{self, Sealed, UNSCANNED_FOR};
use crate::matching::{Hit, Judgement, Orientation, Overlap, Prints, SharedLists, Strength, Verdict, shield};
use crate::plan::App;
use crate::queue::{self, Work};
use crate::refusal::{Kind, Result};
use crate::review;
use crate::store::{BankId, CaseId, EntryId, ItemId, ObjectId, Recorded, Tx, new_uuid};

pub use arrivals::Arrivals;

/// A body that is not the form we ask for.
pub static BAD_ITEM: Kind = Kind::new(
    422,
    "bad-item",
    "The upload's description cannot be read.",
    "Attach the file again and send the form once more.",
)
.program("Send multipart/form-data with a part `media` (the bytes) and a part `item` (JSON, see /openapi.json).");
/// Too many bytes.
pub static TOO_LARGE: Kind = Kind::new(
    413,
    "too-large",
    "The media is larger than this installation takes.",
    "Attach a smaller file, or ask an administrator to raise the limit.",
)
.program("Send a smaller file, or raise `intake.max_bytes` in the settings, for films `intake.max_film_bytes`.");
/// More at once than we can look at.
pub static BUSY: Kind =
    Kind::new(503, "busy", "Too many uploads are being looked at right now.", "Wait a moment, then send it again.")
        .program("Retry-After says how long; use the same Idempotency-Key.");
/// The lists are not usable yet.
pub static NOT_READY: Kind = Kind::new(
    503,
    "not-ready",
    "The lists are not usable, so nothing can be judged.",
    "Wait a minute. If it stays, an administrator runs tanod doctor.",
)
.program("It is over when /readyz answers 200.");
/// An id that leads nowhere.
pub static UNKNOWN_ITEM: Kind =
    Kind::new(404, "unknown-item", "There is no such upload.", "Open the case and choose one of its uploads.")
        .program("Use the `item` id from the answer of POST /v1/items.");

/// All refusals of this domain.
pub const REFUSALS: &[&Kind] = &[&BAD_ITEM, &TOO_LARGE, &BUSY, &NOT_READY, &UNKNOWN_ITEM];

/// What the platform says about the account behind an upload.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The platform's own id of it.
    pub id: String,
    /// As other users see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub screen_name: Option<String>,
    /// Where its profile is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile_url: Option<String>,
    /// The address it registered with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// For an account of another platform that is seen here by federation: that platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// Whether the platform has reason to think that it is a child's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub likely_minor: Option<bool>,
    /// Where its holder seems to be, two letters (ISO 3166-1). Whom to call in an emergency is shown by it; nobody is judged by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

impl Account {
    /// Refuses what no report could carry.
    pub fn check(&self) -> Result<()> {
        let fault = |what: &str| Err(BAD_ITEM.because(what.to_owned()));
        if !fits(&self.id, 255) {
            return fault("account.id must have 1 to 255 characters");
        }
        if self.screen_name.as_ref().is_some_and(|name| !fits(name, 256)) {
            return fault("account.screen_name must have 1 to 256 characters");
        }
        if self.email.as_ref().is_some_and(|email| !fits(email, 255) || !email.contains('@')) {
            return fault("account.email must be an e-mail address of at most 255 characters");
        }
        if self.server.as_ref().is_some_and(|server| !fits(server, 255)) {
            return fault("account.server must have 1 to 255 characters");
        }
        let country = |text: &String| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
        if !self.country.iter().all(country) {
            return fault("account.country must have two letters");
        }
        self.profile_url.as_deref().map_or(Ok(()), check_url)
    }
}

fn fits(text: &str, most: usize) -> bool {
    !text.trim().is_empty() && text.chars().count() <= most
}

/// Refuses a URL that a report could not carry. White space and the like in it is percent-encoded when it is sent.
pub(crate) fn check_url(url: &str) -> Result<()> {
    if !exchange::ncmec::url_fits(url) {
        return Err(BAD_ITEM.because("a URL must be absolute (http or https), with a host, at most 2083 characters"));
    }
    Ok(())
}

/// What the platform says about an upload.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// The platform's own id of the content.
    pub content_id: String,
    /// Who uploaded it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<Account>,
    /// Where on the platform, for instance `post`, `direct_message`, `avatar`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surface: Option<String>,
    /// When it was uploaded, with an offset (US-11).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub uploaded_at: Option<Timestamp>,
    /// From which address (US-16).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub upload_ip: Option<IpAddr>,
    /// From which source port: behind shared addresses the address alone finds nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload_port: Option<u16>,
    /// The device it came from, by the platform's own id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The link under which somebody without an account passes it on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share_link: Option<String>,
    /// Whether every user of the platform can see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public: Option<bool>,
    /// The language of the content, where the platform knows it (BCP 47): whoever reads it can take the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Where it can be seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<String>,
    /// The file's name as uploaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
}

impl Facts {
    /// Refuses what no report could carry.
    pub fn check(&self) -> Result<()> {
        let fault = |what: &str| Err(BAD_ITEM.because(what.to_owned()));
        if !fits(&self.content_id, 255) {
            return fault("content_id must have 1 to 255 characters");
        }
        if let Some(account) = &self.account {
            account.check()?;
        }
        if self.surface.as_ref().is_some_and(|surface| !fits(surface, 100)) {
            return fault("surface must have 1 to 100 characters");
        }
        if self.file_name.as_ref().is_some_and(|name| name.chars().count() > 2_056) {
            return fault("file_name must have at most 2056 characters");
        }
        if self.upload_port == Some(0) {
            return fault("upload_port must be 1 to 65535");
        }
        if self.urls.len() > 50 {
            return fault("urls must have at most 50 entries");
        }
        let tag = |text: &String| {
            (2..=35).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        if !self.language.iter().all(tag) {
            return fault("language must be a tag as BCP 47 writes it, of at most 35 characters");
        }
        if self.device.as_ref().is_some_and(|device| !fits(device, 255)) {
            return fault("device must have 1 to 255 characters");
        }
        if self.share_link.as_ref().is_some_and(|link| !fits(link, 2_083)) {
            return fault("share_link must have 1 to 2083 characters");
        }
        self.urls.iter().try_for_each(|url| check_url(url))
    }

    /// What holds uploads without an account together, the surest first: a share link, a device, an address.
    pub fn gathered_by(&self) -> Vec<String> {
        let link = self.share_link.as_ref().map(|link| format!("link:{link}"));
        let device = self.device.as_ref().map(|device| format!("device:{device}"));
        let address = self.upload_ip.map(|address| format!("ip:{address}"));
        [link, device, address].into_iter().flatten().collect()
    }
}

/// An upload that was looked at.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its id.
    pub id: ItemId,
    /// The platform's own id of the content.
    pub content_id: String,
    /// What was found out.
    pub verdict: Verdict,
    /// Why not, when unscanned.
    pub reason: Option<String>,
    /// The strongest match.
    pub strength: Option<Strength>,
    /// What was looked at.
    pub coverage: Coverage,
    /// How old the oldest list of abuse material was.
    pub lists_as_of: Option<Timestamp>,
    /// What the platform said; kept only when something must follow.
    pub facts: Option<Facts>,
    /// Size of the original.
    pub bytes: i64,
    /// Its digests.
    pub digests: Digests,
    /// PDQ hash and quality of each frame seen.
    pub frames: Vec<(String, u8)>,
    /// Where it is a film.
    pub film: Option<decode::Video>,
    /// When it arrived.
    pub received_at: Timestamp,
}

/// A match as it was kept with its upload.
#[derive(Clone, Debug)]
pub struct KeptMatch {
    /// Which entry.
    pub entry: EntryId,
    /// In which bank.
    pub bank: BankId,
    /// By what sort of fingerprint.
    pub signal: Signal,
    /// How surely.
    pub strength: Strength,
    /// As a remote matcher called it.
    pub classification: Option<String>,
    /// Bits that differ.
    pub distance: Option<u32>,
    /// The greatest distance that counted.
    pub threshold: Option<u32>,
    /// How the upload was turned when it fitted.
    pub orientation: Option<Orientation>,
    /// Whether it fitted without its uniform borders.
    pub trimmed: bool,
    /// Where a film shows the same.
    pub in_common: Option<Overlap>,
}

/// An upload on its way in: judged, and sealed when it must be.
pub struct Arrival {
    /// Its id, made before anything is written.
    pub id: ItemId,
    /// What the platform said.
    pub facts: Facts,
    /// Its size.
    pub bytes: usize,
    /// What of it was compared.
    pub prints: Prints,
    /// What was found.
    pub judgement: Judgement,
    /// Its sealed media, for a match that makes a case and for an unscanned upload.
    pub sealed: Option<Sealed>,
}

impl Arrival {
    /// Whether the media must be sealed before the row is written.
    pub fn must_seal(judgement: &Judgement) -> bool {
        judgement.makes_case() || judgement.verdict == Verdict::Unscanned
    }
}

/// Writes an upload with everything its verdict promises: row, matches, exhibit, case, hold, retry, audit entry.
pub async fn accept(
    tx: &mut Tx,
    caller: &Caller,
    arrival: &Arrival,
    viral_accounts: i64,
) -> Result<(Option<CaseId>, Recorded)> {
    caller.require(Permission::SubmitItems)?;
    let judgement = &arrival.judgement;
    store::insert(tx, caller.scope_id(), arrival).await?;
    let (facts, sha256) = (&arrival.facts, arrival.prints.digests.sha256);
    addresses::seen_at(tx, &facts.urls, &facts.content_id, Some(&sha256)).await?;
    for hit in judgement.hits.iter().chain(&judgement.shadow) {
        store::insert_match(tx, arrival.id, hit).await?;
    }
    let mut case = None;
    if let Some(sealed) = &arrival.sealed {
        let unscanned = judgement.verdict == Verdict::Unscanned;
        let expires_at = unscanned.then(|| tx.now().checked_add(UNSCANNED_FOR).unwrap_or(Timestamp::MAX));
        evidence::keep(tx, arrival.id, sealed, arrival.facts.file_name.as_deref(), expires_at).await?;
        if unscanned {
            queue::push(tx, &Work::RetryItemV1 { item: arrival.id }, RETRY_FIRST).await?;
            let expiry = Duration::try_from(UNSCANNED_FOR).unwrap_or(Duration::MAX);
            queue::push(tx, &Work::ExpireExhibitV1 { item: arrival.id }, expiry).await?;
        }
    }
    if judgement.makes_case() {
        case = Some(review::add_match(tx, arrival.id, &arrival.facts, viral_accounts).await?);
    }
    let kind = match judgement.verdict {
        Verdict::Match => "item.matched",
        Verdict::NoMatch => "item.no_match",
        Verdict::Unscanned => "item.unscanned",
    };
    let detail = serde_json::json!({
        "coverage": judgement.coverage, "reason": judgement.reason, "strength": judgement.strength,
        "sha256": hex::encode(arrival.prints.digests.sha256), "lists_as_of": judgement.lists_as_of,
        "hits": judgement.hits.iter().map(|hit| hit.entry).collect::<Vec<_>>(),
        "shadow": judgement.shadow.len(),
    });
    let mut entry = Entry::by(caller, kind).about(arrival.id).detail(detail);
    entry.case = case;
    let proof = audit::record(tx, entry).await?;
    Ok((case, proof))
}

/// Writes an upload that came with a notice: always kept, for a person told of it and a person will look. The notice's entry in
/// the record names it.
pub async fn keep_told(tx: &mut Tx, notice: uuid::Uuid, arrival: &Arrival) -> Result<()> {
    store::insert(tx, notice, arrival).await?;
    for hit in arrival.judgement.hits.iter().chain(&arrival.judgement.shadow) {
        store::insert_match(tx, arrival.id, hit).await?;
    }
    if let Some(sealed) = &arrival.sealed {
        evidence::keep(tx, arrival.id, sealed, arrival.facts.file_name.as_deref(), None).await?;
    }
    Ok(())
}

/// When an unscanned upload is looked at again for the first time.
const RETRY_FIRST: Duration = Duration::from_secs(30);

/// A second look at an unscanned upload found out more: its verdict changes, and what follows from a match follows. Nothing
/// when another worker has said it already.
pub async fn rejudge(
    tx: &mut Tx,
    item: &Item,
    prints: &Prints,
    judgement: &Judgement,
    viral_accounts: i64,
) -> Result<Option<Recorded>> {
    if !store::rejudge(tx, item.id, prints, judgement).await? {
        return Ok(None);
    }
    for hit in judgement.hits.iter().chain(&judgement.shadow) {
        store::insert_match(tx, item.id, hit).await?;
    }
    if let (true, Some(facts)) = (judgement.makes_case(), &item.facts) {
        evidence::keep_for_case(tx, item.id).await?;
        review::add_match(tx, item.id, facts, viral_accounts).await?;
    } else {
        // Nothing asks for it any more, not only in a week.
        let_go(tx, item.id).await?;
    }
    let detail = serde_json::json!({"verdict": judgement.verdict, "coverage": judgement.coverage});
    audit::record(tx, Entry::by_tanod("item.looked_at_again").about(item.id).detail(detail)).await.map(Some)
}

/// Lets go of what was kept with an upload: what the platform said, and the sealed media.
pub async fn let_go(tx: &mut Tx, item: ItemId) -> Result<()> {
    store::forget_facts(tx, item).await?;
    evidence::let_go(tx, item).await?;
    queue::revive(tx, &Work::ExpireExhibitV1 { item }).await
}

/// One upload.
pub async fn find(tx: &mut Tx, id: ItemId) -> Result<Item> {
    store::item(tx, id).await?.ok_or_else(|| (&UNKNOWN_ITEM).into())
}

/// Many uploads, by their ids.
pub async fn find_all(tx: &mut Tx, ids: &[ItemId]) -> Result<HashMap<ItemId, Item>> {
    let items = store::items(tx, ids).await?;
    Ok(items.into_iter().map(|item| (item.id, item)).collect())
}

/// What is kept of an upload that can still be compared: its fingerprints.
pub(crate) struct Recent {
    /// Which.
    pub(crate) id: ItemId,
    /// The platform's own id of the content.
    pub(crate) content_id: String,
    /// What was found out about it.
    pub(crate) verdict: Verdict,
    /// Digests of its bytes.
    pub(crate) digests: Digests,
    /// PDQ hash and quality of each frame, upright and with its borders.
    pub(crate) frames: Vec<(fingerprint::Pdq, u8)>,
    /// When it arrived.
    pub(crate) received_at: Timestamp,
}

/// Uploads before one, the newest first.
pub(crate) async fn recent(tx: &mut Tx, before: ItemId, most: i64) -> Result<Vec<Recent>> {
    store::recent(tx, before, most).await
}

/// The cases of these uploads, with their numbers.
pub(crate) async fn cases_of(tx: &mut Tx, ids: &[ItemId]) -> Result<HashMap<ItemId, (CaseId, i64)>> {
    store::cases_of(tx, ids).await
}

/// The matches kept with an upload, shadow banks left out.
pub async fn matches(tx: &mut Tx, id: ItemId) -> Result<Vec<Hit>> {
    Ok(matches_of(tx, &[id]).await?.remove(&id).unwrap_or_default())
}

/// The same of many uploads: a few questions for all of them.
pub async fn matches_of(tx: &mut Tx, ids: &[ItemId]) -> Result<HashMap<ItemId, Vec<Hit>>> {
    let kept = store::matches(tx, ids).await?;
    let mut entries: Vec<EntryId> = kept.iter().map(|(_, kept)| kept.entry).collect();
    entries.sort_unstable();
    entries.dedup();
    let known = banks::entries_of(tx, &entries).await?;
    let mut hits: HashMap<ItemId, Vec<Hit>> = HashMap::new();
    for (item, kept) in kept {
        let hit = if kept.bank == shield::BANK {
            shield::remote(kept.entry, kept.signal, kept.strength, kept.classification)
        } else if let Some((bank, entry)) = known.get(&kept.entry) {
            Hit {
                bank: bank.id,
                bank_name: bank.name.clone(),
                kind: bank.kind,
                entry: entry.id,
                signal: entry.signal,
                strength: kept.strength,
                distance: kept.distance,
                threshold: kept.threshold,
                orientation: kept.orientation,
                trimmed: kept.trimmed,
                in_common: kept.in_common,
                classification: entry.classification.clone(),
                source: entry.source.clone(),
                shadow: false,
            }
        } else {
            continue;
        };
        hits.entry(item).or_default().push(hit);
    }
    Ok(hits)
}

/// The case an upload belongs to.
pub async fn case_of(tx: &mut Tx, id: ItemId) -> Result<Option<CaseId>> {
    store::case_of(tx, id).await
}

/// Digests of more than this are computed off the threads that serve.
const LARGE: usize = 256 << 10;

/// What is found out about some media: everything that is compared of it, and the verdict. Nothing is looked for while the
/// operator's answers are missing; the digests alone are computed, for what is sealed is known by them.
pub async fn judge(app: &App, media: &Bytes) -> (Prints, Judgement) {
    if app.may_match().is_err() {
        return (Prints { digests: digests(media).await, look: None }, Judgement::off());
    }
    let prints = examine(&app.pool, media, app.wanted()).await;
    let now = app.db.clock().now();
    let (prints, judgement) = compare(app, prints, now).await;
    let Some(shield) =
        app.shield.as_ref().filter(|_| judgement.verdict != Verdict::Match && app.may_ask_shield().is_ok())
    else {
        return (prints, judgement);
    };
    let said = shield.ask(&prints, media, now).await;
    let judgement = judgement.with_shield(&prints, said, now);
    (prints, judgement)
}

/// More frames than this are looked up off the threads that serve.
const MANY_FRAMES: usize = 64;

async fn compare(app: &App, prints: Prints, now: Timestamp) -> (Prints, Judgement) {
    let frames = prints.look.as_ref().and_then(|look| look.as_ref().ok()).map_or(0, |look| look.frames.len());
    let judge = move |lists: &SharedLists, prints: &Prints| lists.with(|lists| lists.judge(prints, now));
    if frames > MANY_FRAMES {
        let (lists, of_a_film) = (app.lists.snapshot(), prints.clone());
        let compared = tokio::task::spawn_blocking(move || lists.judge(&of_a_film, now)).await;
        // The runtime may be ending; what is found out now reaches nobody.
        let judgement = compared.unwrap_or_else(|_| judge(&app.lists, &prints));
        return (prints, judgement);
    }
    let judgement = judge(&app.lists, &prints);
    (prints, judgement)
}

/// Seals media, with what a camera wrote into it. That is read of nothing else: without a match it is nobody's business.
pub async fn seal(app: &App, media: &Bytes) -> Result<Sealed> {
    let object = ObjectId(new_uuid(app.db.clock().now(), app.db.random()));
    let (sealed, exif) = tokio::join!(app.vault.seal(object, media), app.pool.exif(media.clone()));
    Ok(sealed?.with_exif(exif.ok().as_ref()))
}

/// Everything that is done to the bytes: digests, and meanwhile the sandboxed look.
pub async fn examine(pool: &decode::Pool, media: &Bytes, wanted: Wanted) -> Prints {
    let (look, digests) = tokio::join!(pool.look(media.clone(), wanted), digests(media));
    Prints { digests, look: Some(look) }
}

async fn digests(media: &Bytes) -> Digests {
    if media.len() <= LARGE {
        return Digests::of(media);
    }
    let bytes = media.clone();
    match tokio::task::spawn_blocking(move || Digests::of(&bytes)).await {
        Ok(digests) => digests,
        // The runtime is ending; what is computed now reaches nobody.
        Err(_) => Digests::of(media),
    }
}

impl Hit {
    fn kept(&self) -> (Option<i64>, Option<i64>) {
        (self.distance.map(i64::from), self.threshold.map(i64::from))
    }
}
