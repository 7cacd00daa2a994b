//! The queue and the case, for a person with a keyboard.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State as Shared};
use axum::routing::get;
use exchange::ncmec::document::IncidentType;
use jiff::Timestamp;

use super::involved::{Involved, Role};
use super::uploads::{Shown, Upload, upload};
use super::{Approval, Case, Ground, Outcome, Priority, Route, State, ToldState, UNKNOWN_CASE, Wanted};
use crate::accounts::{self, Permission};
use crate::clocks;
use crate::context;
use crate::evidence::{self, Hold};
use crate::intake;
use crate::matching::{Hit, Strength};
use crate::numbers::{self, Number};
use crate::operator::Operator;
use crate::plan::App;
use crate::refusal::Result;
use crate::reporting::{self, Destination, Report, ReportKind, ReportState};
use crate::store::{CaseId, DecisionId, InvolvedId, ItemId, PersonId, ReportId, ToldId, Tx, as_word};
use crate::web::console::{Paged, Staff, Who, Words, show};
use crate::web::languages::filters;
use crate::web::{self, Page};

/// The pages of this domain.
pub fn router() -> Router<App> {
    Router::new()
        .route("/console/queue", get(queue))
        .route("/console/cases/{case}", get(case))
        .route("/console/cases/{case}/pictures/{item}", get(picture))
        .merge(super::forms::router())
        .merge(super::files::pages::router())
        .merge(super::worklist::pages::router())
}

/// What the queue shows of a case, and the head of its page.
struct Head {
    id: CaseId,
    number: i64,
    priority: &'static str,
    meaning: &'static str,
    state: &'static str,
    account: String,
    since: String,
    since_full: String,
    route: &'static str,
    worker: String,
    reasons: String,
    deadline: Option<Deadline>,
    context: Option<String>,
    /// How severe the lists say it is, said before anybody opens it.
    severity: Option<String>,
    put_off: Option<String>,
}

/// The next thing that must happen, and by when.
struct Deadline {
    words: String,
    at: String,
    at_full: String,
    state: &'static str,
}

struct Tab {
    label: &'static str,
    href: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "review/pages/queue.html")]
struct Queue<'a> {
    who: &'a Who,
    tabs: Vec<Tab>,
    cases: Vec<Head>,
    live: bool,
    here_again: String,
    next: Option<String>,
    /// What was looked for.
    sought: String,
    may_take: bool,
    nothing_next: bool,
}

#[derive(Template)]
#[template(path = "review/pages/elsewhere.html")]
struct Elsewhere<'a> {
    who: &'a Who,
}

/// Somebody in the case.
struct Somebody {
    id: InvolvedId,
    account: String,
    role: Option<&'static str>,
    likely_minor: bool,
    hijacked: bool,
    hints: String,
}

struct Decided {
    outcome: &'static str,
    by: i64,
    at: String,
    reason: String,
    approval: Option<&'static str>,
}

struct Filed {
    kind: &'static str,
    state: &'static str,
    id: ReportId,
    number: Option<String>,
    until: Option<String>,
    by_hand: bool,
    at: Option<String>,
    trouble: Option<String>,
}

#[derive(Template)]
#[template(path = "review/pages/case.html")]
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that the page shows or does not")]
struct CasePage<'a> {
    who: &'a Who,
    fault: Option<Words>,
    case: Head,
    can_take: bool,
    mine: bool,
    may_look: bool,
    /// Whom the case can be handed to.
    colleagues: Vec<(PersonId, i64)>,
    may_approve: bool,
    under_way: bool,
    destination: &'static str,
    people: Vec<Somebody>,
    roles: [&'static str; 4],
    untold: Vec<(ToldId, String)>,
    may_tell: bool,
    undoable: Option<DecisionId>,
    afterwards: bool,
    alarmed: bool,
    by_itself: bool,
    can_decide: bool,
    priorities: Vec<(&'static str, &'static str)>,
    numbers: Vec<Number>,
    /// Where the account's holder seems to be.
    country: Option<String>,
    kinds: Vec<&'static str>,
    uploads: Vec<Upload>,
    decisions: Vec<Decided>,
    reports: Vec<Filed>,
    holds: Vec<String>,
}

