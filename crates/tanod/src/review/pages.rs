//! The queue and the case, for a person with a keyboard.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State as Shared};
use axum::routing::get;
use exchange::ncmec::document::IncidentType;
use jiff::Timestamp;

use super::around::{self, Links};
use super::involved::{Involved, Role};
use super::uploads::{Chosen, Upload, Uploads, Way, uploads};
use super::{Approval, Case, Ground, Outcome, Priority, Route, State, ToldState, UNKNOWN_CASE};
use crate::accounts::{self, Permission};
use crate::audit;
use crate::clocks::{self, ClockFacts};
use crate::context;
use crate::evidence::{self, Hold};
use crate::intake;
use crate::matching::{Hit, Strength};
use crate::numbers::{self, Number};
use crate::operator::Operator;
use crate::plan::App;
use crate::refusal::Result;
use crate::reporting::{self, Destination, Report, ReportState};
use crate::store::{CaseId, DecisionId, InvolvedId, ItemId, PersonId, ReportId, ToldId, Tx, as_word};
use crate::web;
use crate::web::console::{Paged, Staff, Who, Words, minute, show};
use crate::web::languages::{Said, filters, say, word};

/// The pages of this domain.
pub fn router() -> Router<App> {
    Router::new()
        .route("/console/cases/{case}", get(case))
        .route("/console/cases/{case}/pictures/{item}", get(picture))
        .merge(super::forms::router())
        .merge(super::files::pages::router())
        .merge(super::worklist::pages::router())
        .merge(super::second_looks::pages::router())
}

/// What the queue shows of a case, and the head of its page.
pub(super) struct Head {
    pub(super) id: CaseId,
    pub(super) number: i64,
    pub(super) priority: String,
    pub(super) meaning: Said,
    pub(super) state: Said,
    pub(super) account: String,
    pub(super) since: String,
    pub(super) since_full: String,
    pub(super) route: Said,
    pub(super) worker: Said,
    pub(super) reasons: String,
    pub(super) deadline: Option<Deadline>,
    pub(super) context: Option<String>,
    /// How severe the lists say it is, said before anybody opens it.
    pub(super) severity: Option<String>,
    pub(super) language: Option<String>,
    pub(super) put_off: Option<Said>,
}

/// The next thing that must happen, and by when.
pub(super) struct Deadline {
    pub(super) words: String,
    pub(super) at: String,
    pub(super) at_full: String,
    pub(super) left: Said,
    pub(super) state: &'static str,
}

/// An earlier case of the same account.
struct Before {
    case: CaseId,
    number: i64,
    state: Said,
    at: String,
    reports: String,
}

/// What somebody noted.
struct Noted {
    by: i64,
    at: String,
    words: String,
}

/// One entry of the record.
struct Happened {
    at: String,
    at_full: String,
    actor: String,
    kind: String,
}

/// The form of a decision: of a case, or of one file for many accounts.
pub(super) struct DecisionForm {
    /// Where it goes.
    pub(super) to: String,
    /// What reporting is called.
    pub(super) report: Said,
    /// Whether it is about one file of many accounts.
    pub(super) of_file: bool,
    /// Who is who.
    pub(super) people: Vec<(InvolvedId, String, String, Option<String>)>,
    /// What can be stated to have been viewed: number, upload, whether it was.
    pub(super) statements: Vec<(usize, ItemId, bool)>,
    /// How many more uploads wait that this person did not open.
    pub(super) others: usize,
    /// How many of the files on the page others vouch for.
    pub(super) vouched: usize,
    pub(super) kinds: Vec<&'static str>,
    pub(super) roles: Vec<String>,
    pub(super) reasons: Vec<String>,
}

/// Somebody in the case.
struct Somebody {
    id: InvolvedId,
    account: String,
    role: Option<String>,
    likely_minor: bool,
    hijacked: bool,
    hints: String,
}

struct Decided {
    outcome: Said,
    by: i64,
    at: String,
    reason: String,
    approval: Option<Said>,
}

struct Filed {
    kind: Said,
    state: Said,
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
    people: Vec<Somebody>,
    untold: Vec<(ToldId, String)>,
    may_tell: bool,
    undoable: Option<DecisionId>,
    afterwards: bool,
    alarmed: bool,
    by_itself: bool,
    can_decide: bool,
    priorities: Vec<(String, Said)>,
    numbers: Vec<Number>,
    /// Where the account's holder seems to be.
    country: Option<String>,
    form: DecisionForm,
    counts: String,
    /// Where the report is that it would be now.
    draft: String,
    uploads: Uploads,
    links: Links,
    earlier: Vec<Before>,
    notes: Vec<Noted>,
    timeline: Vec<Happened>,
    decisions: Vec<Decided>,
    reports: Vec<Filed>,
    holds: Vec<Said>,
}

