//! Placing, prolonging and ending holds. None is ever shortened: an end can only be put later, and a hold that contradicts
//! another gives way when two people say so (US-42).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Basis, Fate, Hold, ON_HOLD, bases, fate, standing, store};
use crate::accounts::{Caller, Permission};
use crate::alarms;
use crate::audit::{self, Entry};
use crate::refusal::{Kind, Result};
use crate::review;
use crate::store::{CaseId, HoldId, OrderId, PersonId, Recorded, ReleaseId, Tx};

/// An id that leads nowhere.
pub static UNKNOWN_HOLD: Kind =
    Kind::new(404, "unknown-hold", "There is no such hold.", "Open Keeping and choose one from there.")
        .program("GET /v1/holds lists them.");
/// A release that is not there, or was answered.
pub static UNKNOWN_RELEASE: Kind = Kind::new(
    404,
    "unknown-release",
    "No release with this id waits for an answer.",
    "The case's keeping lists those that wait.",
)
.program("GET /v1/cases/{case}/keeping lists them.");
/// A hold that cannot be placed so.
pub static BAD_HOLD: Kind = Kind::new(
    422,
    "bad-hold",
    "A hold cannot be placed or changed like this.",
    "Do what the detail says; `tanod hold ls --bases` lists what each basis asks.",
);
/// The same person twice.
pub static SECOND_PERSON: Kind = Kind::new(
    409,
    "second-person",
    "Whoever asked for this cannot approve it.",
    "Ask another person with the right to change holds.",
);

/// A hold that somebody places.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewHold {
    /// On what basis.
    pub basis: Basis,
    /// From when; now, without it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub starts_at: Option<Timestamp>,
    /// Until when, where the basis leaves that open; never sooner than it asks.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub until: Option<Timestamp>,
    /// Who asked.
    #[serde(default)]
    pub authority: Option<String>,
    /// Under what reference.
    #[serde(default)]
    pub reference: Option<String>,
    /// What it is for; the operator's own needs it, and the day on which it is looked at again.
    #[serde(default)]
    pub purpose: Option<Keeping>,
    /// When it is looked at again.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub review_at: Option<Timestamp>,
}

/// What something may be kept for beyond the law's time: a closed list (18 U.S.C. 2258A(h)(5), US-34).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum Keeping {
    /// To reduce online sexual exploitation of children.
    ReduceExploitation,
    /// To prevent it.
    PreventExploitation,
}

/// A hold that is to last longer.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// Until when. Absent for a renewal, which lasts as long as its basis says.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub until: Option<Timestamp>,
    /// What for; not needed for a renewal.
    #[serde(default)]
    pub purpose: Option<Keeping>,
    /// When it is looked at again; not needed for a renewal.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub review_at: Option<Timestamp>,
}

/// Something that two people must agree on.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Release {
    /// Its id.
    pub id: ReleaseId,
    /// In which case.
    pub case: CaseId,
    /// Which hold gives way.
    pub hold: Option<HoldId>,
    /// Or which order is carried out although a hold stands.
    pub order: Option<OrderId>,
    /// Why.
    pub reason: String,
    /// Who asked.
    pub asked_by: PersonId,
    /// When.
    #[schema(value_type = String)]
    pub asked_at: Timestamp,
    /// Who answered.
    pub answered_by: Option<PersonId>,
    /// When.
    #[schema(value_type = Option<String>)]
    pub answered_at: Option<Timestamp>,
    /// What was answered.
    pub approved: Option<bool>,
}

/// The time that destruction believes: the clock, but no later than a day after the latest time that was believed before. A
/// clock that jumps ahead ends no hold; it is followed day by day while people are paged.
pub async fn believed_now(tx: &mut Tx) -> Result<Timestamp> {
    let now = tx.now();
    Ok(store::believed_time(tx).await?.map_or(now, |believed| now.min(bases::days_after(believed, 1))))
}