#[derive(Template)]
#[template(path = "review/pages/fragment.html")]
struct Fragment {
    upload: Upload,
    may_look: bool,
}

fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

pub(super) fn state_words(state: State) -> &'static str {
    match state {
        State::Open => "Open",
        State::Help => "Handed to another person",
        State::Context => "Waits for the platform",
        State::Approval => "Waits for a second person",
        State::Reporting => "Being reported",
        State::Reported => "Reported",
        State::Dismissed => "No violation",
    }
}

pub(super) fn priority_words(priority: Priority) -> (&'static str, &'static str) {
    match priority {
        Priority::P0 => ("P0", "a child may be in danger now"),
        Priority::P1 => ("P1", "new material or enticement"),
        Priority::P2 => ("P2", "known material, made public"),
        Priority::P3 => ("P3", "known material"),
        Priority::P4 => ("P4", "viral"),
    }
}

/// The urgencies that this person may choose. Lowering one that says "danger now" is a lead's.
fn priorities(now: Priority, leads: bool) -> Vec<(&'static str, &'static str)> {
    let all = [Priority::P0, Priority::P1, Priority::P2, Priority::P3, Priority::P4];
    let others = all.into_iter().filter(|other| *other != now && (leads || now != Priority::P0));
    others.map(priority_words).collect()
}

async fn head(tx: &mut Tx, staff: &Staff, operator: &Operator, case: &Case) -> Result<Head> {
    let (priority, meaning) = priority_words(case.priority);
    let worker = match case.leased_by {
        Some(person) if case.is_leased_by(person, tx.now()) => {
            let number = accounts::staff_of(tx, person).await?;
            if number == staff.who.staff { "you".to_owned() } else { format!("staff {number}") }
        }
        _ => "nobody".to_owned(),
    };
    let (severity, put_off) = super::worklist::beforehand(tx, case.id).await?;
    Ok(Head {
        id: case.id,
        number: case.number,
        priority,
        meaning,
        state: state_words(case.state),
        account: case.account.clone().unwrap_or_else(|| "not known".to_owned()),
        since: minute(case.knowledge_at),
        since_full: case.knowledge_at.to_string(),
        route: match case.knowledge_route {
            Route::HashMatch => "by a match with a list",
            Route::UserReport => "by a user's notice",
            Route::PersonDepicted => "by the person depicted, or somebody who speaks for them",
            Route::Moderator => "by a moderator",
            Route::Hotline => "by a hotline",
            Route::Police => "by the police",
            Route::StreamRule => "by a rule over what happens in a stream",
        },
        reasons: case.reasons.iter().map(|ground| ground_words(*ground)).collect::<Vec<_>>().join("; "),
        worker,
        deadline: deadline(tx, operator, case.id).await?,
        context: context::standing(tx, case.id).await?.as_ref().map(context::pages::standing_words),
        severity,
        put_off: put_off.map(|put_off| format!("put off until {}: {}", minute(put_off.until), put_off.because)),
    })
}

async fn deadline(tx: &mut Tx, operator: &Operator, case: CaseId) -> Result<Option<Deadline>> {
    let clocks = clocks::of(operator, &clocks::facts(tx, case).await?);
    Ok(clocks::next(&clocks).map(|clock| Deadline {
        words: format!("{} ({})", clock.words, clock.law),
        at: minute(clock.due_at),
        at_full: clock.due_at.to_string(),
        state: match clock.state {
            clocks::State::Passed => "passed",
            clocks::State::Near => "near",
            clocks::State::Running | clocks::State::Met => "",
        },
    }))
}

#[derive(serde::Deserialize)]
struct Asked {
    state: Option<String>,
    after: Option<String>,
    /// What is looked for.
    q: Option<String>,
    /// Nothing could be taken.
    nothing: Option<String>,
}