#[derive(Template)]
#[template(path = "review/pages/fragment.html")]
struct Fragment {
    upload: Upload,
    may_look: bool,
}

pub(super) fn state_words(state: State) -> Said {
    word("case-state", &as_word(&state))
}

/// An urgency by its name, and what it means.
pub(super) fn priority_words(priority: Priority) -> (String, Said) {
    let name = as_word(&priority);
    let meaning = word("case-priority", &name);
    (name, meaning)
}

/// The urgencies that this person may choose. Lowering one that says "danger now" is a lead's.
fn priorities(now: Priority, leads: bool) -> Vec<(String, Said)> {
    let others = Priority::ALL.into_iter().filter(|other| *other != now && (leads || now != Priority::P0));
    others.map(priority_words).collect()
}

/// What lists and pages say of cases, in the order in which they come: a few questions for all of them.
pub(super) async fn heads(tx: &mut Tx, staff: &Staff, operator: &Operator, cases: &[Case]) -> Result<Vec<Head>> {
    let (ids, now): (Vec<CaseId>, _) = (cases.iter().map(|case| case.id).collect(), tx.now());
    let numbers = accounts::staff_numbers(tx).await?;
    let mut beforehand = super::worklist::beforehand(tx, &ids).await?;
    let mut contexts = context::standing_all(tx, &ids).await?;
    let mut facts = clocks::facts_of(tx, &ids).await?;
    let head = |case: &Case| {
        let (priority, meaning) = priority_words(case.priority);
        let worker = match case.leased_by {
            Some(person) if case.is_leased_by(person, now) => {
                let number = numbers.get(&person).copied().unwrap_or_default();
                if number == staff.who.staff { say("case-worker-you") } else { say("case-staff").with("staff", number) }
            }
            _ => say("case-worker-nobody"),
        };
        let said = beforehand.remove(&case.id).unwrap_or_default();
        Head {
            id: case.id,
            number: case.number,
            priority,
            meaning,
            state: state_words(case.state),
            account: case.account.clone().unwrap_or_else(|| say("case-account-unknown").to_string()),
            since: minute(case.knowledge_at),
            since_full: case.knowledge_at.to_string(),
            route: route_words(case.knowledge_route),
            reasons: case.reasons.iter().map(|ground| ground_words(*ground).to_string()).collect::<Vec<_>>().join("; "),
            worker,
            deadline: facts.remove(&case.id).and_then(|facts| deadline(operator, &facts)),
            context: contexts.remove(&case.id).as_ref().map(context::pages::standing_words),
            severity: said.severity,
            language: said.language,
            put_off: said
                .put_off
                .map(|off| say("case-put-off").with("until", minute(off.until)).with("because", off.because)),
        }
    };
    Ok(cases.iter().map(head).collect())
}

fn deadline(operator: &Operator, facts: &ClockFacts) -> Option<Deadline> {
    let clocks = clocks::of(operator, facts);
    clocks::next(&clocks).map(|clock| Deadline {
        words: format!("{} ({})", clock.said(), clock.law),
        at: minute(clock.due_at),
        at_full: clock.due_at.to_string(),
        left: left(facts.now, clock.due_at),
        state: match clock.state {
            clocks::State::Passed => "passed",
            clocks::State::Near => "near",
            clocks::State::Running | clocks::State::Met => "",
        },
    })
}

/// How long until a deadline, or since: the page's script goes on counting in the same words.
fn left(now: Timestamp, due: Timestamp) -> Said {
    let minutes = due.duration_since(now).as_mins();
    let (hours, rest) = (minutes.abs() / 60, minutes.abs() % 60);
    let key = match (due > now, hours > 0) {
        (true, true) => "deadline-in-hours",
        (true, false) => "deadline-in-minutes",
        (false, true) => "deadline-over-hours",
        (false, false) => "deadline-over-minutes",
    };
    say(key).with("hours", hours).with("minutes", rest)
}

/// The same words for the page's script, which puts hours and minutes in.
pub(super) fn counts() -> String {
    let keys = ["deadline-in-hours", "deadline-in-minutes", "deadline-over-hours", "deadline-over-minutes"];
    keys.map(|key| say(key).with("hours", "{h}").with("minutes", "{m}").to_string()).join("|")
}

