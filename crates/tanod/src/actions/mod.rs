//! What the platform is asked to do, in its order: keep everything, hear the context, then restrict what can be undone, then
//! report, then tell the user. Each is a record, with the platform's word on what it did.

pub mod api;
pub mod jobs;
pub mod pages;
mod store;
mod turn;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::accounts::{Caller, Permission};
use crate::audit::{self, Entry};
use crate::context;
use crate::queue::{self, Work};
use crate::refusal::{Kind as Refusal, Result};
use crate::review;
use crate::review::involved;
use crate::store::{ActionId, CaseId, PersonId, Recorded, Tx, as_word};
use crate::webhooks::{self, Event};

pub use turn::Waits;

/// An id that leads nowhere.
pub static UNKNOWN_ACTION: Refusal = Refusal::new(
    404,
    "unknown-action",
    "There is no such action.",
    "Open the case's actions and choose one from there.",
)
.program("GET /v1/actions lists them.");
/// An action that cannot be asked for as it is.
pub static BAD_ACTION: Refusal = Refusal::new(
    422,
    "bad-action",
    "The action cannot be asked for as it is.",
    "Mend what stands beside this, and ask again.",
)
.program("/openapi.json describes each kind.");
/// A ban for good of somebody who may be a child, or whose account somebody else used.
pub static PROTECTED: Refusal = Refusal::new(
    422,
    "protected-account",
    "This account may be a child's, or somebody else used it: it does not lose its place for good.",
    "Suspend it for now (without `permanent`), which can be undone. If the person is neither, say so first: their role in the case.",
);
/// An answer to something that was not asked yet, or was answered otherwise.
pub static NOT_OPEN: Refusal = Refusal::new(
    409,
    "action-not-open",
    "This action does not wait for this.",
    "Open the case's actions again: this one was not sent yet, or it is settled.",
)
.program("GET /v1/actions lists it.");
/// A delay without a second person.
pub static NEEDS_ANOTHER: Refusal = Refusal::new(
    403,
    "delay-needs-another",
    "A second person must approve that a user is told later.",
    "Ask a lead who did not ask for the delay.",
);

/// All refusals of this domain.
pub const REFUSALS: &[&Refusal] = &[&UNKNOWN_ACTION, &BAD_ACTION, &PROTECTED, &NOT_OPEN, &NEEDS_ANOTHER];

/// After so long without an answer the platform is asked once more.
pub const ASK_AGAIN: Duration = Duration::from_hours(1);
/// So often each hour; from then on once a day.
const HOURLY: i64 = 24;
/// A delay that nobody has approved lasts so long.
const UNAPPROVED: SignedDuration = SignedDuration::from_hours(24);
/// No delay lasts longer (HR-15: it expires by itself).
const LONGEST_DELAY: SignedDuration = SignedDuration::from_hours(366 * 24);

/// What the platform is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Show the content to nobody.
    Hide,
    /// Refuse these files when they are uploaded again.
    BlockReupload,
    /// Let the account do nothing for now; for good only where it is said.
    Suspend,
    /// Undo: show, allow and let in again.
    Reinstate,
    /// Look for other copies of these files and hide them.
    OtherCopies,
    /// End a running stream.
    StopStream,
    /// Tell the user, or see that nobody tells them.
    UserNotice,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Hide,
        Self::BlockReupload,
        Self::Suspend,
        Self::Reinstate,
        Self::OtherCopies,
        Self::StopStream,
        Self::UserNotice,
    ];

    /// Whether it takes something from somebody, and is undone when it was wrong.
    pub fn restricts(self) -> bool {
        matches!(self, Self::Hide | Self::BlockReupload | Self::Suspend | Self::OtherCopies | Self::StopStream)
    }
}

/// Where an action stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Its turn has not come.
    Waiting,
    /// The platform is asked.
    Sent,
    /// The platform has done it.
    Acknowledged,
    /// The platform says that it was not done.
    Failed,
    /// It is not wanted any more.
    Cancelled,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Waiting, Self::Sent, Self::Acknowledged, Self::Failed, Self::Cancelled];
}