/// Moves the believed time on. True when the clock is more than a day ahead of it.
pub async fn believe(tx: &mut Tx) -> Result<(bool, Recorded)> {
    let (now, believed) = (tx.now(), believed_now(tx).await?);
    let jumped = now > believed;
    let before = store::believed_time(tx).await?;
    if before.is_none_or(|before| before < believed) {
        store::set_believed_time(tx, believed, before.is_none()).await?;
    }
    if jumped {
        alarms::raise(tx, alarms::Kind::ClockJumped, "clock", None).await?;
    } else {
        alarms::clear(tx, alarms::Kind::ClockJumped, "clock").await?;
    }
    Ok((jumped, Recorded::unrecorded("that time passes is no change of the record; an alarm has its own entry")))
}

/// What becomes of a case, by the time that destruction believes.
pub async fn fate_of(tx: &mut Tx, case: CaseId) -> Result<Fate> {
    let now = believed_now(tx).await?;
    Ok(fate(&store::holds_on(tx, case).await?, now))
}

fn short(text: Option<&String>) -> Result<()> {
    match text {
        Some(text) if text.trim().is_empty() || text.len() > 500 => {
            Err(BAD_HOLD.because("authority and reference have 1 to 500 bytes"))
        }
        _ => Ok(()),
    }
}

/// Places a hold by hand.
pub async fn place(tx: &mut Tx, caller: &Caller, case: CaseId, new: &NewHold) -> Result<(Hold, Recorded)> {
    caller.require(Permission::ChangeHolds)?;
    review::case(tx, case).await?;
    let rules = new.basis.rules().filter(|rules| rules.by_hand);
    let rules = rules.ok_or_else(|| BAD_HOLD.because("this basis is placed by what happens, not by hand"))?;
    short(new.authority.as_ref())?;
    short(new.reference.as_ref())?;
    let starts_at = new.starts_at.unwrap_or(tx.now());
    if starts_at > tx.now() {
        return Err(BAD_HOLD.because("it starts in the future"));
    }
    if rules.asked && (new.authority.is_none() || new.reference.is_none()) {
        return Err(BAD_HOLD.because("say who asked (authority) and under what reference"));
    }
    if new.basis == Basis::Operator && (new.purpose.is_none() || new.review_at.is_none() || new.until.is_none()) {
        return Err(BAD_HOLD.because("say until when, what for (purpose), and when it is looked at again (review_at)"));
    }
    let (least, most) = new.basis.clock(starts_at);
    let until = match (least, new.until) {
        (Some(least), Some(until)) if until != least => {
            return Err(BAD_HOLD.because(format!("this basis lasts until {least}; extend it afterwards if need be")));
        }
        (least, until) => least.or(until),
    };
    let hold = Hold {
        id: tx.id(),
        case,
        basis: new.basis,
        starts_at,
        until,
        most,
        released_at: None,
        report: None,
        renewals: 0,
        authority: new.authority.clone(),
        reference: new.reference.clone(),
        purpose: new.purpose,
        owner: Some(caller.mark()),
        review_at: new.review_at,
    };
    store::insert_whole(tx, &hold).await?;
    let detail = serde_json::json!({
        "basis": hold.basis, "until": hold.until, "most": hold.most, "authority": hold.authority,
        "reference": hold.reference, "purpose": hold.purpose, "review_at": hold.review_at,
    });
    let proof = audit::record(tx, Entry::by(caller, "hold.placed").case(case).about(hold.id).detail(detail)).await?;
    weigh(tx, case).await?;
    Ok((hold, proof))
}

