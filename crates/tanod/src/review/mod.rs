//! A case: everything known about one account's suspected abuse, put before a person who decides.

pub mod api;
pub mod around;
mod corrections;
pub mod danger;
mod decisions;
mod files;
mod forms;
pub mod involved;
pub mod jobs;
pub mod opinions;
pub mod pages;
pub mod priority;
pub mod second_looks;
mod sharing;
mod state;
mod store;
pub(crate) mod uploads;
mod vouching;
pub mod worklist;

use std::collections::HashMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::accounts::{Caller, Permission};
use crate::actions;
use crate::audit::{self, Entry};
use crate::clocks::{self, ClockFacts};
use crate::context;
use crate::evidence;
use crate::intake::{Account, Facts};
use crate::refusal::{Kind, Result};
use crate::store::{CaseId, DecisionId, ItemId, NoticeId, PersonId, Recorded, SignalId, StreamId, Tx};
use crate::webhooks;
use worklist::Known;

pub use corrections::*;
pub use decisions::*;
pub use files::*;
pub use priority::{Ground, Priority};
pub use sharing::*;
pub use state::{Event, State};
pub use worklist::Wanted;

/// An id that leads nowhere, for this caller.
pub static UNKNOWN_CASE: Kind =
    Kind::new(404, "unknown-case", "There is no such case.", "Open Cases and choose one from there, or look for it.")
        .program("GET /v1/cases lists them.");
/// Somebody else is at it.
pub static LEASED: Kind = Kind::new(
    409,
    "leased-by-another",
    "Another person is working on this case.",
    "Take another case, or wait until their lease has ended.",
);
/// Acting without a lease.
pub static NOT_LEASED: Kind =
    Kind::new(409, "not-leased", "You do not hold the lease on this case.", "Take the case first, on its page.")
        .program("POST /v1/cases/{case}/lease does so.");
/// A move that the state does not allow.
pub static WRONG_STATE: Kind = Kind::new(
    409,
    "wrong-state",
    "The case is not in a state for this.",
    "Read the case again; somebody may have decided it meanwhile.",
);
/// A decision without its reason.
pub static NO_REASON: Kind = Kind::new(
    422,
    "no-reason",
    "A decision needs its reason.",
    "Say in a sentence what you saw and why you decide so (at least 8 characters).",
);
/// An upload that does not belong here.
pub static NOT_IN_CASE: Kind = Kind::new(
    422,
    "not-in-case",
    "This upload does not belong to this case.",
    "Name uploads of the case's own signals.",
);

/// All refusals of this domain.
pub const REFUSALS: &[&Kind] = &[
    &UNKNOWN_CASE,
    &LEASED,
    &NOT_LEASED,
    &WRONG_STATE,
    &NO_REASON,
    &NOT_IN_CASE,
    &involved::ROLE_UNSET,
    &involved::UNKNOWN_INVOLVED,
    &decisions::NOT_VIEWED,
    &decisions::SAME_PERSON,
    &decisions::NO_INCIDENT_TYPE,
    &decisions::NOBODY_NEXT,
    &decisions::NOT_SAID_WHERE,
    &decisions::TOO_LATE,
    &corrections::UNKNOWN_DECISION,
    &corrections::UNKNOWN_TOLD,
    &corrections::UNDONE_BEFORE,
    &files::UNKNOWN_FILE,
    &vouching::NOTHING_VOUCHED,
];

/// How long a lease lasts without a sign of life.
pub const LEASE: Duration = Duration::from_mins(15);

/// How long one address holds uploads without an account together. Longer would gather strangers: addresses are shared.
const GATHER_BY_ADDRESS: SignedDuration = SignedDuration::from_hours(24);

/// By which way the operator came to know (US-03).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    /// A match with a list.
    HashMatch,
    /// A user's notice.
    UserReport,
    /// The person depicted, or somebody who speaks for them.
    PersonDepicted,
    /// The operator's own moderator.
    Moderator,
    /// A hotline.
    Hotline,
    /// The police.
    Police,
    /// A rule over what happens in a stream.
    StreamRule,
}

impl Route {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::HashMatch, Self::UserReport, Self::PersonDepicted, Self::Moderator, Self::Hotline, Self::Police];
}

