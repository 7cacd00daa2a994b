//! Lists of known fingerprints: where they come from, what they may be used for, and how a change reaches every index.

pub mod api;
mod exports;
pub mod pages;
pub mod preview;
mod rows;
mod store;
pub mod tries;

use std::collections::{HashMap, HashSet};

use fingerprint::{Pdq, Print, Vpdq};
use jiff::Timestamp;

use crate::accounts::{Caller, Permission};
use crate::audit::{self, Entry as Event};
use crate::refusal::{Kind as Refusal, Result, RowFault};
use crate::review;
use crate::store::{BankId, EntryId, Recorded, Tx};

pub use exports::{Exported, export};
pub(crate) use exports::{receivers_of, receivers_of_list};
pub use rows::{Form, Row, parse_csv, parse_ndjson, write_csv, write_ndjson};

/// An id or name that leads nowhere.
pub static UNKNOWN_BANK: Refusal =
    Refusal::new(404, "unknown-bank", "There is no such bank.", "Open Lists and choose one from there.")
        .program("GET /v1/banks lists them.");
/// An entry id that leads nowhere.
pub static UNKNOWN_ENTRY: Refusal = Refusal::new(
    404,
    "unknown-entry",
    "There is no such entry in this bank.",
    "Open the list and choose one of its entries.",
)
.program("GET /v1/banks/{bank}/entries lists them.");
/// A bank of this name exists.
pub static BANK_EXISTS: Refusal = Refusal::new(
    409,
    "bank-exists",
    "A bank of this name exists.",
    "Choose another name, or import into the one there is.",
);
/// A name or threshold outside what a bank can have.
pub static BAD_BANK: Refusal = Refusal::new(
    422,
    "bad-bank",
    "A bank cannot be made like this.",
    "A name has 1 to 80 characters, a threshold is 0 to 63 bits (31 is usual), a quality is 0 to 100 (50 is usual).",
);
/// Rows of an import are faulty; none was taken.
pub static BAD_ROWS: Refusal = Refusal::new(
    422,
    "bad-rows",
    "Some rows cannot be read, so none was imported.",
    "Mend the rows that are listed and send the whole file again.",
);
/// The list's licence forbids passing it on (US-44).
pub static EXPORT_REFUSED: Refusal = Refusal::new(
    403,
    "export-refused",
    "The licence of this list does not allow passing it on.",
    "Ask the list's owner. Lists of the kind `restricted` are used for matching only.",
);

/// All refusals of this domain.
pub const REFUSALS: &[&Refusal] =
    &[&UNKNOWN_BANK, &UNKNOWN_ENTRY, &BANK_EXISTS, &BAD_BANK, &BAD_ROWS, &EXPORT_REFUSED, &preview::ANOTHER_FILE];

/// What a bank's entries are said to be. Decides what a match may lead to.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
#[schema(as = BankKind)]
pub enum Kind {
    /// Material vetted as child sexual abuse material.
    Csam,
    /// Sexually exploitative, perhaps not illegal: review only.
    Exploitative,
    /// Adults' intimate pictures: never a CyberTip.
    NciiAdult,
    /// Our own finds that nobody has confirmed.
    OwnUnconfirmed,
    /// Known false alarms.
    Exception,
    /// For trying out.
    Test,
}

impl Kind {
    /// Whether a match makes or joins a case. Adult lists have their own door; test and exception lists have none.
    pub fn makes_cases(self) -> bool {
        matches!(self, Self::Csam | Self::Exploitative | Self::OwnUnconfirmed)
    }
}

/// What may be done with the list itself.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
pub enum Licence {
    /// Ours.
    Own,
    /// Somebody else's, and may be passed on.
    Shareable,
    /// Somebody else's, for matching only.
    Restricted,
}