async fn queue(Shared(app): Shared<App>, staff: Staff, Query(asked): Query<Asked>) -> Paged {
    if !staff.caller.may(Permission::ReadCases) {
        return show(&Elsewhere { who: &staff.who });
    }
    let chosen = asked.state.as_deref().unwrap_or("open");
    let state: Option<State> = web::chosen(Some(chosen))?;
    let after = asked.after.as_deref().map(|after| web::id(after, &UNKNOWN_CASE)).transpose()?;
    let mut tx = app.db.read().await?;
    let sought = asked.q.unwrap_or_default();
    let page = if sought.trim().is_empty() {
        let rows = super::list(&mut tx, &staff.caller, Wanted { state, after }, web::PAGE).await?;
        Page::new(rows, |case| case.id.to_string())
    } else {
        Page { rows: super::worklist::search(&mut tx, &staff.caller, &sought).await?, next: None }
    };
    let mut cases = Vec::new();
    for case in &page.rows {
        cases.push(head(&mut tx, &staff, &app.settings.operator, case).await?);
    }
    let tabs = std::iter::once(("all".to_owned(), "All"))
        .chain(State::ALL.into_iter().map(|state| (as_word(&state), state_words(state))))
        .map(|(name, label)| Tab { label, chosen: name == chosen, href: format!("/console/queue?state={name}") })
        .collect();
    show(&Queue {
        who: &staff.who,
        tabs,
        cases,
        live: asked.after.is_none() && sought.trim().is_empty(),
        here_again: format!("/console/queue?state={chosen}"),
        next: page.next.map(|next| format!("/console/queue?state={chosen}&after={next}")),
        sought,
        may_take: staff.caller.may(Permission::DecideCases),
        nothing_next: asked.nothing.is_some(),
    })
}

#[derive(serde::Deserialize)]
struct How {
    /// The upload that is shown without its veil.
    whole: Option<String>,
    /// The child's country, whose numbers are shown first.
    child: Option<String>,
}

async fn case(Shared(app): Shared<App>, staff: Staff, Path(case): Path<String>, Query(how): Query<How>) -> Paged {
    let whole = how.whole.as_deref().map(|item| web::id(item, &intake::UNKNOWN_ITEM)).transpose()?;
    let mut full = gather(&app, &staff, web::id(&case, &UNKNOWN_CASE)?, whole, None).await?;
    if let Some(child) = how.child.as_deref().filter(|_| full.alarmed) {
        full.numbers = whom_to_call(&app, Some(child), full.country.as_deref());
    }
    show(&full)
}

/// By the child's country, else the account's, else the operator's.
fn whom_to_call(app: &App, child: Option<&str>, account: Option<&str>) -> Vec<Number> {
    numbers::directory(&app.settings.danger.numbers, child, account, &app.settings.operator.country)
}

#[derive(serde::Deserialize)]
struct Veil {
    #[serde(default)]
    whole: bool,
}

async fn picture(
    Shared(app): Shared<App>,
    staff: Staff,
    Path((case, item)): Path<(String, String)>,
    Query(veil): Query<Veil>,
) -> Paged {
    let item: ItemId = web::id(&item, &intake::UNKNOWN_ITEM)?;
    let whole = veil.whole.then_some(item);
    let full = gather(&app, &staff, web::id(&case, &UNKNOWN_CASE)?, whole, None).await?;
    let upload = full.uploads.into_iter().find(|upload| upload.item == item).ok_or(&super::NOT_IN_CASE)?;
    show(&Fragment { upload, may_look: full.may_look })
}

pub(super) async fn page(app: &App, staff: &Staff, id: CaseId, whole: Option<ItemId>, fault: Option<Words>) -> Paged {
    show(&gather(app, staff, id, whole, fault).await?)
}

