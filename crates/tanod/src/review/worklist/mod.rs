//! The worklist: the next case in one press, one put off or handed on with a reason, and any case found by what is known of it.

pub mod api;
pub(super) mod pages;
mod store;
mod wanted;

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::decisions::NOBODY_NEXT;
use super::store as cases;
use super::{Case, NO_REASON, Priority, lease, leased};
use crate::accounts::{self, Caller, Permission};
use crate::audit::{self, Entry};
use crate::care;
use crate::refusal::{Kind, Result};
use crate::store::{CaseId, PersonId, Recorded, Tx};

pub use wanted::{Conditions, Due, Wanted, With};

/// Nothing to take.
pub static NOTHING_NEXT: Kind = Kind::new(
    404,
    "nothing-next",
    "No case waits for you.",
    "Cases that others work on, that are put off, or that you chose not to see are not given to you.",
);
/// A case that waits for nobody.
pub static NOT_PUT_OFF: Kind = Kind::new(
    422,
    "not-put-off",
    "This case cannot be put off so.",
    "A case in which a child may be in danger now is never put off, and no other for longer than three days.",
);
/// A search for nothing.
pub static NOTHING_SOUGHT: Kind = Kind::new(
    422,
    "nothing-sought",
    "This is too short to look for.",
    "Give a case's number, a CyberTip number, an account, a content id, a hash, an address, a telephone number, a reference, or a day, hour or minute in UTC: whole, of at least 1 and at most 255 characters.",
);

/// All refusals of this file.
pub const REFUSALS: &[&Kind] = &[&NOTHING_NEXT, &NOT_PUT_OFF, &NOTHING_SOUGHT];

/// So many of the most urgent cases are considered for the next one.
const CONSIDERED: i64 = 200;
/// No case is put off for longer.
const LONGEST: SignedDuration = SignedDuration::from_hours(72);

/// Takes the next case: the most urgent one that nobody works on, is not put off, is not named for another, and is not of a
/// category that the caller chose not to see. After so many severe ones in a row it is a milder one, where one waits; never
/// before a case in which a child may be in danger now. Two people who press at one time get two cases. Whoever filters gets one
/// that their filter shows.
pub async fn take_next(
    tx: &mut Tx,
    caller: &Caller,
    settings: &care::Settings,
    wanted: &Wanted,
) -> Result<(Case, Recorded)> {
    caller.require(Permission::DecideCases)?;
    let person = caller.person()?;
    // Without the right to look nothing is to be kept from anybody.
    let (out, rotate) = if caller.may(Permission::SeeDepictions) {
        care::keep_from(tx, caller, settings).await?
    } else {
        (Vec::new(), false)
    };
    let waiting = store::waiting(tx, wanted, person, CONSIDERED).await?;
    let mut waiting: Vec<_> = waiting.into_iter().filter(|one| !out.contains(&one.severity)).collect();
    if rotate {
        let severe = |one: &store::Waiting| settings.severe.contains(&one.severity) && one.priority != Priority::P0;
        waiting.sort_by_key(severe);
    }
    for one in waiting {
        // Somebody else may have taken it since it was read.
        if store::take(tx, one.id, person).await? {
            return lease(tx, caller, one.id).await;
        }
    }
    Err((&NOTHING_NEXT).into())
}

/// Puts a case off for a while, with a reason; its deadlines run on, and page as ever.
pub async fn put_off(tx: &mut Tx, caller: &Caller, id: CaseId, until: Timestamp, because: &str) -> Result<Recorded> {
    let case = leased(tx, caller, id).await?;
    let now = tx.now();
    if because.trim().chars().count() < 8 {
        return Err((&NO_REASON).into());
    }
    if case.priority == Priority::P0 || until <= now || until.duration_since(now) > LONGEST {
        return Err((&NOT_PUT_OFF).into());
    }
    store::put_off(tx, id, until, because).await?;
    cases::release(tx, id).await?;
    let detail = serde_json::json!({"until": until});
    audit::record(tx, Entry::by(caller, "case.put_off").case(id).detail(detail)).await
}

/// Hands a case that one works on to a named colleague, with a reason.
pub async fn hand_over(tx: &mut Tx, caller: &Caller, id: CaseId, to: PersonId, because: &str) -> Result<Recorded> {
    leased(tx, caller, id).await?;
    if because.trim().chars().count() < 8 {
        return Err((&NO_REASON).into());
    }
    let may = accounts::people_who_may(tx, Permission::DecideCases).await?;
    if caller.person()? == to || !may.iter().any(|one| one.id == to) {
        return Err((&NOBODY_NEXT).into());
    }
    cases::give_to(tx, id, Some(to)).await?;
    cases::release(tx, id).await?;
    let detail = serde_json::json!({"to": accounts::staff_of(tx, to).await?});
    audit::record(tx, Entry::by(caller, "case.handed_over").case(id).detail(detail)).await
}

/// Why a case waits although nobody works on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutOff {
    /// Until when.
    pub until: Timestamp,
    /// In whose words.
    pub because: String,
}

