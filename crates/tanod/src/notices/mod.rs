//! The door for people: somebody says what they saw, and it is kept, answered, and put before a person.
//!
//! Nobody is silenced. Who sends too much is gathered: kept all the same, seen with their history, and not paged for each.

pub mod api;
mod joining;
mod media;
pub mod pages;
pub mod public;
pub mod removals;
mod store;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::accounts::{Caller, Permission};
use crate::alarms;
use crate::audit::{self, Entry};
use crate::intake::{Account, addresses};
use crate::refusal::{Kind as RefusalKind, Result};
use crate::store::{CaseId, ItemId, NoticeId, Recorded, Tx};

pub use media::Told;

/// A notice that cannot be read.
pub static BAD_NOTICE: RefusalKind = RefusalKind::new(
    422,
    "bad-notice",
    "The notice cannot be read.",
    "Say who tells it and why, and name at least one of: a content id, an address, an account, or what happened in words.",
).program("`kind` and `reason`, and one of content_ids, urls, account or words; /openapi.json has the form. With media: multipart/form-data \
     with a part `notice` (JSON) and up to ten parts `media`.");
/// Pictures from the police.
pub static POLICE_MEDIA: RefusalKind = RefusalKind::new(
    422,
    "police-media",
    "Police do not hand depictions to a provider through here (US-21).",
    "Send the notice without media: addresses, content ids or digests are enough to find it.",
);
/// An id that leads nowhere.
pub static UNKNOWN_NOTICE: RefusalKind =
    RefusalKind::new(404, "unknown-notice", "There is no such notice.", "Open Notices and choose one from there.")
        .program("GET /v1/notices lists them.");
/// The public form is not switched on.
pub static NO_FORM: RefusalKind = RefusalKind::new(
    404,
    "no-public-form",
    "This installation has no public form.",
    "The operator can switch one on in the settings.",
)
.program("A program sends notices to POST /v1/notices.");

/// All refusals of this domain.
pub const REFUSALS: &[&RefusalKind] =
    &[&BAD_NOTICE, &POLICE_MEDIA, &UNKNOWN_NOTICE, &NO_FORM, &removals::REMOVAL_SETTLED];

/// How the door is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Whether `/report` is there.
    pub public_form: bool,
    /// Whether it takes pictures and films.
    pub public_form_media: bool,
    /// Beyond so many an hour a reporter's notices are gathered.
    pub per_reporter_per_hour: i64,
    /// Beyond so many an hour a reporter's "danger now" pages nobody.
    pub danger_per_reporter_per_hour: i64,
    /// So many forms an hour are taken from one address.
    pub per_address_per_hour: u32,
    /// What a person depicted is told: where help is.
    pub support: Support,
}

/// Where help is, in the languages of the form.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Support {
    /// English.
    pub en: String,
    /// Filipino.
    pub fil: String,
    /// Arabic.
    pub ar: String,
}

impl Support {
    /// What is said in a language, or in English.
    pub fn said(&self, language: &str) -> &str {
        let own = match language {
            "fil" => &self.fil,
            "ar" => &self.ar,
            _ => &self.en,
        };
        if own.is_empty() { &self.en } else { own }
    }
}

/// Who tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NoticeKind)]
pub enum Kind {
    /// Somebody who uses the platform.
    User,
    /// The person depicted.
    Depicted,
    /// Somebody who speaks for them: a parent, a lawyer.
    Representative,
    /// Somebody who works for the platform.
    Moderator,
    /// A hotline.
    Hotline,
    /// The police.
    Police,
}

impl Kind {
    /// Whether it is about the teller's own pictures: never treated as an offender's (US-49).
    pub fn is_victims(self) -> bool {
        matches!(self, Self::Depicted | Self::Representative)
    }
}

/// What it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NoticeReason)]
pub enum Reason {
    /// Pictures or films of a child's abuse.
    AbuseMaterial,
    /// Abuse that happens live, or is ordered.
    LiveAbuse,
    /// Somebody talks a child into sexual acts, or asks it for pictures.
    Enticement,
    /// Somebody threatens to pass pictures on.
    Sextortion,
    /// An adult who has a child within reach.
    AdultWithAccess,
    /// One's own picture, made before the age of 18.
    OwnPicture,
    /// An adult's intimate picture, passed on without consent (US-60).
    IntimateAdult,
    /// Something else; the words say what.
    Other,
}