/// Makes a hold last longer: a renewal by its basis, or further with a purpose and a day on which it is looked at again (US-34).
pub async fn extend(tx: &mut Tx, caller: &Caller, id: HoldId, by: &Extension) -> Result<(Hold, Recorded)> {
    caller.require(Permission::ChangeHolds)?;
    let mut hold = store::hold(tx, id).await?.ok_or(&UNKNOWN_HOLD)?;
    let refused = |why: &str| Err(BAD_HOLD.because(why));
    if hold.released_at.is_some() {
        return refused("it was released");
    }
    let Some(until) = hold.until else { return refused("it has no end that could be put later") };
    let rules = hold.basis.rules().ok_or(&BAD_HOLD)?;
    let later = match (by.until, rules.renew_days) {
        (None, Some(days)) if rules.renewals.is_none_or(|most| hold.renewals < most) => {
            hold.renewals += 1;
            bases::days_after(until, days)
        }
        (None, Some(_)) => return refused("it was renewed as often as its basis allows; a new request is a new hold"),
        (None, None) => return refused("say until when"),
        (Some(_), _) if !rules.extend => return refused("its basis knows renewals, or no extension at all"),
        (Some(later), _) => {
            if by.purpose.is_none() || by.review_at.is_none_or(|review_at| review_at <= tx.now()) {
                return refused("say what for (purpose), and when it is looked at again (review_at)");
            }
            later
        }
    };
    if later <= until {
        return refused("it ends later already, and no hold is ever shortened");
    }
    hold.until = Some(later);
    hold.purpose = by.purpose.or(hold.purpose);
    hold.review_at = by.review_at.or(hold.review_at);
    hold.owner = Some(caller.mark());
    store::prolong(tx, &hold, until).await?;
    let detail = serde_json::json!({
        "from": until, "until": later, "purpose": hold.purpose, "review_at": hold.review_at, "renewals": hold.renewals,
    });
    let entry = Entry::by(caller, "hold.extended").case(hold.case).about(hold.id).detail(detail);
    let proof = audit::record(tx, entry).await?;
    weigh(tx, hold.case).await?;
    Ok((hold, proof))
}

/// Whether one may ask that a hold give way: the operator's own, an open one that a person placed, or any where bases contradict
/// each other.
pub(super) fn may_be_asked(hold: &Hold, conflict: bool) -> bool {
    let by_hand = hold.basis.rules().is_some_and(|rules| rules.by_hand);
    let own = hold.basis == Basis::Operator || (by_hand && hold.until.is_none());
    hold.released_at.is_none() && (own || conflict)
}

/// Asks that a hold give way. Only where it is the operator's own, open, or contradicts another; never a law's time by itself.
pub async fn ask_release(tx: &mut Tx, caller: &Caller, id: HoldId, reason: &str) -> Result<(Release, Recorded)> {
    caller.require(Permission::ChangeHolds)?;
    let hold = store::hold(tx, id).await?.ok_or(&UNKNOWN_HOLD)?;
    let conflict = matches!(fate_of(tx, hold.case).await?, Fate::Conflict { .. });
    if !may_be_asked(&hold, conflict) {
        let why = "it is a law's time and contradicts no other: it ends by itself, and not sooner";
        return Err(ON_HOLD.because(why));
    }
    ask(tx, caller, hold.case, Some(id), None, reason).await
}

/// Writes down what a second person must agree to.
pub(super) async fn ask(
    tx: &mut Tx,
    caller: &Caller,
    case: CaseId,
    hold: Option<HoldId>,
    order: Option<OrderId>,
    reason: &str,
) -> Result<(Release, Recorded)> {
    if reason.trim().is_empty() || reason.len() > 4_000 {
        return Err(BAD_HOLD.because("give a reason of 1 to 4000 bytes"));
    }
    let release = Release {
        id: tx.id(),
        case,
        hold,
        order,
        reason: reason.to_owned(),
        // Whoever runs a command on the machine is nobody who could answer.
        asked_by: PersonId(caller.scope_id()),
        asked_at: tx.now(),
        answered_by: None,
        answered_at: None,
        approved: None,
    };
    store::insert_release(tx, &release).await?;
    let detail = serde_json::json!({"hold": hold, "order": order, "reason": reason});
    let entry = Entry::by(caller, "release.asked").case(case).about(release.id).detail(detail);
    let proof = audit::record(tx, entry).await?;
    Ok((release, proof))
}

/// What two people must agree on, or have, the newest first.
pub(super) async fn releases(
    tx: &mut Tx,
    caller: &Caller,
    waiting: bool,
    before: Option<ReleaseId>,
    limit: i64,
) -> Result<Vec<Release>> {
    caller.require(Permission::ReadHolds)?;
    store::all_releases(tx, waiting, before, limit).await
}

