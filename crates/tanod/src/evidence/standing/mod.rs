//! What counsel decides once for every case in which the same two laws contradict each other: which day by which it must be gone
//! gives way to which time for which it must stay. Two people put it into force, it ends by itself, and it destroys nothing sooner.

pub mod api;
pub(super) mod pages;
mod store;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Basis, Hold, SECOND_PERSON, holds, store as kept};
use crate::accounts::{Caller, Permission};
use crate::audit::{self, Entry};
use crate::refusal::{Kind, Result};
use crate::store::{CaseId, PersonId, Recorded, StandingId, Tx};

/// A decision that cannot stand.
pub static BAD_STANDING: Kind = Kind::new(
    422,
    "bad-standing-decision",
    "This decision of counsel cannot be written down like this.",
    "Name a basis with a day by which it must be gone and one that keeps, who counsel is, on what grounds, and an end within a year.",
);
/// An id that leads nowhere, or to one that is over.
pub static UNKNOWN_STANDING: Kind = Kind::new(
    404,
    "unknown-standing-decision",
    "No decision of counsel with this id waits for this.",
    "Open Keeping and see which decisions of counsel stand.",
)
.program("GET /v1/standing-decisions lists them.");

/// No decision stands longer: then counsel is asked again.
const LONGEST: SignedDuration = SignedDuration::from_hours(366 * 24);

/// A decision, before it is written down.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewStanding {
    /// The basis whose day by which it must be gone gives way.
    pub yields: Basis,
    /// The basis that keeps it longer.
    pub keeps: Basis,
    /// Who decided: name and office of counsel.
    pub counsel: String,
    /// On what grounds, with the law.
    pub grounds: String,
    /// Until when; at most a year ahead.
    #[schema(value_type = String)]
    pub until: Timestamp,
}

/// A decision of counsel for all cases in which these two contradict each other.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Standing {
    /// Its id.
    pub id: StandingId,
    /// What was decided.
    #[serde(flatten)]
    pub said: NewStanding,
    /// Who wrote it down.
    pub by: PersonId,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// The second person; without one it settles nothing.
    pub approved_by: Option<PersonId>,
    /// When.
    #[schema(value_type = Option<String>)]
    pub approved_at: Option<Timestamp>,
    /// Who ended it before its time.
    pub ended_by: Option<PersonId>,
    /// When.
    #[schema(value_type = Option<String>)]
    pub ended_at: Option<Timestamp>,
}

impl Standing {
    /// Whether it settles cases now.
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.approved_by.is_some() && self.ended_at.is_none() && self.said.until > now
    }

    /// Whether a second person can still put it into force.
    pub fn waits(&self, now: Timestamp) -> bool {
        self.approved_by.is_none() && self.ended_at.is_none() && self.said.until > now
    }
}

/// All decisions, the newest first.
pub async fn list(tx: &mut Tx, caller: &Caller) -> Result<Vec<Standing>> {
    caller.require(Permission::ReadHolds)?;
    store::all(tx).await
}

/// Writes down what counsel decided. It settles nothing before a second person has put it into force.
pub async fn decide(tx: &mut Tx, caller: &Caller, new: &NewStanding) -> Result<(Standing, Recorded)> {
    caller.require(Permission::ChangeHolds)?;
    let bad = |why: &str| Err(BAD_STANDING.because(why));
    let caps = |basis: Basis| basis.rules().is_some_and(|rules| rules.most_days.is_some());
    if !caps(new.yields) {
        return bad("what gives way is a day by which something must be gone; this basis has none");
    }
    if new.keeps == new.yields {
        return bad("a basis does not contradict itself");
    }
    let fits = |text: &str, most: usize| text.trim().chars().count() >= 8 && text.chars().count() <= most;
    if !fits(&new.counsel, 200) || !fits(&new.grounds, 4_000) {
        return bad("say who counsel is and on what grounds (8 characters or more)");
    }
    let now = tx.now();
    if new.until <= now || new.until.duration_since(now) > LONGEST {
        return bad("its end lies ahead, at most 366 days");
    }
    let standing = Standing {
        id: tx.id(),
        said: new.clone(),
        by: caller.person()?,
        at: now,
        approved_by: None,
        approved_at: None,
        ended_by: None,
        ended_at: None,
    };
    store::insert(tx, &standing).await?;
    let detail = serde_json::to_value(new).unwrap_or_default();
    let proof = audit::record(tx, Entry::by(caller, "counsel.decided").about(standing.id).detail(detail)).await?;
    Ok((standing, proof))
}