impl Reason {
    /// All of them, in the order of the forms.
    pub const ALL: [Self; 8] = [
        Self::AbuseMaterial,
        Self::LiveAbuse,
        Self::Enticement,
        Self::Sextortion,
        Self::AdultWithAccess,
        Self::OwnPicture,
        Self::IntimateAdult,
        Self::Other,
    ];
}

/// Through which door it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NoticeDoor)]
pub enum Door {
    /// The platform's program.
    Api,
    /// "New case" in the console.
    Console,
    /// The public form.
    Form,
}

/// A notice on its way in. Everything but kind and reason may be left out; nobody has to say who they are (EU-20).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewNotice {
    /// Who tells.
    pub kind: Kind,
    /// What it is about.
    pub reason: Reason,
    /// In their words.
    #[serde(default)]
    pub words: String,
    /// The conversation around it.
    #[serde(default)]
    pub thread: Option<String>,
    /// The account it is about.
    #[serde(default)]
    pub account: Option<Account>,
    /// The platform's own ids of the content.
    #[serde(default)]
    pub content_ids: Vec<String>,
    /// Where it can be seen.
    #[serde(default)]
    pub urls: Vec<String>,
    /// Whether a child is in danger now.
    #[serde(default)]
    pub danger_now: bool,
    /// How to reach whoever tells, if they want to be reached.
    #[serde(default)]
    pub contact: Option<String>,
    /// The platform's id of the account that tells; absent for an anonymous notice.
    #[serde(default)]
    pub reporter_account: Option<String>,
}

impl NewNotice {
    /// Refuses what says nothing, or too much to be kept.
    pub fn check(&self) -> Result<()> {
        let fault = |what: &str| Err(BAD_NOTICE.because(what.to_owned()));
        let long = |text: &str, most: usize| text.chars().count() > most;
        if self.words.trim().is_empty()
            && self.account.is_none()
            && self.content_ids.is_empty()
            && self.urls.is_empty()
            && self.thread.is_none()
        {
            return fault("it names nothing: no content, no address, no account, no words");
        }
        if long(&self.words, 10_000) {
            return fault("words must have at most 10000 characters");
        }
        if self.thread.as_ref().is_some_and(|thread| long(thread, 200_000)) {
            return fault("thread must have at most 200000 characters");
        }
        if self.contact.as_ref().is_some_and(|contact| contact.trim().is_empty() || long(contact, 300)) {
            return fault("contact must have 1 to 300 characters");
        }
        let id = |id: &String| !id.trim().is_empty() && !long(id, 255);
        if self.content_ids.len() > 50 || !self.content_ids.iter().all(id) {
            return fault("content_ids must be at most 50, of 1 to 255 characters each");
        }
        if !self.account.iter().map(|account| &account.id).chain(&self.reporter_account).all(id) {
            return fault("an account's id must have 1 to 255 characters");
        }
        let url = |url: &String| {
            let web = url.starts_with("https://") || url.starts_with("http://");
            web && !long(url, 2_083) && !url.chars().any(|c| c.is_whitespace() || c.is_control())
        };
        if self.urls.len() > 50 || !self.urls.iter().all(url) {
            return fault("urls must be at most 50, absolute (http or https), without spaces");
        }
        Ok(())
    }
}

/// A notice as it is kept.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Notice {
    /// Its id.
    pub id: NoticeId,
    /// What was said.
    #[serde(flatten)]
    pub said: NewNotice,
    /// Through which door.
    pub door: Door,
    /// Uploads that came with it.
    pub items: Vec<ItemId>,
    /// The case it made or joined.
    pub case: Option<CaseId>,
    /// Whether it came beyond what one reporter sends in an hour.
    pub gathered: bool,
    /// Whether its "danger now" is one of many of this reporter's, and paged nobody.
    pub danger_discounted: bool,
    /// Whether it can be seen again who told it. Not who.
    pub reporter_known: bool,
    /// When it came.
    #[schema(value_type = String)]
    pub received_at: Timestamp,
}