/// A second person agrees, or does not.
pub async fn answer_release(tx: &mut Tx, caller: &Caller, id: ReleaseId, approve: bool) -> Result<(Release, Recorded)> {
    caller.require(Permission::ChangeHolds)?;
    let person = caller.person()?;
    let mut release =
        store::release(tx, id).await?.filter(|release| release.approved.is_none()).ok_or(&UNKNOWN_RELEASE)?;
    if release.asked_by == person {
        return Err((&SECOND_PERSON).into());
    }
    release.answered_by = Some(person);
    release.answered_at = Some(tx.now());
    release.approved = Some(approve);
    if !store::answer_release(tx, &release).await? {
        return Err((&UNKNOWN_RELEASE).into());
    }
    let kind = if approve { "release.approved" } else { "release.refused" };
    let detail = serde_json::json!({"hold": release.hold, "order": release.order});
    let entry = Entry::by(caller, kind).case(release.case).about(release.id).detail(detail);
    let mut proof = audit::record(tx, entry).await?;
    match (approve, release.hold, release.order) {
        (true, Some(hold), _) => {
            store::end_hold(tx, hold).await?;
            proof = audit::record(tx, Entry::by(caller, "hold.released").case(release.case).about(hold)).await?;
            weigh(tx, release.case).await?;
        }
        (_, _, Some(order)) => proof = super::destruction::answered(tx, caller, order, approve).await?,
        _ => {}
    }
    Ok((release, proof))
}

/// Sends a case to counsel when its bases contradict each other and no standing decision settles it, and takes it back when they
/// do no more. Nothing of it is
/// destroyed in between.
pub(super) async fn weigh(tx: &mut Tx, case: CaseId) -> Result<()> {
    let at_counsel = store::counsel(tx, case).await?.is_some();
    let mut fate = fate_of(tx, case).await?;
    if matches!(fate, Fate::Conflict { .. }) && standing::settle(tx, case).await? {
        fate = fate_of(tx, case).await?;
    }
    match (fate, at_counsel) {
        (Fate::Conflict { gone_by, until }, false) => {
            let day = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M UTC").to_string();
            let until = until.map_or_else(
                || "its end is not known".to_owned(),
                |until| format!("it must stay until {}", day(until)),
            );
            let words = format!("it must be gone by {}, and {until}", day(gone_by));
            store::insert_counsel(tx, case, &words).await?;
            alarms::raise(tx, alarms::Kind::CounselWanted, &case.to_string(), Some(case)).await?;
            let detail = serde_json::json!({"words": words});
            audit::record(tx, Entry::by_tanod("case.to_counsel").case(case).detail(detail)).await.map(drop)
        }
        (Fate::Conflict { .. }, true) | (_, false) => Ok(()),
        (_, true) => {
            store::end_counsel(tx, case).await?;
            alarms::clear(tx, alarms::Kind::CounselWanted, &case.to_string()).await?;
            audit::record(tx, Entry::by_tanod("case.from_counsel").case(case)).await.map(drop)
        }
    }
}

/// Everything about how a case is kept.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Keep {
    /// What becomes of it.
    pub fate: Fate,
    /// Why it is with counsel, if it is.
    pub counsel: Option<String>,
    /// Its holds.
    pub holds: Vec<Hold>,
    /// What two people must agree on, or have.
    pub releases: Vec<Release>,
    /// Requests to destroy.
    pub orders: Vec<super::Order>,
    /// What was destroyed, with the certificates.
    pub destructions: Vec<super::Destruction>,
}

/// How a case is kept.
pub async fn keeping(tx: &mut Tx, caller: &Caller, case: CaseId) -> Result<Keep> {
    caller.require(Permission::ReadHolds)?;
    review::case(tx, case).await?;
    Ok(Keep {
        fate: fate_of(tx, case).await?,
        counsel: store::counsel(tx, case).await?,
        holds: store::holds_on(tx, case).await?,
        releases: store::releases(tx, case).await?,
        orders: super::destruction::orders(tx, case).await?,
        destructions: super::destruction::destructions(tx, case).await?,
    })
}