async fn open(tx: &mut Tx, id: StandingId) -> Result<Standing> {
    let now = tx.now();
    let found = store::find(tx, id).await?.filter(|one| one.is_in_force(now) || one.waits(now));
    found.ok_or_else(|| (&UNKNOWN_STANDING).into())
}

/// A second person puts a decision into force: cases of its scope that are with counsel go on, and later ones do not come there.
pub async fn approve(tx: &mut Tx, caller: &Caller, id: StandingId) -> Result<(Standing, Recorded)> {
    caller.require(Permission::ChangeHolds)?;
    let person = caller.person()?;
    let mut standing = open(tx, id).await?;
    if standing.approved_by.is_some() {
        return Err((&UNKNOWN_STANDING).into());
    }
    if standing.by == person {
        return Err((&SECOND_PERSON).into());
    }
    standing.approved_by = Some(person);
    standing.approved_at = Some(tx.now());
    store::update(tx, &standing).await?;
    let proof = audit::record(tx, Entry::by(caller, "counsel.in_force").about(id)).await?;
    for case in store::at_counsel(tx).await? {
        holds::weigh(tx, case).await?;
    }
    Ok((standing, proof))
}

/// Ends a decision before its time. What it settled stays settled; what contradicts from now on goes to counsel.
pub async fn end(tx: &mut Tx, caller: &Caller, id: StandingId) -> Result<(Standing, Recorded)> {
    caller.require(Permission::ChangeHolds)?;
    let mut standing = open(tx, id).await?;
    standing.ended_by = Some(caller.person()?);
    standing.ended_at = Some(tx.now());
    store::update(tx, &standing).await?;
    let proof = audit::record(tx, Entry::by(caller, "counsel.ended").about(id)).await?;
    Ok((standing, proof))
}

/// Lets days by which a case must be gone give way where a decision says so for everything that outlasts them. True where one
/// did.
pub(super) async fn settle(tx: &mut Tx, case: CaseId) -> Result<bool> {
    let now = holds::believed_now(tx).await?;
    let in_force: Vec<Standing> = store::all(tx).await?.into_iter().filter(|one| one.is_in_force(now)).collect();
    if in_force.is_empty() {
        return Ok(false);
    }
    let held: Vec<Hold> =
        kept::holds_on(tx, case).await?.into_iter().filter(|hold| hold.released_at.is_none()).collect();
    let mut any = false;
    for cap in held.iter().filter(|hold| hold.most.is_some()) {
        let outlasts = |hold: &&Hold| match (hold.until, cap.most) {
            (None, Some(most)) => most <= now,
            (Some(until), Some(most)) => until > now && until > most,
            (_, None) => false,
        };
        let mut over = held.iter().filter(outlasts).peekable();
        if over.peek().is_none() {
            continue;
        }
        let said =
            |hold: &Hold| in_force.iter().find(|one| (one.said.yields, one.said.keeps) == (cap.basis, hold.basis));
        let by: Option<Vec<StandingId>> = over.map(|hold| said(hold).map(|one| one.id)).collect();
        let Some(by) = by else { continue };
        kept::end_hold(tx, cap.id).await?;
        let detail = serde_json::json!({"standing_decisions": by});
        let entry = Entry::by_tanod("hold.released").case(case).about(cap.id).detail(detail);
        audit::record(tx, entry).await.map(drop)?;
        any = true;
    }
    Ok(any)
}