/// The sort of fingerprint an entry holds.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[schema(as = EntrySignal)]
pub enum Signal {
    /// MD5 of the bytes.
    Md5,
    /// SHA-1 of the bytes.
    Sha1,
    /// SHA-256 of the bytes.
    Sha256,
    /// PDQ of the picture, at full resolution.
    Pdq,
    /// vPDQ of a film: PDQ, quality and time of its frames. The value of an entry is the SHA-256 of them.
    Vpdq,
    /// PhotoDNA, which only a matcher outside compares: no entry of ours has it.
    Photodna,
}

impl Signal {
    /// How many bytes a value has.
    pub fn width(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 | Self::Pdq | Self::Vpdq => 32,
            Self::Photodna => 144,
        }
    }

    /// The fingerprint in these bytes; none when there are too few or too many.
    pub fn print(self, value: &[u8]) -> Option<Print> {
        Some(match self {
            Self::Md5 => Print::Md5(value.try_into().ok()?),
            Self::Sha1 => Print::Sha1(value.try_into().ok()?),
            Self::Sha256 => Print::Sha256(value.try_into().ok()?),
            Self::Pdq => Print::Pdq(Pdq::from_bytes(value.try_into().ok()?)),
            Self::Vpdq | Self::Photodna => return None,
        })
    }
}

/// A list of known fingerprints.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub struct Bank {
    /// Its id.
    pub id: BankId,
    /// Its name.
    pub name: String,
    /// What its entries are said to be.
    pub kind: Kind,
    /// Who keeps the list.
    pub source: String,
    /// What may be done with it.
    pub licence: Licence,
    /// The greatest PDQ distance, in bits of 256, that is still a match.
    pub threshold: u32,
    /// Whether it matches at all.
    pub enabled: bool,
    /// Matches are counted, and lead to nothing.
    pub shadow: bool,
    /// Pictures are also compared turned and mirrored, in all eight ways.
    pub turned: bool,
    /// Pictures are also compared without their uniform borders.
    pub trimmed: bool,
    /// Pictures whose PDQ quality (0 to 100) is lower are compared with this bank by digest only.
    pub least_quality: u8,
    /// When it last heard from its source.
    #[schema(value_type = String)]
    pub refreshed_at: Timestamp,
    /// The number of its last change in the feed.
    #[serde(skip)]
    pub feed: i64,
    #[serde(skip)]
    pub(crate) removed: bool,
    /// Whether an entry of it is in use, as the feed says.
    #[serde(skip)]
    pub(crate) filled: bool,
}

/// One fingerprint in a bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub id: EntryId,
    /// In which bank.
    pub bank: BankId,
    /// What sort of fingerprint.
    pub signal: Signal,
    /// The fingerprint.
    pub value: Vec<u8>,
    /// The frames of a film, as [`Vpdq::to_bytes`] writes them.
    pub frames: Option<Vec<u8>>,
    /// As the source classifies it.
    pub classification: Option<String>,
    /// Who contributed it.
    pub source: Option<String>,
    /// How it came here.
    pub provenance: Option<String>,
    /// Whether it matches.
    pub enabled: bool,
    pub(crate) removed: bool,
    pub(crate) feed: i64,
}

impl Entry {
    /// The film that it is the fingerprint of.
    pub fn film(&self) -> Option<Vpdq> {
        self.frames.as_deref().and_then(|frames| Vpdq::from_bytes(frames).ok())
    }
}

/// A bank to be made.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub struct NewBank {
    /// 1 to 80 characters, unique.
    pub name: String,
    /// What its entries are said to be.
    pub kind: Kind,
    /// Who keeps the list.
    #[serde(default = "own_source")]
    pub source: String,
    /// What may be done with it. Restricted unless said otherwise.
    #[serde(default = "restricted")]
    pub licence: Licence,
    /// The greatest PDQ distance that is still a match.
    #[serde(default = "usual_threshold")]
    pub threshold: u32,
    /// Match as soon as there is an entry. A bank that is made at a page of the console does not, until somebody who saw what is in
    /// it says so.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Count, don't act.
    #[serde(default)]
    pub shadow: bool,
    /// Compare pictures turned and mirrored as well.
    #[serde(default)]
    pub turned: bool,
    /// Compare pictures without their uniform borders as well.
    #[serde(default)]
    pub trimmed: bool,
    /// Compare pictures of a lower PDQ quality by digest only.
    #[serde(default = "usual_quality")]
    pub least_quality: u8,
}