pub(super) fn route_words(route: Route) -> Said {
    word("case-route", &as_word(&route))
}

#[derive(serde::Deserialize)]
struct How {
    /// The upload that is shown without its veil.
    whole: Option<String>,
    /// The upload that is open beside the contact sheet.
    open: Option<String>,
    /// Which contact sheet.
    sheet: Option<usize>,
    /// How it is shown: `veil` or `edges`.
    r#as: Option<String>,
    /// Which ninth of it.
    part: Option<u8>,
    /// The child's country, whose numbers are shown first.
    child: Option<String>,
}

async fn case(Shared(app): Shared<App>, staff: Staff, Path(case): Path<String>, Query(how): Query<How>) -> Paged {
    let item = |text: &str| web::id(text, &intake::UNKNOWN_ITEM);
    let whole = how.whole.as_deref().map(item).transpose()?;
    let open = how.open.as_deref().map(item).transpose()?;
    let way = Way::of(whole.is_some(), how.r#as.as_deref(), how.part);
    let chosen = Chosen { open: whole.or(open), way, sheet: how.sheet.unwrap_or_default() };
    let mut full = gather(&app, &staff, web::id(&case, &UNKNOWN_CASE)?, chosen, None).await?;
    if let Some(child) = how.child.as_deref().filter(|_| full.alarmed) {
        full.numbers = whom_to_call(&app, Some(child), full.country.as_deref());
    }
    show(&full)
}

/// So many of the newest entries of the record stand on the page.
const ENTRIES: i64 = 100;

pub(super) fn incident_kinds() -> Vec<&'static str> {
    IncidentType::ALL.into_iter().map(IncidentType::as_str).collect()
}

/// What somebody can be in a case.
pub(super) fn roles() -> Vec<String> {
    [Role::Suspect, Role::Recipient, Role::Victim, Role::Unknown].iter().map(as_word).collect()
}

/// What can be stated to have been viewed.
fn statements(uploads: &Uploads) -> Vec<(usize, ItemId, bool)> {
    let open = uploads.open.iter().filter(|upload| upload.undecided);
    let open = open.map(|upload| (upload.nth, upload.item, upload.viewed));
    let mut all: Vec<_> = open.chain(uploads.viewed.iter().map(|(nth, item)| (*nth, *item, true))).collect();
    all.sort_unstable();
    all
}

/// By the child's country, else the account's, else the operator's.
fn whom_to_call(app: &App, child: Option<&str>, account: Option<&str>) -> Vec<Number> {
    numbers::directory(&app.settings.danger.numbers, child, account, &app.settings.operator.country)
}

#[derive(serde::Deserialize)]
struct Veil {
    #[serde(default)]
    whole: bool,
    r#as: Option<String>,
    part: Option<u8>,
}