/// Cases as somebody wants them, most urgent first, then longest known.
pub async fn list(tx: &mut Tx, caller: &Caller, wanted: &Wanted, limit: i64) -> Result<Vec<Case>> {
    caller.require(Permission::ReadCases)?;
    let person = if wanted.with == Some(With::Me) { Some(caller.person()?) } else { None };
    store::page(tx, wanted, person, limit).await
}

/// What is said of a case before it is opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beforehand {
    /// How severe the lists say its worst upload is.
    pub severity: Option<String>,
    /// The language of its content, where the platform said so.
    pub language: Option<String>,
    /// Whether it is put off.
    pub put_off: Option<PutOff>,
}

/// What is said of cases before they are opened.
pub async fn beforehand(tx: &mut Tx, ids: &[CaseId]) -> Result<HashMap<CaseId, Beforehand>> {
    let now = tx.now();
    let mut said = store::beforehand(tx, ids).await?;
    for one in said.values_mut() {
        one.put_off = one.put_off.take().filter(|put_off| put_off.until > now);
    }
    Ok(said)
}

/// Keeps the next open deadline of cases, for whoever filters by it.
pub(crate) async fn due(tx: &mut Tx, due: &[(CaseId, Option<Timestamp>)]) -> Result<()> {
    store::set_due(tx, due).await
}

/// Keeps the language of a case's content, the first that the platform names.
pub(super) async fn speaks(tx: &mut Tx, case: CaseId, language: &str) -> Result<()> {
    store::set_language(tx, case, &language.to_lowercase()).await
}

/// Finds cases by something that is known of them, whole and not in part: number, id, account, CyberTip number, the platform's
/// content id, a digest, an address, a telephone number, a device, a police reference; or by the day, hour or minute in UTC in which
/// they became known. Most urgent first, at most a hundred.
pub async fn search(tx: &mut Tx, caller: &Caller, sought: &str) -> Result<Vec<Case>> {
    caller.require(Permission::ReadCases)?;
    let sought = sought.trim();
    if sought.is_empty() || sought.len() > 255 {
        return Err((&NOTHING_SOUGHT).into());
    }
    let number: Option<i64> = sought.trim_start_matches('#').parse().ok().filter(|number| *number > 0);
    let id: Option<CaseId> = sought.parse().ok();
    let digest = hex::decode(sought).ok().filter(|digest| matches!(digest.len(), 16 | 20 | 32));
    store::search(tx, sought, &word(sought), number, id, digest.as_deref(), wanted::span_of(sought)).await
}

/// A word as it is kept and sought: without case, spaces and the marks that people write into telephone numbers.
fn word(text: &str) -> String {
    let text = text.trim().to_lowercase();
    let telephone = text.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '(' | ')' | '/' | '.'))
        && text.chars().filter(char::is_ascii_digit).count() >= 7
        && text.parse::<std::net::IpAddr>().is_err();
    if telephone { text.chars().filter(char::is_ascii_digit).collect() } else { text }
}

/// What a word is by which a case is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Known {
    /// An IP address.
    Address,
    /// A device, by the platform's id.
    Device,
    /// A link under which something was passed on.
    Link,
    /// An e-mail address.
    Email,
    /// A telephone number.
    Telephone,
    /// A payment in a stream, or what was paid with, by the platform's mark.
    Payment,
    /// A name that other users see, or anything else: found by, and linked to nothing.
    Name,
}

impl Known {
    /// What a key says by which uploads without an account are held together (`ip:…`).
    pub fn of_key(kind: &str) -> Self {
        match kind {
            "ip" => Self::Address,
            "device" => Self::Device,
            "link" => Self::Link,
            _ => Self::Name,
        }
    }
}

/// Keeps words by which a case is found. They go with its evidence: [`forget`].
pub async fn remember<'a>(tx: &mut Tx, case: CaseId, words: impl IntoIterator<Item = (Known, &'a str)>) -> Result<()> {
    let words = words.into_iter().map(|(kind, text)| (word(text), kind));
    let words: std::collections::BTreeMap<String, Known> =
        words.filter(|(word, _)| (3..=255).contains(&word.len())).collect();
    store::remember(tx, case, &words).await
}

/// Forgets the words by which a case was found.
pub async fn forget(tx: &mut Tx, case: CaseId) -> Result<()> {
    store::forget(tx, case).await
}

/// Keeps how severe the lists say the worst upload of a case is.
pub(super) async fn weigh(tx: &mut Tx, case: CaseId, severity: &str) -> Result<()> {
    store::weigh(tx, case, severity).await
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn words_are_sought_as_people_write_them() {
        assert_eq!(word(" +63 (2) 8-555.0100 "), "63285550100");
        assert_eq!(word("Somebody@Platform.EXAMPLE"), "somebody@platform.example");
        assert_eq!(word("192.0.2.14"), "192.0.2.14", "an address is no telephone number");
        assert_eq!(word("2001:DB8::1"), "2001:db8::1");
    }
}