fn yes() -> bool {
    true
}
fn own_source() -> String {
    "own".to_owned()
}
fn restricted() -> Licence {
    Licence::Restricted
}
/// Below this quality a PDQ hash says little; the exchanges drop such hashes too.
pub(crate) fn usual_quality() -> u8 {
    50
}
/// The distance that the list exchanges recommend for PDQ.
pub(crate) fn usual_threshold() -> u32 {
    31
}

/// A change of a bank; what is absent stays.
#[derive(Clone, Copy, Debug, Default, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Match, or not.
    pub enabled: Option<bool>,
    /// Count, don't act.
    pub shadow: Option<bool>,
    /// The greatest PDQ distance that is still a match.
    pub threshold: Option<u32>,
    /// Compare pictures turned and mirrored as well.
    pub turned: Option<bool>,
    /// Compare pictures without their uniform borders as well.
    pub trimmed: Option<bool>,
    /// Compare pictures of a lower PDQ quality by digest only.
    pub least_quality: Option<u8>,
}

/// Makes a bank.
pub async fn create(tx: &mut Tx, caller: &Caller, new: &NewBank) -> Result<(Bank, Recorded)> {
    caller.require(Permission::ChangeBanks)?;
    let length = new.name.trim().chars().count();
    if !(1..=80).contains(&length) || new.threshold > 63 || new.least_quality > 100 {
        return Err((&BAD_BANK).into());
    }
    if store::by_name(tx, new.name.trim()).await?.is_some() {
        return Err((&BANK_EXISTS).into());
    }
    let feed = store::next_feed(tx).await?;
    let bank = Bank {
        id: tx.id(),
        name: new.name.trim().to_owned(),
        kind: new.kind,
        source: new.source.clone(),
        licence: new.licence,
        threshold: new.threshold,
        enabled: new.enabled,
        shadow: new.shadow,
        turned: new.turned,
        trimmed: new.trimmed,
        least_quality: new.least_quality,
        refreshed_at: tx.now(),
        feed,
        removed: false,
        filled: false,
    };
    store::insert(tx, &bank).await?;
    let detail = serde_json::to_value(&bank).unwrap_or_default();
    let proof = audit::record(tx, Event::by(caller, "bank.created").about(bank.id).detail(detail)).await?;
    Ok((bank, proof))
}

/// All banks.
pub async fn list(tx: &mut Tx, caller: &Caller) -> Result<Vec<(Bank, i64)>> {
    caller.require(Permission::ReadBanks)?;
    store::list(tx).await
}

/// Enabled lists of abuse material of others that were last refreshed before `since`. The operator's own lists are not among
/// them: nobody else refreshes those.
pub async fn stale(tx: &mut Tx, since: Timestamp) -> Result<Vec<BankId>> {
    let banks = store::list(tx).await?.into_iter().map(|(bank, _)| bank);
    let stale = banks.filter(|bank| {
        bank.kind == Kind::Csam
            && bank.enabled
            && !bank.shadow
            && bank.licence != Licence::Own
            && bank.refreshed_at < since
    });
    Ok(stale.map(|bank| bank.id).collect())
}

/// The bank of this id or name.
pub async fn find(tx: &mut Tx, caller: &Caller, which: &str) -> Result<Bank> {
    caller.require(Permission::ReadBanks)?;
    let found = match which.parse::<BankId>() {
        Ok(id) => store::by_id(tx, id).await?,
        Err(_) => store::by_name(tx, which).await?,
    };
    found.ok_or_else(|| UNKNOWN_BANK.because(format!("asked for: {which}")))
}