/// What it is done to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The platform's id of the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The platform's ids of the content.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub content_ids: Vec<String>,
    /// Digests of the files, in hexadecimal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sha256: Vec<String>,
}

/// What a user is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// Nothing, also not by the platform's own habits.
    None,
    /// That the rules were broken, not which and not that anything was reported.
    Neutral,
    /// What was restricted, why, and how to appeal.
    Full,
}

/// That a user is told later (HR-15).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Delay {
    /// Until when. It ends by itself.
    #[schema(value_type = String)]
    pub until: Timestamp,
    /// On what legal basis.
    pub basis: String,
    /// The second person. Without one the delay lasts a day.
    pub approver: Option<PersonId>,
    /// Who asked for it.
    pub by: Option<PersonId>,
}

/// Something that the platform is asked to do.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Action {
    /// Its id.
    pub id: ActionId,
    /// About which case.
    pub case: CaseId,
    /// What.
    pub kind: Kind,
    /// Where it stands.
    pub state: State,
    /// To what.
    pub target: Target,
    /// For good.
    pub permanent: bool,
    /// The action that this one undoes.
    pub undo_of: Option<ActionId>,
    /// For a notice: what is told.
    pub notice: Option<Notice>,
    /// For a notice: until when it waits.
    pub delay: Option<Delay>,
    /// Why, in a sentence. The platform does not see it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Who asked for it: a staff number, or `tanod`.
    pub asked_by: String,
    /// When it was asked for.
    #[schema(value_type = String)]
    pub asked_at: Timestamp,
    /// What its turn waits for.
    pub waits_for: Option<Waits>,
    /// How often the platform was asked.
    pub requests: i64,
    /// When the platform was first asked.
    #[schema(value_type = Option<String>)]
    pub sent_at: Option<Timestamp>,
    /// When it was last asked.
    #[schema(value_type = Option<String>)]
    pub requested_at: Option<Timestamp>,
    /// When it was settled.
    #[schema(value_type = Option<String>)]
    pub settled_at: Option<Timestamp>,
    /// Who settled it.
    pub settled_by: Option<String>,
    /// What was said at that.
    pub note: Option<String>,
}

impl Action {
    /// Seconds from the asking until the platform was asked.
    pub fn waited_seconds(&self) -> Option<i64> {
        self.sent_at.map(|at| at.duration_since(self.asked_at).as_secs())
    }

    /// Seconds that the platform took.
    pub fn took_seconds(&self) -> Option<i64> {
        let done = self.settled_at.filter(|_| matches!(self.state, State::Acknowledged | State::Failed));
        self.sent_at.zip(done).map(|(sent, done)| done.duration_since(sent).as_secs())
    }

    /// Whether the platform should have answered by now.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        let since = self.sent_at.filter(|_| self.state == State::Sent).map(|at| now.duration_since(at));
        since.is_some_and(|since| Duration::try_from(since).is_ok_and(|since| since >= ASK_AGAIN))
    }
}

/// An action, before it is asked for.
#[derive(Clone, Debug)]
pub struct New {
    /// About which case.
    pub case: CaseId,
    /// What.
    pub kind: Kind,
    /// To what. What is left out is the case's own: its account, its content, its files.
    pub target: Target,
    /// For good.
    pub permanent: bool,
    /// The action that this one undoes.
    pub undo_of: Option<ActionId>,
    /// For a notice: what is told.
    pub notice: Option<Notice>,
    /// For a notice: until when it waits.
    pub delay: Option<Delay>,
    /// Why.
    pub reason: String,
    /// Who asks: a caller's mark, or `tanod`.
    pub by: String,
}