/// A case.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Case {
    /// Its id.
    pub id: CaseId,
    /// Its number, for speaking about it.
    pub number: i64,
    /// The platform's id of the account, when there is one.
    pub account: Option<String>,
    /// Where it stands.
    pub state: State,
    /// How urgent it is.
    pub priority: Priority,
    /// Why it is as urgent.
    pub reasons: Vec<Ground>,
    /// Who set the priority, where a person did.
    pub priority_by: Option<PersonId>,
    /// When the operator first knew (US-03).
    #[schema(value_type = String)]
    pub knowledge_at: Timestamp,
    /// By which route.
    pub knowledge_route: Route,
    /// Who works on it.
    pub leased_by: Option<PersonId>,
    /// Until when.
    #[schema(value_type = Option<String>)]
    pub leased_until: Option<Timestamp>,
    /// Who is named to decide it next.
    pub given_to: Option<PersonId>,
    /// When it was opened.
    #[schema(value_type = String)]
    pub opened_at: Timestamp,
}

impl Case {
    fn is_leased_by(&self, person: PersonId, now: Timestamp) -> bool {
        self.leased_by == Some(person) && self.leased_until.is_some_and(|until| until > now)
    }
}

/// What kind of thing made or joined a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignalKind {
    /// An upload fits a list.
    HashMatch,
    /// Somebody told the operator.
    Notice,
    /// Something in a stream that runs.
    Stream,
}

/// What made or joined a case.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Signal {
    /// Its id.
    pub id: SignalId,
    /// Of which kind.
    pub kind: SignalKind,
    /// Which upload; absent where a notice came without media.
    pub item: Option<ItemId>,
    /// Which notice.
    pub notice: Option<NoticeId>,
    /// Which stream.
    pub stream: Option<StreamId>,
    /// The decision that settled it, if one has.
    pub decision: Option<DecisionId>,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
}

/// Something that makes a case or joins one.
#[derive(Clone, Debug)]
pub struct Joining<'a> {
    /// Of which kind.
    pub kind: SignalKind,
    /// Its upload.
    pub item: Option<ItemId>,
    /// Its notice.
    pub notice: Option<NoticeId>,
    /// Its stream.
    pub stream: Option<StreamId>,
    /// By which way the operator knows.
    pub route: Route,
    /// Whose it is.
    pub account: Option<&'a Account>,
    /// What holds uploads without an account together, the surest first.
    pub gathered_by: Vec<String>,
    /// The case it must join, where that is known: a notice about content of a case.
    pub case: Option<CaseId>,
    /// Why it is urgent.
    pub grounds: Vec<Ground>,
    /// The language of its content, where the platform said so.
    pub language: Option<&'a str>,
}

/// Puts a match into the account's case, or opens one.
pub async fn add_match(tx: &mut Tx, item: ItemId, facts: &Facts, viral_accounts: i64) -> Result<CaseId> {
    let mut grounds = vec![Ground::KnownSingle];
    if facts.public == Some(true) {
        grounds.push(Ground::KnownPublic);
    }
    let joining = Joining {
        kind: SignalKind::HashMatch,
        item: Some(item),
        notice: None,
        stream: None,
        route: Route::HashMatch,
        account: facts.account.as_ref(),
        gathered_by: facts.gathered_by(),
        case: None,
        grounds,
        language: facts.language.as_deref(),
    };
    let case = join(tx, joining).await?;
    files::weigh_spread(tx, item, case, viral_accounts).await?;
    Ok(case)
}

