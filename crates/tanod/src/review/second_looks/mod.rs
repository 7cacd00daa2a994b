//! A second person thinks a decision through where that earns its harm: it was disputed, the match was near, the age is unclear; of
//! files that lists know exactly one a list and month is drawn. The second begins with what the first stated, not with the picture.
//!
//! What comes of it is about decisions. Nobody is ranked, nobody's speed is counted, and a lead's words to a person are for these two.

pub mod api;
pub(super) mod pages;
mod store;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Approval, Decision, NO_REASON, SAME_PERSON, files};
use crate::accounts::{self, Caller, Permission};
use crate::audit::{self, Entry};
use crate::intake;
use crate::matching::Strength;
use crate::refusal::{Kind, Result};
use crate::store::{BankId, CaseId, CoachingId, DecisionId, ItemId, PersonId, Recorded, SecondLookId, Tx};

/// An id that leads nowhere.
pub static UNKNOWN_SECOND_LOOK: Kind =
    Kind::new(404, "unknown-second-look", "There is no such second look.", "Open the page Second looks again.");
/// Said twice.
pub static SAID_BEFORE: Kind = Kind::new(
    409,
    "second-look-said",
    "Somebody has said so already.",
    "Read what was said. A wrong decision is undone on the page of its case.",
);

/// All refusals of this file.
pub const REFUSALS: &[&Kind] = &[&UNKNOWN_SECOND_LOOK, &SAID_BEFORE];

/// Why a decision is worth a second person's thought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// A copy of the file was decided otherwise, or somebody denied the match.
    Disputed,
    /// No list knows the very file.
    Near,
    /// The first says that the age is unclear.
    AgeUnclear,
    /// Drawn: one of what this list knows exactly, in this month.
    Drawn,
}

/// A decision that is thought through again.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct SecondLook {
    /// Its id.
    pub id: SecondLookId,
    /// Which decision.
    pub decision: DecisionId,
    /// In which case.
    pub case: CaseId,
    /// The case's number.
    pub number: i64,
    /// Why.
    pub why: Why,
    /// When it was asked for.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// What the second person said.
    pub said: Option<Word>,
    /// What a lead made of a disagreement.
    pub settled: Option<Settled>,
}

/// A second person's word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Word {
    /// Who.
    pub by: PersonId,
    /// Whether they would have decided so.
    pub agrees: bool,
    /// Whether they needed the picture for it.
    pub looked: bool,
    /// Why.
    pub words: String,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
}

/// What a lead made of a disagreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Settled {
    /// Who.
    pub by: PersonId,
    /// What was learnt.
    pub words: String,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
}

/// What is known of the uploads that a decision covers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a ground of its own")]
struct Grounds {
    disputed: bool,
    /// A second person has thought it through already, and approved it.
    approved: bool,
    near: bool,
    age_unclear: bool,
    /// A list that knows one of them exactly, and of which nothing was drawn this month.
    undrawn: Option<BankId>,
}

/// Why a decision earns a second look, if it does; the gravest reason counts.
fn earns(grounds: Grounds) -> Option<Why> {
    match grounds {
        Grounds { disputed: true, .. } => Some(Why::Disputed),
        Grounds { approved: true, .. } => None,
        Grounds { age_unclear: true, .. } => Some(Why::AgeUnclear),
        Grounds { near: true, .. } => Some(Why::Near),
        Grounds { undrawn: Some(_), .. } => Some(Why::Drawn),
        _ => None,
    }
}