impl New {
    /// A plain action of this kind on everything in the case.
    pub fn plain(case: CaseId, kind: Kind, reason: &str, by: &str) -> Self {
        Self {
            case,
            kind,
            target: Target::default(),
            permanent: false,
            undo_of: None,
            notice: None,
            delay: None,
            reason: reason.to_owned(),
            by: by.to_owned(),
        }
    }
}

/// Asks for an action. The same one that stands already is answered as it is. Its turn comes by itself.
pub async fn ask(tx: &mut Tx, new: New) -> Result<(Action, Recorded)> {
    let facts = store::facts(tx, new.case).await?.ok_or(&review::UNKNOWN_CASE)?;
    let target = aim(&new, &facts)?;
    if new.kind == Kind::Suspend && new.permanent && is_protected(tx, new.case, target.account.as_deref()).await? {
        return Err((&PROTECTED).into());
    }
    let standing = store::of_case(tx, new.case).await?.into_iter().find(|one| {
        matches!(one.state, State::Waiting | State::Sent | State::Acknowledged)
            && (one.kind, &one.target, one.permanent) == (new.kind, &target, new.permanent)
            && (one.undo_of, one.notice) == (new.undo_of, new.notice)
    });
    if let Some(standing) = standing
        && !store::is_undone(tx, standing.id).await?
    {
        return Ok((standing, Recorded::unrecorded("the same action stands already, with its entry")));
    }
    let action = Action {
        id: tx.id(),
        case: new.case,
        kind: new.kind,
        state: State::Waiting,
        target,
        permanent: new.permanent,
        undo_of: new.undo_of,
        notice: new.notice,
        delay: new.delay,
        reason: new.reason.trim().to_owned(),
        asked_by: new.by,
        asked_at: tx.now(),
        waits_for: None,
        requests: 0,
        sent_at: None,
        requested_at: None,
        settled_at: None,
        settled_by: None,
        note: None,
    };
    store::insert(tx, &action).await?;
    queue::push(tx, &Work::AskPlatformV1 { action: action.id }, Duration::ZERO).await?;
    let detail = json!({
        "kind": action.kind, "target": action.target, "permanent": action.permanent, "undo_of": action.undo_of,
        "notice": action.notice, "delay": action.delay, "reason": action.reason,
    });
    let entry = Entry { actor: action.asked_by.clone(), ..Entry::by_tanod("action.asked") };
    let proof = audit::record(tx, entry.case(action.case).about(action.id).detail(detail)).await?;
    Ok((action, proof))
}

/// What is known of the case that an action is about.
struct Facts {
    number: i64,
    account: Option<String>,
    content_ids: Vec<String>,
    sha256: Vec<String>,
}

/// What the action is done to: as it was said, and the case's own where nothing was.
fn aim(new: &New, facts: &Facts) -> Result<Target> {
    let bad = |what: &str| Err(BAD_ACTION.because(what.to_owned()));
    let mut target = new.target.clone();
    let long = |text: &String| text.trim().is_empty() || text.chars().count() > 255;
    if target.content_ids.len() > 1_000 || target.sha256.len() > 1_000 {
        return bad("at most 1000 content_ids and 1000 sha256 at once");
    }
    if target.account.iter().chain(&target.content_ids).any(long) {
        return bad("ids have 1 to 255 characters");
    }
    if target.sha256.iter().any(|text| hex::decode(text).ok().is_none_or(|bytes| bytes.len() != 32)) {
        return bad("sha256 has 64 hexadecimal digits");
    }
    target.sha256.iter_mut().for_each(|text| text.make_ascii_lowercase());
    let own = |target: &mut Target, account: bool, content: bool, files: bool| {
        if account && target.account.is_none() {
            target.account.clone_from(&facts.account);
        }
        let said = !target.content_ids.is_empty() || !target.sha256.is_empty();
        if content && !said {
            target.content_ids.clone_from(&facts.content_ids);
        }
        if files && !said {
            target.sha256.clone_from(&facts.sha256);
        }
    };
    match new.kind {
        Kind::Hide | Kind::StopStream => own(&mut target, false, true, false),
        Kind::BlockReupload => own(&mut target, false, false, true),
        Kind::OtherCopies => own(&mut target, false, true, true),
        Kind::Suspend | Kind::UserNotice => own(&mut target, true, false, false),
        Kind::Reinstate => {}
    }
    match new.kind {
        Kind::Hide | Kind::StopStream if target.content_ids.is_empty() => return bad("it needs content_ids"),
        Kind::BlockReupload if target.sha256.is_empty() => return bad("it needs sha256"),
        Kind::OtherCopies if target.content_ids.is_empty() && target.sha256.is_empty() => {
            return bad("it needs content_ids or sha256");
        }
        Kind::Suspend | Kind::UserNotice if target.account.is_none() => return bad("it needs an account"),
        Kind::Reinstate if target == Target::default() => {
            return bad("it needs `undo_of`, or an account, content_ids or sha256");
        }
        _ => {}
    }
    if new.permanent && new.kind != Kind::Suspend {
        return bad("only a suspension can be permanent");
    }
    if (new.kind == Kind::UserNotice) != new.notice.is_some() {
        return bad("`notice` (none, neutral or full) belongs to user_notice, and to nothing else");
    }
    if new.delay.is_some() && matches!(new.notice, None | Some(Notice::None)) {
        return bad("only a notice that tells something can be delayed");
    }
    Ok(target)
}