/// Puts a signal into its case, or opens one: the account's, or the one that link, device or address hold together. The
/// pending hold is placed: from this moment everything is kept (US-03, US-32).
pub async fn join(tx: &mut Tx, joining: Joining<'_>) -> Result<CaseId> {
    let now = tx.now();
    let account = joining.account.map(|account| account.id.as_str());
    let mut found = match joining.case {
        Some(case) => store::locked(tx, case).await?.filter(|case| case.state != State::Dismissed),
        None => None,
    };
    // Content of a case that was closed: the account may have another one since.
    if let (None, Some(account)) = (&found, account) {
        found = store::of_account(tx, account).await?;
    }
    if found.is_none() && account.is_none() {
        let since = now.checked_sub(GATHER_BY_ADDRESS).unwrap_or(now);
        for key in &joining.gathered_by {
            let since = if key.starts_with("ip:") { since } else { Timestamp::MIN };
            found = store::gathered(tx, key, since).await?;
            if found.is_some() {
                break;
            }
        }
    }
    let case = if let Some(case) = found {
        let mut grounds = joining.grounds.clone();
        if joining.kind == SignalKind::HashMatch && store::matches_in(tx, case.id).await? > 0 {
            grounds.push(Ground::KnownSeveral);
        }
        add_grounds(tx, &case, &grounds).await?;
        let next = case.state.after(Event::Signal)?;
        store::set_state(tx, case.id, next).await?;
        if next == State::Open {
            evidence::hold_pending(tx, case.id, now).await?;
        } else {
            evidence::hold_known(tx, case.id, now).await?;
        }
        case.id
    } else {
        let priority = priority::weigh(&joining.grounds);
        let case = Case {
            id: tx.id(),
            number: tx.next_number("case").await?,
            account: account.map(str::to_owned),
            state: State::Open,
            priority,
            reasons: joining.grounds.clone(),
            priority_by: None,
            knowledge_at: now,
            knowledge_route: joining.route,
            leased_by: None,
            leased_until: None,
            given_to: None,
            opened_at: now,
        };
        let clocks = clocks::of(tx.operator(), &ClockFacts::plain(now, now, priority == Priority::P0));
        store::insert_case(tx, &case, clocks::next(&clocks).map(|clock| clock.due_at)).await?;
        let detail = serde_json::json!({"route": joining.route, "priority": priority, "reasons": joining.grounds});
        audit::record(tx, Entry::by_tanod("case.opened").case(case.id).detail(detail)).await.map(drop)?;
        evidence::hold_pending(tx, case.id, now).await?;
        context::request(tx, case.id).await?;
        let opened = serde_json::json!({"case": case.id, "number": case.number, "priority": priority});
        webhooks::send(tx, webhooks::Event::CaseOpened, Some(case.id), &opened).await?;
        case.id
    };
    if account.is_none() {
        for key in &joining.gathered_by {
            store::gather(tx, case, key).await?;
        }
    }
    if let Some(item) = joining.item {
        let severity = crate::care::severity(tx, item).await?;
        worklist::weigh(tx, case, severity).await?;
    }
    if let Some(language) = joining.language {
        worklist::speaks(tx, case, language).await?;
    }
    let gathered = joining.gathered_by.iter().filter_map(|key| key.split_once(':'));
    let gathered = gathered.map(|(kind, word)| (Known::of_key(kind), word));
    let email = joining.account.and_then(|account| account.email.as_deref()).map(|email| (Known::Email, email));
    worklist::remember(tx, case, gathered.chain(email)).await?;
    let signal: SignalId = tx.id();
    store::insert_signal(tx, signal, case, &joining).await?;
    involved::bring(tx, case, joining.account).await?;
    let detail = serde_json::json!({
        "kind": joining.kind, "item": joining.item, "notice": joining.notice, "route": joining.route,
        "grounds": joining.grounds,
    });
    let entry = Entry::by_tanod("signal.added").case(case).about(signal).detail(detail);
    audit::record(tx, entry).await.map(drop)?;
    Ok(case)
}

/// More grounds for urgency: what a person set may be raised by them, never lowered.
pub(crate) async fn add_grounds(tx: &mut Tx, case: &Case, grounds: &[Ground]) -> Result<()> {
    let mut reasons = case.reasons.clone();
    reasons.extend(grounds.iter().filter(|ground| !case.reasons.contains(ground)));
    reasons.sort_unstable();
    reasons.dedup();
    let computed = priority::weigh(&reasons);
    let priority = if case.priority_by.is_some() { computed.min(case.priority) } else { computed };
    if priority != case.priority || reasons != case.reasons {
        store::set_priority(tx, case.id, priority, &reasons, case.priority_by).await?;
        let detail = serde_json::json!({"from": case.priority, "to": priority, "reasons": reasons});
        let entry = Entry::by_tanod("case.priority_weighed").case(case.id).detail(detail);
        audit::record(tx, entry).await.map(drop)?;
    }
    Ok(())
}

/// One case.
pub async fn find(tx: &mut Tx, caller: &Caller, id: CaseId) -> Result<Case> {
    caller.require(Permission::ReadCases)?;
    case(tx, id).await
}

/// One case, for the program itself.
pub async fn case(tx: &mut Tx, id: CaseId) -> Result<Case> {
    store::case(tx, id).await?.ok_or_else(|| (&UNKNOWN_CASE).into())
}

/// The case of this number, for the program itself.
pub async fn of_number(tx: &mut Tx, number: i64) -> Result<Case> {
    store::of_number(tx, number).await?.ok_or_else(|| UNKNOWN_CASE.because(format!("number {number}")))
}

async fn exists(tx: &mut Tx, id: CaseId) -> Result<bool> {
    Ok(store::case(tx, id).await?.is_some())
}