/// What became of a reporter's other notices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct History {
    /// How many.
    pub notices: i64,
    /// In cases that were reported.
    pub reported: i64,
    /// In cases that were closed without a report.
    pub dismissed: i64,
}

/// What somebody who follows the status link is told: nothing about the case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It has arrived.
    Received,
    /// Somebody is at it.
    LookedAt,
    /// It is decided.
    Done,
}

/// Who tells, as far as a flood and a history need it.
#[derive(Clone, Debug)]
pub struct Reporter {
    /// The record's word for them.
    mark: Option<String>,
    actor: String,
    door: Door,
}

impl Reporter {
    /// A program tells for somebody; an account of the platform, where it is named.
    pub fn by_program(caller: &Caller, said: &NewNotice) -> Self {
        let mark = match (&said.reporter_account, said.kind) {
            (Some(account), _) => Some(format!("account:{account}")),
            // A hotline and the police speak with a voice of their own.
            (None, Kind::Hotline | Kind::Police) => Some(format!("key:{}", caller.mark())),
            (None, _) => None,
        };
        Self { mark, actor: caller.mark(), door: Door::Api }
    }

    /// Somebody signed in to the console.
    pub fn by_staff(caller: &Caller) -> Self {
        Self { mark: Some(caller.mark()), actor: caller.mark(), door: Door::Console }
    }

    /// Somebody at the public form. What is kept of the address is a hash under a key of this installation.
    pub fn at_the_form(address: &str, key: &[u8]) -> Self {
        let hash = Sha256::new().chain_update(key).chain_update(address).finalize();
        let (short, _) = hash.split_at(12);
        Self {
            mark: Some(format!("address:{}", hex::encode(short))),
            actor: "public form".to_owned(),
            door: Door::Form,
        }
    }
}

/// A notice that was taken.
pub struct Taken {
    /// As it is kept.
    pub notice: Notice,
    /// What the status link holds. Shown once; only its hash is kept.
    pub link: String,
}

fn hour_ago(now: Timestamp) -> Timestamp {
    now.checked_sub(SignedDuration::from_hours(1)).unwrap_or(now)
}

/// Takes a notice, with the media that came with it: it joins the account's case or opens one, with its route and what makes
/// it urgent. From this moment the operator knows (US-03, UK-02, EU-21).
pub async fn take(
    tx: &mut Tx,
    reporter: &Reporter,
    said: NewNotice,
    told: &[Told],
    settings: &Settings,
) -> Result<(Taken, Recorded)> {
    said.check()?;
    let since = hour_ago(tx.now());
    let (sent, dangers) = match &reporter.mark {
        Some(mark) => store::sent_since(tx, mark, since).await?,
        None => (0, 0),
    };
    // Staff are never a flood.
    let counts = reporter.door != Door::Console;
    let gathered = counts && sent >= settings.per_reporter_per_hour;
    let danger_discounted = counts && said.danger_now && dangers >= settings.danger_per_reporter_per_hour;
    let link = hex::encode(tx.random().bytes::<32>());
    let mut notice = Notice {
        id: tx.id(),
        door: reporter.door,
        items: told.iter().map(|told| told.arrival.id).collect(),
        case: None,
        gathered,
        danger_discounted,
        reporter_known: reporter.mark.is_some(),
        received_at: tx.now(),
        said,
    };
    store::insert(tx, &notice, reporter.mark.as_deref(), &link_hash(&link)).await?;
    for address in notice.said.urls.iter().filter_map(|url| addresses::digest(url)) {
        store::insert_address(tx, notice.id, &address).await?;
    }
    for one in told {
        media::keep(tx, notice.id, one).await?;
    }
    let items: Vec<_> = told.iter().map(|told| (told.arrival.id, told.arrival.judgement.verdict)).collect();
    notice.case = joining::join(tx, &notice, reporter.mark.as_deref(), &items).await?;
    if let Some(case) = notice.case {
        store::set_case(tx, notice.id, case).await?;
    }
    if notice.said.reason == Reason::IntimateAdult {
        removals::begin(tx, &notice).await?;
    }
    if notice.said.danger_now && !danger_discounted {
        let subject = notice.case.map_or_else(|| notice.id.to_string(), |case| case.to_string());
        alarms::raise_anew(tx, alarms::Kind::DangerNow, &subject, notice.case).await?;
    }
    let detail = serde_json::json!({
        "kind": notice.said.kind, "reason": notice.said.reason, "danger_now": notice.said.danger_now, "gathered": gathered,
        "danger_discounted": danger_discounted, "items": notice.items, "door": notice.door,
    });
    let mut entry = Entry::by_tanod("notice.received").about(notice.id).detail(detail);
    entry.case = notice.case;
    entry.actor.clone_from(&reporter.actor);
    let proof = audit::record(tx, entry).await?;
    Ok((Taken { notice, link }, proof))
}