/// Changes whether and how a bank matches.
pub async fn change(tx: &mut Tx, caller: &Caller, id: BankId, change: Change) -> Result<(Bank, Recorded)> {
    caller.require(Permission::ChangeBanks)?;
    if change.threshold.is_some_and(|bits| bits > 63) || change.least_quality.is_some_and(|quality| quality > 100) {
        return Err((&BAD_BANK).into());
    }
    let feed = store::next_feed(tx).await?;
    let mut bank = store::by_id(tx, id).await?.ok_or(&UNKNOWN_BANK)?;
    bank.enabled = change.enabled.unwrap_or(bank.enabled);
    bank.shadow = change.shadow.unwrap_or(bank.shadow);
    bank.threshold = change.threshold.unwrap_or(bank.threshold);
    bank.turned = change.turned.unwrap_or(bank.turned);
    bank.trimmed = change.trimmed.unwrap_or(bank.trimmed);
    bank.least_quality = change.least_quality.unwrap_or(bank.least_quality);
    bank.feed = feed;
    store::update(tx, &bank).await?;
    let detail = serde_json::to_value(change).unwrap_or_default();
    let proof = audit::record(tx, Event::by(caller, "bank.changed").about(id).detail(detail)).await?;
    Ok((bank, proof))
}

/// Takes a bank out of use for good. Its rows stay, so that old verdicts can be explained.
pub async fn remove(tx: &mut Tx, caller: &Caller, id: BankId) -> Result<Recorded> {
    caller.require(Permission::ChangeBanks)?;
    let feed = store::next_feed(tx).await?;
    let mut bank = store::by_id(tx, id).await?.ok_or(&UNKNOWN_BANK)?;
    bank.removed = true;
    bank.enabled = false;
    bank.feed = feed;
    // The name becomes free for another list.
    bank.name = format!("{} (removed {id})", bank.name);
    store::update(tx, &bank).await?;
    audit::record(tx, Event::by(caller, "bank.removed").about(id)).await
}

/// How an import went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Imported {
    /// Which bank.
    pub bank: BankId,
    /// Rows that are new.
    pub added: u64,
    /// Rows that were there; their particulars are the newer ones now.
    pub renewed: u64,
}

/// Imports rows: all of them, or none.
pub async fn import(tx: &mut Tx, caller: &Caller, id: BankId, rows: &[Row]) -> Result<(Imported, Recorded)> {
    caller.require(Permission::ChangeBanks)?;
    let feed = store::next_feed(tx).await?;
    let mut bank = store::by_id(tx, id).await?.ok_or(&UNKNOWN_BANK)?;
    let mut seen = HashSet::new();
    let mut faults = Vec::new();
    for (row, number) in rows.iter().zip(1_u64..) {
        if !seen.insert((row.signal, row.value.as_slice())) {
            faults.push(RowFault { row: number, message: "the same fingerprint stands in an earlier row".to_owned() });
        }
        if faults.len() >= rows::MOST_FAULTS {
            break;
        }
    }
    if !faults.is_empty() {
        return Err(BAD_ROWS.rows(faults));
    }
    let (mut added, mut renewed) = (0, 0);
    for row in rows {
        if store::upsert_entry(tx, id, row, feed).await? { added += 1 } else { renewed += 1 }
    }
    bank.feed = feed;
    bank.refreshed_at = tx.now();
    store::update(tx, &bank).await?;
    let imported = Imported { bank: id, added, renewed };
    let detail = serde_json::to_value(imported).unwrap_or_default();
    let proof = audit::record(tx, Event::by(caller, "bank.imported").about(id).detail(detail)).await?;
    Ok((imported, proof))
}