/// Asks for a second look at a decision that is carried out, where it earns one; for one decision on a whole file, however many cases
/// it settles, once.
pub(super) async fn ask(tx: &mut Tx, decision: &Decision) -> Result<()> {
    let reviewed = matches!(decision.outcome, super::Outcome::Report) || decision.outcome.dismisses();
    if !reviewed || decision.particulars.escalate.is_some() || store::asked_for_file(tx, decision).await? {
        return Ok(());
    }
    let signals = super::signals(tx, decision.case).await?;
    let covered = signals.iter().filter(|signal| signal.decision == Some(decision.id));
    let items: Vec<ItemId> = covered.filter_map(|signal| signal.item).collect();
    let hits = intake::matches_of(tx, &items).await?;
    let exact =
        |item: &ItemId| hits.get(item).is_some_and(|hits| hits.iter().any(|hit| hit.strength == Strength::Exact));
    let month = tx.now().strftime("%Y-%m").to_string();
    let mut grounds = Grounds {
        disputed: files::decided_otherwise(tx, decision.id).await?,
        approved: decision.approval == Approval::Given,
        near: items.iter().any(|item| hits.contains_key(item) && !exact(item)),
        age_unclear: decision.particulars.age_unclear,
        undrawn: None,
    };
    if earns(grounds).is_none() && !grounds.approved {
        let mut banks: Vec<BankId> = hits.values().flatten().map(|hit| hit.bank).collect();
        banks.sort_unstable();
        banks.dedup();
        for bank in banks {
            if !store::was_drawn(tx, bank, &month).await? {
                grounds.undrawn = Some(bank);
                break;
            }
        }
    }
    let Some(why) = earns(grounds) else { return Ok(()) };
    let id: SecondLookId = tx.id();
    let drawn = grounds.undrawn.filter(|_| why == Why::Drawn).map(|bank| (bank, month));
    store::insert(tx, id, decision, why, drawn).await?;
    let detail = serde_json::json!({"why": why});
    audit::record(tx, Entry::by_tanod("second_look.asked").case(decision.case).about(id).detail(detail)).await.map(drop)
}

/// Second looks that wait for the caller: of decisions that are not their own, the oldest first.
pub async fn waiting(tx: &mut Tx, caller: &Caller, most: i64) -> Result<Vec<(SecondLook, Decision)>> {
    caller.require(Permission::DecideCases)?;
    store::waiting(tx, caller.person()?, most).await
}

/// Disagreements that no lead has settled, the oldest first.
pub async fn disagreements(tx: &mut Tx, caller: &Caller, most: i64) -> Result<Vec<(SecondLook, Decision)>> {
    caller.require(Permission::ApproveDecisions)?;
    store::disagreements(tx, most).await
}

/// What the second person says.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWord {
    /// Whether they would have decided so, from what the first stated.
    pub agrees: bool,
    /// Whether they needed the picture for it.
    #[serde(default)]
    pub looked: bool,
    /// Why, in a sentence.
    pub words: String,
}

fn sentence(words: &str) -> Result<&str> {
    let words = words.trim();
    if words.chars().count() < 8 { Err((&NO_REASON).into()) } else { Ok(words) }
}

/// Says what one thinks of another's decision. Nobody answers for their own.
pub async fn say(tx: &mut Tx, caller: &Caller, id: SecondLookId, new: &NewWord) -> Result<(SecondLook, Recorded)> {
    caller.require(Permission::DecideCases)?;
    let person = caller.person()?;
    let words = sentence(&new.words)?;
    let (look, decision) = store::find(tx, id).await?.ok_or(&UNKNOWN_SECOND_LOOK)?;
    if decision.by == person {
        return Err((&SAME_PERSON).into());
    }
    if !store::say(tx, id, person, new.agrees, new.looked, words).await? {
        return Err((&SAID_BEFORE).into());
    }
    let detail = serde_json::json!({"agrees": new.agrees, "looked": new.looked});
    let entry = Entry::by(caller, "second_look.said").case(look.case).about(id).detail(detail);
    let proof = audit::record(tx, entry).await?;
    Ok((store::find(tx, id).await?.ok_or(&UNKNOWN_SECOND_LOOK)?.0, proof))
}

/// Settles a disagreement, as a lead, and as neither of the two where there is another: what was learnt. A wrong decision is undone on its own, by a correction.
pub async fn settle(tx: &mut Tx, caller: &Caller, id: SecondLookId, words: &str) -> Result<(SecondLook, Recorded)> {
    caller.require(Permission::ApproveDecisions)?;
    let words = sentence(words)?;
    let person = caller.person()?;
    let (look, decision) = store::find(tx, id).await?.ok_or(&UNKNOWN_SECOND_LOOK)?;
    let concerned = decision.by == person || look.said.as_ref().is_some_and(|said| said.by == person);
    let leads = accounts::people_who_may(tx, Permission::ApproveDecisions).await?;
    let others = |lead: &PersonId| *lead != decision.by && look.said.as_ref().is_none_or(|said| said.by != *lead);
    if concerned && leads.iter().any(|lead| others(&lead.id)) {
        return Err((&SAME_PERSON).into());
    }
    if !store::settle(tx, id, person, words).await? {
        return Err((&SAID_BEFORE).into());
    }
    let proof = audit::record(tx, Entry::by(caller, "second_look.settled").case(look.case).about(id)).await?;
    Ok((store::find(tx, id).await?.ok_or(&UNKNOWN_SECOND_LOOK)?.0, proof))
}