/// An action, as a person asks for it.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAction {
    /// What.
    pub kind: Kind,
    /// Why, in a sentence. The platform does not see it.
    pub reason: String,
    /// To what. What is left out is the case's own: its account, its content, its files.
    #[serde(default)]
    pub target: Target,
    /// For a suspension: for good.
    #[serde(default)]
    pub permanent: bool,
    /// For reinstating: the action that is undone.
    #[serde(default)]
    pub undo_of: Option<ActionId>,
    /// For a notice: what is told.
    #[serde(default)]
    pub notice: Option<Notice>,
    /// For a notice: that it waits until then. A second person must approve it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub delay_until: Option<Timestamp>,
    /// For a delay: its legal basis.
    #[serde(default)]
    pub basis: Option<String>,
}

/// Asks for an action by a person: whoever holds the case's lease, or a lead.
pub async fn request(tx: &mut Tx, caller: &Caller, case: CaseId, new: &NewAction) -> Result<(Action, Recorded)> {
    caller.require(Permission::DecideCases)?;
    if caller.may(Permission::ApproveDecisions) {
        review::find(tx, caller, case).await?;
    } else {
        review::leased(tx, caller, case).await?;
    }
    let words = new.reason.trim().chars().count();
    if words < 8 {
        return Err((&review::NO_REASON).into());
    }
    if words > 4_000 {
        return Err(BAD_ACTION.because("the reason has at most 4000 characters"));
    }
    let now = tx.now();
    let delay = match (new.delay_until, new.basis.as_deref().map(str::trim)) {
        (None, None) => None,
        (Some(until), Some(basis)) if (8..=1_000).contains(&basis.chars().count()) => {
            if until <= now || until.duration_since(now) > LONGEST_DELAY {
                return Err(BAD_ACTION.because("delay_until lies ahead, at most 366 days"));
            }
            Some(Delay { until, basis: basis.to_owned(), approver: None, by: caller.person().ok() })
        }
        _ => return Err(BAD_ACTION.because("a delay needs `delay_until` and its `basis` (8 to 1000 characters)")),
    };
    let mut target = new.target.clone();
    if let Some(undone) = new.undo_of {
        let undone = store::action(tx, undone).await?.filter(|one| one.case == case).ok_or(&UNKNOWN_ACTION)?;
        if new.kind != Kind::Reinstate || !undone.kind.restricts() {
            return Err(BAD_ACTION.because("`undo_of` belongs to reinstate, and names a restriction of this case"));
        }
        if target == Target::default() {
            target = undone.target;
        }
    }
    let wanted = New {
        case,
        kind: new.kind,
        target,
        permanent: new.permanent,
        undo_of: new.undo_of,
        notice: new.notice,
        delay,
        reason: new.reason.clone(),
        by: caller.mark(),
    };
    let (action, proof) = ask(tx, wanted).await?;
    if let Some(undone) = new.undo_of {
        stop(tx, undone, &format!("undone by {}", action.id)).await?;
    }
    Ok((action, proof))
}