/// Enables, disables or removes one entry.
pub async fn change_entry(
    tx: &mut Tx,
    caller: &Caller,
    bank: BankId,
    entry: EntryId,
    enabled: bool,
) -> Result<Recorded> {
    caller.require(Permission::ChangeBanks)?;
    let feed = store::next_feed(tx).await?;
    if !store::set_entry(tx, bank, entry, enabled, feed).await? {
        return Err((&UNKNOWN_ENTRY).into());
    }
    store::touch(tx, bank, feed).await?;
    let kind = if enabled { "entry.enabled" } else { "entry.disabled" };
    audit::record(tx, Event::by(caller, kind).about(entry)).await
}

/// The bank that corrections fill.
const CORRECTIONS: &str = "Corrections";
/// The bank that requests to remove adults' intimate pictures fill (US-60).
const REMOVALS: &str = "Removed intimate pictures";

/// Puts the digest of a file that a person found harmless into the exception bank.
pub(crate) async fn except(tx: &mut Tx, caller: &Caller, sha256: &[u8; 32], provenance: &str) -> Result<()> {
    add_own(tx, caller, (CORRECTIONS, Kind::Exception), "entry.excepted", sha256, provenance).await
}

/// Lets no identical copy of an adult's intimate picture pass any more: it matches, and makes no case.
pub(crate) async fn keep_out(tx: &mut Tx, caller: &Caller, sha256: &[u8; 32], provenance: &str) -> Result<()> {
    add_own(tx, caller, (REMOVALS, Kind::NciiAdult), "entry.kept_out", sha256, provenance).await
}

/// The bank that two people's confirmations fill (HR-10).
const CONFIRMED: &str = "Own finds, confirmed";

/// Lets a file act that two people confirmed to be what our own list says.
pub(crate) async fn confirm(tx: &mut Tx, caller: &Caller, sha256: &[u8; 32], provenance: &str) -> Result<()> {
    add_own(tx, caller, (CONFIRMED, Kind::Csam), "entry.confirmed", sha256, provenance).await?;
    // A denial that was taken back had switched it off.
    let Some(bank) = store::by_name(tx, CONFIRMED).await? else { return Ok(()) };
    let Some(entry) = store::entry_of(tx, bank.id, Signal::Sha256, sha256).await? else { return Ok(()) };
    store::set_entry(tx, bank.id, entry, true, bank.feed).await.map(drop)
}

/// Stops a file from acting that somebody denies. Nothing where it was not confirmed.
pub(crate) async fn confirm_no_more(tx: &mut Tx, caller: &Caller, sha256: &[u8; 32]) -> Result<()> {
    let Some(bank) = store::by_name(tx, CONFIRMED).await? else { return Ok(()) };
    let Some(entry) = store::entry_of(tx, bank.id, Signal::Sha256, sha256).await? else { return Ok(()) };
    switch_off(tx, caller, bank.id, entry).await
}

/// Puts a digest into a bank of ours, which is made when it is first needed.
async fn add_own(
    tx: &mut Tx,
    caller: &Caller,
    (name, kind): (&str, Kind),
    event: &'static str,
    sha256: &[u8; 32],
    provenance: &str,
) -> Result<()> {
    let feed = store::next_feed(tx).await?;
    let mut bank = if let Some(bank) = store::by_name(tx, name).await? {
        bank
    } else {
        let bank = Bank {
            id: tx.id(),
            name: name.to_owned(),
            kind,
            source: own_source(),
            licence: Licence::Own,
            threshold: usual_threshold(),
            enabled: true,
            shadow: false,
            turned: false,
            trimmed: false,
            least_quality: usual_quality(),
            refreshed_at: tx.now(),
            feed,
            removed: false,
            filled: false,
        };
        store::insert(tx, &bank).await?;
        audit::record(tx, Event::by(caller, "bank.created").about(bank.id)).await.map(drop)?;
        bank
    };
    let row = Row {
        signal: Signal::Sha256,
        value: sha256.to_vec(),
        frames: None,
        classification: None,
        source: None,
        provenance: Some(provenance.to_owned()),
    };
    store::upsert_entry(tx, bank.id, &row, feed).await.map(drop)?;
    bank.feed = feed;
    bank.refreshed_at = tx.now();
    store::update(tx, &bank).await?;
    let detail = serde_json::json!({"provenance": provenance});
    audit::record(tx, Event::by(caller, event).about(bank.id).detail(detail)).await.map(drop)
}