/// What is in a case, for a person who works on it.
pub struct Contents {
    /// What made it.
    pub signals: Vec<Signal>,
    /// Who is in it.
    pub involved: Vec<involved::Involved>,
    /// What was decided.
    pub decisions: Vec<Decision>,
    /// What was found wrong, and whom it must be told to.
    pub corrections: Vec<Correction>,
    /// Telephone calls about it.
    pub calls: Vec<danger::TelephoneCall>,
}

/// Everything in a case, oldest first.
pub async fn contents(tx: &mut Tx, caller: &Caller, id: CaseId) -> Result<Contents> {
    caller.require(Permission::ReadCases)?;
    Ok(Contents {
        signals: store::signals(tx, id).await?,
        involved: store::involved(tx, id).await?,
        decisions: store::decisions(tx, id).await?,
        corrections: corrections::of(tx, id).await?,
        calls: store::calls(tx, id).await?,
    })
}

/// The signals of a case, oldest first.
pub async fn signals(tx: &mut Tx, id: CaseId) -> Result<Vec<Signal>> {
    store::signals(tx, id).await
}

/// The same of many cases.
pub async fn signals_of(tx: &mut Tx, ids: &[CaseId]) -> Result<HashMap<CaseId, Vec<Signal>>> {
    store::signals_of(tx, ids).await
}

/// Takes or renews the lease on a case.
pub async fn lease(tx: &mut Tx, caller: &Caller, id: CaseId) -> Result<(Case, Recorded)> {
    caller.require(Permission::DecideCases)?;
    let person = caller.person()?;
    let until = SignedDuration::try_from(LEASE).ok().and_then(|by| tx.now().checked_add(by).ok());
    let until = until.unwrap_or(Timestamp::MAX);
    if !store::lease(tx, id, person, until).await? {
        find(tx, caller, id).await?;
        return Err((&LEASED).into());
    }
    let proof = audit::record(tx, Entry::by(caller, "case.leased").case(id)).await?;
    Ok((find(tx, caller, id).await?, proof))
}

/// Gives the lease back.
pub async fn release(tx: &mut Tx, caller: &Caller, id: CaseId) -> Result<Recorded> {
    leased(tx, caller, id).await?;
    store::release(tx, id).await?;
    audit::record(tx, Entry::by(caller, "case.released").case(id)).await
}

/// Gives back every case that the caller holds.
pub async fn give_all_back(tx: &mut Tx, caller: &Caller) -> Result<()> {
    for case in store::leased_by(tx, caller.person()?).await? {
        store::release(tx, case).await?;
        audit::record(tx, Entry::by(caller, "case.released").case(case)).await.map(drop)?;
    }
    Ok(())
}

/// When a case last changed, in microseconds: for whoever asks again and again.
pub async fn changed(tx: &mut Tx) -> Result<Option<i64>> {
    store::changed(tx).await
}

/// The cases that the caller holds now.
pub async fn held(tx: &mut Tx, caller: &Caller) -> Result<Vec<CaseId>> {
    store::leased_by(tx, caller.person()?).await
}

/// The case, if the caller holds its lease.
pub async fn leased(tx: &mut Tx, caller: &Caller, id: CaseId) -> Result<Case> {
    let case = find(tx, caller, id).await?;
    if case.is_leased_by(caller.person()?, tx.now()) { Ok(case) } else { Err((&NOT_LEASED).into()) }
}

/// All intended reports of a case are finished: it is reported, or open again when a signal came meanwhile.
pub async fn report_finished(tx: &mut Tx, id: CaseId) -> Result<()> {
    let Some(case) = store::locked(tx, id).await? else { return Ok(()) };
    if case.state != State::Reporting {
        return Ok(());
    }
    if undecided(tx, id).await? {
        move_to(tx, &case, Event::ReportedWithMore).await?;
    } else {
        move_to(tx, &case, Event::Reported).await?;
        evidence::release_pending(tx, id).await?;
    }
    // Whoever is told after the report is told now.
    actions::look_again(tx, id).await
}

/// The platform's context came, or its time is over: a case that waited for it waits for a decision again.
pub async fn context_came(tx: &mut Tx, id: CaseId) -> Result<()> {
    let Some(case) = store::locked(tx, id).await? else { return Ok(()) };
    move_to(tx, &case, Event::ContextCame).await
}

/// Whether something in the case waits for a decision.
async fn undecided(tx: &mut Tx, id: CaseId) -> Result<bool> {
    Ok(store::signals(tx, id).await?.iter().any(|signal| signal.decision.is_none()))
}

async fn move_to(tx: &mut Tx, case: &Case, event: Event) -> Result<()> {
    let next = case.state.after(event)?;
    store::set_state(tx, case.id, next).await
}