/// Approves that a user is told later. By another person than the one who asked; one person alone approves their own only
/// where the installation has one person.
pub async fn approve_delay(tx: &mut Tx, caller: &Caller, id: ActionId, alone: bool) -> Result<(Action, Recorded)> {
    caller.require(Permission::ApproveDecisions)?;
    let person = caller.person()?;
    let mut action = store::action(tx, id).await?.ok_or(&UNKNOWN_ACTION)?;
    let Some(delay) = action.delay.as_mut().filter(|delay| delay.approver.is_none()) else {
        return Err(NOT_OPEN.because("no delay waits for an approval"));
    };
    if action.state != State::Waiting {
        return Err((&NOT_OPEN).into());
    }
    if delay.by == Some(person) && !alone {
        return Err((&NEEDS_ANOTHER).into());
    }
    delay.approver = Some(person);
    store::set_delay(tx, id, delay).await?;
    let detail = json!({"until": delay.until, "basis": delay.basis});
    let entry = Entry::by(caller, "action.delay_approved").case(action.case).about(id).detail(detail);
    let proof = audit::record(tx, entry).await?;
    Ok((action, proof))
}

/// The platform's word on an action.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Acknowledgement {
    /// Whether it was done.
    pub done: bool,
    /// What there is to say about it; needed when it was not done.
    #[serde(default)]
    pub note: Option<String>,
}

/// Takes the platform's word on an action. The same word again changes nothing.
pub async fn acknowledge(
    tx: &mut Tx,
    caller: &Caller,
    id: ActionId,
    word: &Acknowledgement,
) -> Result<(Action, Recorded)> {
    caller.require(Permission::AcknowledgeActions)?;
    let note = word.note.as_deref().map(str::trim).filter(|note| !note.is_empty());
    if note.is_some_and(|note| note.chars().count() > 4_000) || (!word.done && note.is_none()) {
        return Err(BAD_ACTION.because("say in a `note` why it was not done; it has at most 4000 characters"));
    }
    let action = store::action(tx, id).await?.ok_or(&UNKNOWN_ACTION)?;
    let state = if word.done { State::Acknowledged } else { State::Failed };
    if action.state == state {
        return Ok((action, Recorded::unrecorded("the same word is on record already")));
    }
    // What failed may be done after all; what is done is undone by another action.
    if !matches!((action.state, state), (State::Sent, _) | (State::Failed, State::Acknowledged)) {
        return Err((&NOT_OPEN).into());
    }
    store::settle(tx, id, state, &caller.mark(), note).await?;
    let after = store::action(tx, id).await?.ok_or(&UNKNOWN_ACTION)?;
    let kind = if word.done { "action.acknowledged" } else { "action.failed" };
    let detail = json!({"note": note, "took_seconds": after.took_seconds()});
    let proof = audit::record(tx, Entry::by(caller, kind).case(action.case).about(id).detail(detail)).await?;
    Ok((after, proof))
}

/// Whether an account must not lose its place for good: a likely child's, or one that somebody else may have used (HR-11).
async fn is_protected(tx: &mut Tx, case: CaseId, account: Option<&str>) -> Result<bool> {
    if involved::is_protected(tx, case, account).await? {
        return Ok(true);
    }
    let said = context::known(tx, case).await?.account;
    let meant = |id: &str| account.is_none_or(|account| account == id);
    Ok(said.is_some_and(|said| meant(&said.id) && said.likely_minor()))
}