async fn gather<'a>(
    app: &App,
    staff: &'a Staff,
    id: CaseId,
    whole: Option<ItemId>,
    fault: Option<Words>,
) -> Result<CasePage<'a>> {
    let mut tx = app.db.read().await?;
    let case = super::find(&mut tx, &staff.caller, id).await?;
    let contents = super::contents(&mut tx, &staff.caller, id).await?;
    let me = staff.caller.person()?;
    let leads = staff.caller.may(Permission::ApproveDecisions);
    let leased = case.is_leased_by(me, tx.now());
    let handed = case.state == State::Help && (leads || case.given_to == Some(me));
    let waits = matches!(case.state, State::Open | State::Context) || handed;
    let decided_by_me =
        contents.decisions.iter().any(|decision| decision.approval == Approval::Asked && decision.by == me);
    let may_approve = case.state == State::Approval && leads && !decided_by_me;
    let may_look = staff.caller.may(Permission::SeeDepictions) && (leased || may_approve);
    let mut uploads = Vec::new();
    let with_media = contents.signals.iter().filter_map(|signal| signal.item.map(|item| (signal, item)));
    for ((signal, item), nth) in with_media.zip(1..) {
        let one = Shown { case: &case, nth, signal, item, whole: whole == Some(item), may_look };
        uploads.push(upload(&mut tx, staff, one, &contents.decisions, &app.settings).await?);
    }
    let colleagues = accounts::people_who_may(&mut tx, Permission::DecideCases).await?.into_iter();
    let colleagues = colleagues.filter(|one| one.id != me).map(|one| (one.id, one.staff)).collect();
    let people = contents.involved.iter().map(|one| Somebody {
        id: one.id,
        account: one.account.clone().unwrap_or_else(|| "without an account".to_owned()),
        role: one.role.map(role_words),
        likely_minor: one.likely_minor,
        hijacked: one.hijacked,
        hints: hints(one),
    });
    let people: Vec<Somebody> = people.collect();
    let owner = contents.involved.iter().find(|one| one.account == case.account);
    let country = owner.and_then(|one| one.facts.as_ref()).and_then(|facts| facts.country.clone());
    let told = contents.corrections.iter().flat_map(|correction| &correction.told);
    let untold = told.filter(|told| told.state == ToldState::Open).map(|told| (told.id, told.whom.clone())).collect();
    let undoable = contents.decisions.iter().rev().find(|decision| decision.undone_at.is_none());
    let undoable =
        undoable.filter(|_| leads && matches!(case.state, State::Reporting | State::Reported | State::Dismissed));
    let undoable = undoable.map(|decision| decision.id);
    let afterwards = leads
        && contents.decisions.iter().any(|decision| decision.approval == Approval::Afterwards)
        && case.state != State::Approval;
    let mut decisions = Vec::new();
    for decision in &contents.decisions {
        decisions.push(Decided {
            outcome: outcome_words(decision.outcome),
            by: accounts::staff_of(&mut tx, decision.by).await?,
            at: minute(decision.at),
            reason: decision.reason.clone(),
            approval: match decision.approval {
                _ if decision.undone_at.is_some() => Some("Undone since."),
                Approval::NotNeeded => None,
                Approval::Asked => Some("A second person is asked."),
                Approval::Alone => Some("There is nobody else: it is carried out after a delay."),
                Approval::Afterwards => Some("Danger now: carried out at once; a lead looks at it afterwards."),
                Approval::Given => Some("Approved by a second person."),
                Approval::Refused => Some("Refused by a second person."),
            },
        });
    }
    let reports = reporting::of_case(&mut tx, id).await?;
    Ok(CasePage {
        who: &staff.who,
        fault,
        can_take: waits && !leased && staff.caller.may(Permission::DecideCases),
        mine: waits && leased,
        may_look,
        colleagues,
        may_approve,
        under_way: case.state == State::Reporting
            && reports.iter().any(|report| matches!(report.state, ReportState::Waiting | ReportState::Filing)),
        destination: app.settings.reporting.destination.words(),
        people,
        roles: [Role::Suspect, Role::Recipient, Role::Victim, Role::Unknown].map(role_words),
        untold,
        may_tell: staff.caller.may(Permission::TellCorrections),
        undoable,
        afterwards,
        alarmed: case.priority == Priority::P0,
        by_itself: app.settings.reporting.destination == Destination::Ncmec && app.ncmec.is_some(),
        can_decide: staff.caller.may(Permission::DecideCases),
        priorities: priorities(case.priority, leads),
        numbers: if case.priority == Priority::P0 { whom_to_call(app, None, country.as_deref()) } else { Vec::new() },
        country,
        kinds: IncidentType::ALL.into_iter().map(IncidentType::as_str).collect(),
        uploads,
        decisions,
        reports: reports.iter().map(filed).collect(),
        holds: evidence::holds_on(&mut tx, id).await?.iter().filter_map(hold_words).collect(),
        case: head(&mut tx, staff, &app.settings.operator, &case).await?,
    })
}