/// Switches off an entry that a correction found wrong. Nothing where the entry is not one of ours.
pub(crate) async fn switch_off(tx: &mut Tx, caller: &Caller, bank: BankId, entry: EntryId) -> Result<()> {
    let feed = store::next_feed(tx).await?;
    if store::set_entry(tx, bank, entry, false, feed).await? {
        store::touch(tx, bank, feed).await?;
        audit::record(tx, Event::by(caller, "entry.disabled").about(entry)).await.map(drop)?;
    }
    Ok(())
}

/// Sets a list aside: it matches no more until somebody enables it again.
pub(crate) async fn set_aside(tx: &mut Tx, caller: &Caller, id: BankId, reason: &str) -> Result<()> {
    let feed = store::next_feed(tx).await?;
    let mut bank = store::by_id(tx, id).await?.ok_or(&UNKNOWN_BANK)?;
    bank.enabled = false;
    bank.feed = feed;
    store::update(tx, &bank).await?;
    let detail = serde_json::json!({"enabled": false, "because": reason});
    audit::record(tx, Event::by(caller, "bank.changed").about(id).detail(detail)).await.map(drop)
}

/// Entries of a bank after a given one, in order of their ids: those that may be seen, how many are left out, for they may be a
/// child's own pictures, and after which the next page begins.
pub async fn entries(
    tx: &mut Tx,
    caller: &Caller,
    id: BankId,
    after: EntryId,
    limit: i64,
) -> Result<(Vec<Entry>, usize, Option<EntryId>)> {
    caller.require(Permission::ReadBanks)?;
    caller.require(Permission::SeeMatches)?;
    store::by_id(tx, id).await?.ok_or(&UNKNOWN_BANK)?;
    let all = store::entries(tx, id, after, limit).await?;
    let next = all.last().map(|last| last.id).filter(|_| i64::try_from(all.len()).is_ok_and(|n| n >= limit));
    let childs = review::childs_own(tx).await?;
    let (stays, shown): (Vec<Entry>, Vec<Entry>) = all.into_iter().partition(|entry| childs.is(entry));
    Ok((shown, stays.len(), next))
}

/// Where in the feed of changes something stands: after this number, and within it after this entry.
pub(crate) type Place = (i64, EntryId);

/// The newest number of the feed.
pub(crate) async fn newest(tx: &mut Tx) -> Result<i64> {
    store::newest(tx).await
}

/// The mark that a number of the feed bears; none when this database has not come so far.
pub(crate) async fn mark(tx: &mut Tx, number: i64) -> Result<Option<uuid::Uuid>> {
    store::mark(tx, number).await
}

/// Banks that changed after a number of the feed.
pub(crate) async fn changed_after(tx: &mut Tx, feed: i64) -> Result<Vec<Bank>> {
    store::banks_after(tx, feed).await
}

/// The next entries that changed after a place in the feed, at most `limit`; read in one state of the database, so that
/// none is skipped.
pub(crate) async fn entries_changed_after(tx: &mut Tx, place: Place, limit: i64) -> Result<Vec<Entry>> {
    store::entries_after(tx, place, limit).await
}

/// The ids of a bank's entries, also of a bank that was removed.
pub(crate) async fn ids_after(tx: &mut Tx, bank: BankId, after: EntryId, limit: i64) -> Result<Vec<EntryId>> {
    store::ids_after(tx, bank, after, limit).await
}

/// Entries with their banks, by their ids.
pub(crate) async fn entries_of(tx: &mut Tx, ids: &[EntryId]) -> Result<HashMap<EntryId, (Bank, Entry)>> {
    Ok(store::entries_of(tx, ids).await?.into_iter().map(|(bank, entry)| (entry.id, (bank, entry))).collect())
}