/// Asks for nothing more of an action that is not settled. The proof, where there was something to stop.
async fn stop(tx: &mut Tx, id: ActionId, note: &str) -> Result<Option<Recorded>> {
    let Some(action) = store::action(tx, id).await? else { return Ok(None) };
    if !matches!(action.state, State::Waiting | State::Sent) {
        return Ok(None);
    }
    store::settle(tx, id, State::Cancelled, "tanod", Some(note)).await?;
    let entry = Entry::by_tanod("action.cancelled").case(action.case).about(id).detail(json!({"note": note}));
    audit::record(tx, entry).await.map(Some)
}

/// Undoes one restriction, by a person who need not hold the case's lease.
pub async fn undo(tx: &mut Tx, case: CaseId, id: ActionId, because: &str, by: &str) -> Result<(Action, Recorded)> {
    let undone = store::action(tx, id).await?.filter(|one| one.case == case).ok_or(&UNKNOWN_ACTION)?;
    let mut new = New::plain(case, Kind::Reinstate, because, by);
    new.target = undone.target;
    new.undo_of = Some(id);
    let (action, proof) = ask(tx, new).await?;
    stop(tx, id, &format!("undone by {}", action.id)).await?;
    Ok((action, proof))
}

/// Undoes everything that was asked of the platform about a case: what waits is cancelled, what was asked or done is
/// reinstated. For a correction. Done twice, the second time changes nothing.
pub async fn undo_all(tx: &mut Tx, case: CaseId, because: &str) -> Result<Vec<ActionId>> {
    let mut undoing = Vec::new();
    for action in store::of_case(tx, case).await? {
        let reached = matches!(action.state, State::Sent | State::Acknowledged);
        if action.kind.restricts() && reached && !store::is_undone(tx, action.id).await? {
            let mut new = New::plain(case, Kind::Reinstate, because, "tanod");
            new.target = action.target.clone();
            new.undo_of = Some(action.id);
            undoing.push(ask(tx, new).await?.0.id);
        }
        if action.kind.restricts() || action.kind == Kind::UserNotice {
            stop(tx, action.id, because).await?;
        }
    }
    Ok(undoing)
}

/// Whether something that actions of this case wait for has come: each is looked at again.
pub async fn look_again(tx: &mut Tx, case: CaseId) -> Result<()> {
    for action in store::of_case(tx, case).await? {
        if action.state == State::Waiting {
            queue::revive(tx, &Work::AskPlatformV1 { action: action.id }).await?;
        }
    }
    Ok(())
}

/// What the platform reads: enough to do it, and nothing of why.
fn data(action: &Action, number: i64) -> Value {
    json!({
        "action": action.id, "kind": as_word(&action.kind), "target": action.target, "permanent": action.permanent,
        "undo_of": action.undo_of, "notice": action.notice, "case_number": number, "request": action.requests + 1,
    })
}

/// Asks the platform, now that the turn has come, or once more.
async fn send(tx: &mut Tx, action: &Action) -> Result<Recorded> {
    let number = store::facts(tx, action.case).await?.map_or(0, |facts| facts.number);
    webhooks::send(tx, Event::ActionRequested, Some(action.case), &data(action, number)).await?;
    store::sent(tx, action).await?;
    let kind = if action.requests == 0 { "action.sent" } else { "action.sent_again" };
    let detail = json!({"request": action.requests + 1});
    audit::record(tx, Entry::by_tanod(kind).case(action.case).about(action.id).detail(detail)).await
}

/// The actions about one case, oldest first.
pub async fn of_case(tx: &mut Tx, case: CaseId) -> Result<Vec<Action>> {
    store::of_case(tx, case).await
}

/// Actions, newest first.
pub async fn list(
    tx: &mut Tx,
    caller: &Caller,
    state: Option<State>,
    case: Option<CaseId>,
    before: Option<ActionId>,
    limit: i64,
) -> Result<Vec<Action>> {
    caller.require(Permission::ReadActions)?;
    store::list(tx, state, case, before, limit).await
}