async fn picture(
    Shared(app): Shared<App>,
    staff: Staff,
    Path((case, item)): Path<(String, String)>,
    Query(veil): Query<Veil>,
) -> Paged {
    let item: ItemId = web::id(&item, &intake::UNKNOWN_ITEM)?;
    let chosen = Chosen { open: Some(item), way: Way::of(veil.whole, veil.r#as.as_deref(), veil.part), sheet: 0 };
    let full = gather(&app, &staff, web::id(&case, &UNKNOWN_CASE)?, chosen, None).await?;
    let upload = full.uploads.open.into_iter().find(|upload| upload.item == item).ok_or(&super::NOT_IN_CASE)?;
    show(&Fragment { upload, may_look: full.may_look })
}

pub(super) async fn page(app: &App, staff: &Staff, id: CaseId, fault: Option<Words>) -> Paged {
    show(&gather(app, staff, id, Chosen::default(), fault).await?)
}

async fn gather<'a>(
    app: &App,
    staff: &'a Staff,
    id: CaseId,
    chosen: Chosen,
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
    let uploads = uploads(&mut tx, staff, &case, &contents, chosen, may_look, &app.settings).await?;
    let numbers = accounts::staff_numbers(&mut tx).await?;
    let staff_of = |person: &PersonId| numbers.get(person).copied().unwrap_or_default();
    let links = around::links(&mut tx, &staff.caller, id).await?;
    let earlier = around::earlier(&mut tx, &staff.caller, id, case.account.as_deref()).await?.into_iter();
    let earlier = earlier.map(|one| Before {
        case: one.case,
        number: one.number,
        state: state_words(one.state),
        at: minute(one.knowledge_at),
        reports: one.reports.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    });
    let notes = around::notes(&mut tx, &staff.caller, id).await?.into_iter();
    let notes = notes.map(|note| Noted { by: staff_of(&note.by), at: minute(note.at), words: note.words });
    let timeline = audit::page(&mut tx, None, Some(id), ENTRIES).await?.into_iter();
    let timeline = timeline.map(|entry| Happened {
        at: minute(entry.at),
        at_full: entry.at.to_string(),
        actor: entry.actor,
        kind: entry.kind,
    });
    let colleagues = accounts::people_who_may(&mut tx, Permission::DecideCases).await?.into_iter();
    let colleagues = colleagues.filter(|one| one.id != me).map(|one| (one.id, one.staff)).collect();
    let people = contents.involved.iter().map(|one| Somebody {
        id: one.id,
        account: one.account.clone().unwrap_or_else(|| say("case-without-account").to_string()),
        role: one.role.map(|role| as_word(&role)),
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
            by: staff_of(&decision.by),
            at: minute(decision.at),
            reason: decision.reason.clone(),
            approval: match decision.approval {
                _ if decision.undone_at.is_some() => Some(say("case-approval-undone")),
                Approval::NotNeeded => None,
                approval => Some(word("case-approval", &as_word(&approval))),
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
        form: DecisionForm {
            to: format!("/console/cases/{id}/decisions"),
            report: word("decide-report", &as_word(&app.settings.reporting.destination)),
            of_file: false,
            people: people
                .iter()
                .map(|one| (one.id, one.account.clone(), one.hints.clone(), one.role.clone()))
                .collect(),
            statements: statements(&uploads),
            others: uploads.others,
            vouched: uploads.vouched.0,
            kinds: incident_kinds(),
            roles: roles(),
            reasons: app.settings.review.reasons.clone(),
        },
        people,
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
        counts: counts(),
        draft: format!("/console/cases/{id}/report"),
        uploads,
        links,
        earlier: earlier.collect(),
        notes: notes.collect(),
        timeline: timeline.collect(),
        decisions,
        reports: reports.iter().map(filed).collect(),
        holds: evidence::holds_on(&mut tx, id).await?.iter().filter_map(hold_words).collect(),
        case: heads(&mut tx, staff, &app.settings.operator, std::slice::from_ref(&case))
            .await?
            .pop()
            .ok_or(&UNKNOWN_CASE)?,
    })
}

pub(super) fn ground_words(ground: Ground) -> Said {
    word("case-ground", &as_word(&ground))
}

pub(super) fn outcome_words(outcome: Outcome) -> Said {
    word("case-outcome", &as_word(&outcome))
}

fn hints(one: &Involved) -> String {
    let mut hints = Vec::new();
    if one.likely_minor {
        hints.push(say("case-hint-minor").to_string());
    }
    if one.hijacked {
        hints.push(say("case-hint-hijacked").to_string());
    }
    hints.join("; ")
}

fn filed(report: &Report) -> Filed {
    Filed {
        kind: word("case-report", &format!("{}-{}", as_word(&report.kind), as_word(&report.destination))),
        state: word("case-report-state", &as_word(&report.state)),
        id: report.id,
        number: match &report.elsewhere {
            Some(elsewhere) => {
                let said = say("case-report-elsewhere").with("number", &elsewhere.number);
                Some(said.with("authority", &elsewhere.authority).to_string())
            }
            None => report.number.map(|number| number.to_string()),
        },
        until: report.due_at.filter(|_| report.state == ReportState::Waiting && report.attempt == 0).map(minute),
        by_hand: report.destination == Destination::Manual && report.state == ReportState::Waiting,
        at: report.finished_at.map(minute),
        trouble: report.trouble.clone().filter(|_| report.state == ReportState::Dead),
    }
}

fn hold_words(hold: &Hold) -> Option<Said> {
    if hold.released_at.is_some() {
        return None;
    }
    let why = hold.basis.said();
    Some(match hold.until {
        Some(until) => say("case-kept-until").with("why", why).with("until", minute(until)),
        None => say("case-kept").with("why", why),
    })
}

pub(super) fn found_words(hit: &Hit) -> Said {
    let found = match (hit.strength, hit.distance) {
        (Strength::Exact, _) => say("upload-found-exact"),
        (Strength::Near, Some(bits)) => say("upload-found-bits").with("bits", bits),
        (Strength::Near, None) => say("upload-found-near"),
    };
    let found = found.with("bank", &hit.bank_name);
    match &hit.classification {
        Some(class) => say("upload-found-class").with("found", found).with("class", class),
        None => found,
    }
}