/// A lead's words to one person about one decision of theirs.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Coaching {
    /// Its id.
    pub id: CoachingId,
    /// About which case, by its number.
    pub number: i64,
    /// The case.
    pub case: CaseId,
    /// For whom.
    pub for_person: PersonId,
    /// From whom.
    pub by: PersonId,
    /// What.
    pub words: String,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
}

/// Writes a note to the person who decided. It is theirs and the lead's; the record says that there is one, not what it says.
pub async fn coach(tx: &mut Tx, caller: &Caller, id: SecondLookId, words: &str) -> Result<Recorded> {
    caller.require(Permission::ApproveDecisions)?;
    let words = sentence(words)?;
    let (_, decision) = store::find(tx, id).await?.ok_or(&UNKNOWN_SECOND_LOOK)?;
    let note: CoachingId = tx.id();
    store::coach(tx, note, id, decision.by, caller.person()?, words).await?;
    audit::record(tx, Entry::by(caller, "second_look.coached").about(note)).await
}

/// Notes to the caller, and those that the caller wrote; newest first. There is no way to anybody else's.
pub async fn own_coaching(tx: &mut Tx, caller: &Caller) -> Result<Vec<Coaching>> {
    caller.require(Permission::DecideCases)?;
    store::coaching_of(tx, caller.person()?).await
}

/// A decision of the caller's that was found wrong since, by a correction or an appeal.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct FoundWrong {
    /// The case.
    pub case: CaseId,
    /// Its number.
    pub number: i64,
    /// Why, in the words of whoever corrected it.
    pub because: String,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
}

/// What became of the caller's own decisions: those that were found wrong, newest first.
pub async fn found_wrong(tx: &mut Tx, caller: &Caller) -> Result<Vec<FoundWrong>> {
    caller.require(Permission::DecideCases)?;
    store::found_wrong(tx, caller.person()?).await
}

/// How often second people agreed in a month. It says nothing of anybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Month {
    /// As 2026-11.
    pub month: String,
    /// Second looks that were said something of.
    pub all: i64,
    /// Of these, how many agreed.
    pub agreed: i64,
    /// And how many were found wrong and undone.
    pub undone: i64,
}

impl Month {
    /// Thousandths of the second looks that agreed.
    pub(super) fn long(&self) -> i64 {
        self.agreed.saturating_mul(1_000) / self.all.max(1)
    }
}

/// Agreement over the last twelve months, oldest first.
pub async fn agreement(tx: &mut Tx, caller: &Caller) -> Result<Vec<Month>> {
    caller.require(Permission::DecideCases)?;
    store::agreement(tx).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gravest_reason_counts_and_exact_known_files_are_left_alone_but_for_one() {
        let bank = Some(BankId(uuid::Uuid::nil()));
        let all = Grounds { disputed: true, approved: false, near: true, age_unclear: true, undrawn: bank };
        assert_eq!(earns(Grounds { approved: true, ..all }), Some(Why::Disputed));
        assert_eq!(earns(Grounds { approved: true, disputed: false, ..all }), None, "two have thought already");
        assert_eq!(earns(all), Some(Why::Disputed));
        assert_eq!(earns(Grounds { disputed: false, ..all }), Some(Why::AgeUnclear));
        assert_eq!(earns(Grounds { disputed: false, age_unclear: false, ..all }), Some(Why::Near));
        assert_eq!(earns(Grounds { undrawn: bank, ..Grounds::default() }), Some(Why::Drawn));
        assert_eq!(earns(Grounds::default()), None);
    }
}