fn ground_words(ground: Ground) -> &'static str {
    match ground {
        Ground::DangerNow => "a reviewer says that a child is in danger now",
        Ground::DangerTold => "somebody says that a child is in danger now",
        Ground::DangerToldOften => "somebody says again and again that a child is in danger",
        Ground::StreamNow => "what happens in a stream says that a child may be in danger now",
        Ground::StreamRule => "what happens in a stream fits a rule",
        Ground::NewMaterial => "material that no list knows",
        Ground::Enticement => "somebody talks a child into sexual acts",
        Ground::Sextortion => "blackmail",
        Ground::AccessToChild => "an adult has access to a child",
        Ground::Told => "somebody told us",
        Ground::KnownPublic => "known material that everybody could see",
        Ground::KnownSeveral => "several known files",
        Ground::KnownSingle => "known material",
        Ground::Viral => "a file that many accounts pass on",
        Ground::SetByPerson => "set by a person",
    }
}

pub(super) fn outcome_words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Report => "Report",
        Outcome::NoViolation => "No violation",
        Outcome::OtherViolation => "Another violation, not reported",
        Outcome::NeedContext => "The platform is asked for more",
        Outcome::CannotTell => "Handed to another person",
        Outcome::AlreadyReported => "Reported before, elsewhere",
    }
}

fn role_words(role: Role) -> &'static str {
    match role {
        Role::Suspect => "suspect",
        Role::Recipient => "recipient",
        Role::Victim => "victim",
        Role::Unknown => "unknown",
    }
}

fn hints(one: &Involved) -> String {
    let mut hints = Vec::new();
    if one.likely_minor {
        hints.push("may be a child: handle as a victim");
    }
    if one.hijacked {
        hints.push("somebody else may have used it");
    }
    hints.join("; ")
}

fn filed(report: &Report) -> Filed {
    Filed {
        kind: match (report.kind, report.destination) {
            (ReportKind::Initial, Destination::Ncmec) => "Report to NCMEC's CyberTipline",
            (ReportKind::Supplement, Destination::Ncmec) => "Supplement to NCMEC's CyberTipline",
            (ReportKind::Initial, Destination::Manual) => "Report by hand",
            (ReportKind::Supplement, Destination::Manual) => "Supplement by hand",
        },
        state: match report.state {
            ReportState::Waiting => "waits to be sent",
            ReportState::Filing => "is being sent",
            ReportState::Finished => "is filed",
            ReportState::Dead => "is stuck, and a lead must look",
            ReportState::Withdrawn => "was taken back",
        },
        id: report.id,
        number: match &report.elsewhere {
            Some(elsewhere) => Some(format!("{} at {}", elsewhere.number, elsewhere.authority)),
            None => report.number.map(|number| number.to_string()),
        },
        until: report.due_at.filter(|_| report.state == ReportState::Waiting && report.attempt == 0).map(minute),
        by_hand: report.destination == Destination::Manual && report.state == ReportState::Waiting,
        at: report.finished_at.map(minute),
        trouble: report.trouble.clone().filter(|_| report.state == ReportState::Dead),
    }
}

fn hold_words(hold: &Hold) -> Option<String> {
    if hold.released_at.is_some() {
        return None;
    }
    let why = hold.basis.words();
    let until = hold.until.map_or_else(String::new, |until| format!(", until {} UTC", minute(until)));
    Some(format!("{why}{until}"))
}

pub(super) fn found_words(hit: &Hit) -> String {
    let how = match (hit.strength, hit.distance) {
        (Strength::Exact, _) => "the same file as an entry".to_owned(),
        (Strength::Near, Some(bits)) => format!("possibly an entry, {bits} of 256 bits apart,"),
        (Strength::Near, None) => "possibly an entry".to_owned(),
    };
    let class = hit.classification.as_ref().map_or_else(String::new, |class| format!(", classified {class}"));
    format!("{how} of {}{class}", hit.bank_name)
}