/// Writes down that the police sent depictions, which were not taken (US-21).
pub async fn refuse_media(tx: &mut Tx, caller: &Caller) -> Result<Recorded> {
    audit::record(tx, Entry::by(caller, "notice.media_refused")).await
}

/// Which of the two kinds of notices, which are never mixed (US-60).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NoticeQueue)]
pub enum Queue {
    /// About children.
    Children,
    /// About adults' intimate pictures; their deadlines stand in /v1/removals.
    Adults,
}

/// Notices, newest first.
pub async fn list(
    tx: &mut Tx,
    caller: &Caller,
    queue: Option<Queue>,
    case: Option<CaseId>,
    before: Option<NoticeId>,
    limit: i64,
) -> Result<Vec<Notice>> {
    caller.require(Permission::ReadNotices)?;
    store::list(tx, queue, case, before, limit).await
}

/// What became of the other notices of whoever told this one.
pub async fn history(tx: &mut Tx, caller: &Caller, notice: NoticeId) -> Result<History> {
    caller.require(Permission::ReadNotices)?;
    store::history(tx, notice).await
}

/// Where a notice stands, for whoever holds its link.
pub async fn status(tx: &mut Tx, link: &str) -> Result<Status> {
    store::status(tx, &link_hash(link)).await?.ok_or_else(|| (&UNKNOWN_NOTICE).into())
}

fn link_hash(link: &str) -> [u8; 32] {
    Sha256::digest(link.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said() -> NewNotice {
        serde_json::from_str(r#"{"kind": "user", "reason": "other", "words": "x"}"#).unwrap()
    }

    #[test]
    fn a_notice_says_something_and_fits() {
        assert!(said().check().is_ok());
        let change = |change: &dyn Fn(&mut NewNotice)| {
            let mut said = said();
            change(&mut said);
            said.check().err().and_then(|error| error.slug())
        };
        for bad in [
            change(&|said| said.words.clear()),
            change(&|said| said.words = "x".repeat(10_001)),
            change(&|said| said.thread = Some("x".repeat(200_001))),
            change(&|said| said.contact = Some(" ".to_owned())),
            change(&|said| said.content_ids = vec!["x".to_owned(); 51]),
            change(&|said| said.content_ids = vec![String::new()]),
            change(&|said| said.urls = vec!["ftp://x".to_owned()]),
            change(&|said| said.reporter_account = Some(String::new())),
        ] {
            assert_eq!(bad, Some("bad-notice"));
        }
    }

    #[test]
    fn an_address_is_not_kept_and_its_hash_is_this_installations_own() {
        let mark = |address: &str, key: &[u8]| Reporter::at_the_form(address, key).mark.unwrap();
        assert_eq!(mark("192.0.2.1", b"key"), mark("192.0.2.1", b"key"));
        assert_ne!(mark("192.0.2.1", b"key"), mark("192.0.2.1", b"other"));
        assert_ne!(mark("192.0.2.1", b"key"), mark("192.0.2.2", b"key"));
        assert!(!mark("192.0.2.1", b"key").contains("192"));
    }
}
