//! Destroying: the data key first, so that nothing opens the object any more, then the object; every copy that we know of is
//! tried afterwards, and a signed certificate says so (EV-10, EV-11, EV-12).

mod backups;
mod store;
mod wiping;

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Exhibit, Hold, bases, holds, store as kept};
use crate::accounts::{Caller, Permission};
use crate::audit::{self, Entry};
use crate::queue::{self, Work};
use crate::refusal::{Error, Kind, Result};
use crate::store::{CaseId, DestructionId, ItemId, ObjectId, OrderId, Recorded, Scoured, Tx};
use crate::{context, intake, reporting, review};

pub use backups::{Backup, note_backup, replay};

/// A request to destroy that cannot be taken.
pub static BAD_ORDER: Kind = Kind::new(
    422,
    "bad-order",
    "A request to destroy cannot be taken like this.",
    "Name agency, officer and reference, and say how you verified who asks: call back by a number from an official source.",
);

/// Why something was destroyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The time for which it was kept is over, with every hold.
    Expired,
    /// The police asked (18 U.S.C. 2258B(c)(2), US-41).
    Ordered,
}

/// A request of the police to destroy a depiction. What the report says in words is kept (US-41).
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// In which case.
    pub case: CaseId,
    /// Which upload.
    pub item: ItemId,
    /// Which agency asks.
    pub agency: String,
    /// By whom.
    pub officer: String,
    /// Under what reference.
    pub reference: String,
    /// How it was verified who asks.
    pub verified_how: String,
    /// By whom.
    pub verified_by: String,
    /// When it came.
    #[schema(value_type = String)]
    pub received_at: Timestamp,
    /// Where it stands.
    pub state: OrderState,
}

/// Where a request to destroy stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// A second person must agree.
    Waiting,
    /// It was carried out.
    Done,
    /// It was refused.
    Refused,
}

/// A request to destroy, as it comes in.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrder {
    /// Which upload.
    pub item: ItemId,
    /// Which agency asks.
    pub agency: String,
    /// By whom.
    pub officer: String,
    /// Under what reference.
    pub reference: String,
    /// How you verified who asks, through an official channel of your own choosing.
    pub verified_how: String,
    /// Why it should be carried out, for the second person; what stands against it is shown to them.
    pub reason: String,
}

/// What was destroyed.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Destruction {
    /// Its id.
    pub id: DestructionId,
    /// The stored object.
    pub object: ObjectId,
    /// What it was: `media`, or `context`.
    pub kind: String,
    /// Of which upload.
    pub item: Option<ItemId>,
    /// In which case.
    pub case: Option<CaseId>,
    /// Digest of the original.
    pub sha256: Option<String>,
    /// Its size.
    pub bytes: i64,
    /// Why.
    pub cause: Cause,
    /// On whose request.
    pub order: Option<OrderId>,
    /// By whom: a staff number, or the program.
    pub by: String,
    /// When the key was discarded.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// When the last backup that holds the key is gone.
    #[schema(value_type = String)]
    pub keys_gone_at: Timestamp,
    /// When every copy that we know of was tried, and none opened.
    #[schema(value_type = Option<String>)]
    pub verified_at: Option<Timestamp>,
    /// The certificate, signed with the ledger's key.
    pub certificate: Option<String>,
}

/// Discards the key of an object, writes down what is destroyed, and has the rest done.
pub(super) async fn discard(tx: &mut Tx, mut what: Destruction) -> Result<Recorded> {
    kept::drop_key(tx, what.object).await?;
    what.keys_gone_at = store::last_backup_ends(tx).await?.map_or(what.at, |ends| ends.max(what.at));
    store::insert_destruction(tx, &what).await?;
    queue::push(tx, &Work::VerifyDestructionV1 { destruction: what.id }, Duration::ZERO).await?;
    let detail = serde_json::json!({
        "object": what.object, "kind": what.kind, "item": what.item, "sha256": what.sha256, "bytes": what.bytes,
        "cause": what.cause, "order": what.order, "keys_gone_at": what.keys_gone_at,
    });
    let kind = if what.kind == "media" { "exhibit.destroyed" } else { "context.destroyed" };
    let entry = Entry { actor: what.by.clone(), ..Entry::by_tanod(kind) }.about(what.id).detail(detail);
    audit::record(tx, if let Some(case) = what.case { entry.case(case) } else { entry }).await
}

/// Discards an exhibit.
pub(super) async fn discard_exhibit(
    tx: &mut Tx,
    exhibit: &Exhibit,
    cause: Cause,
    order: Option<OrderId>,
    by: String,
) -> Result<Recorded> {
    kept::mark_destroyed(tx, exhibit.id).await?;
    let item = intake::find(tx, exhibit.item).await?;
    let what = Destruction {
        id: tx.id(),
        object: exhibit.object,
        kind: "media".to_owned(),
        item: Some(exhibit.item),
        case: intake::case_of(tx, exhibit.item).await?,
        sha256: Some(item.digests.sha256_hex()),
        bytes: exhibit.bytes,
        cause,
        order,
        by,
        at: tx.now(),
        keys_gone_at: tx.now(),
        verified_at: None,
        certificate: None,
    };
    discard(tx, what).await
}

/// Discards what the platform said around a case.
pub async fn discard_context(tx: &mut Tx, case: CaseId, object: ObjectId, sha256: String, bytes: i64) -> Result<()> {
    let what = Destruction {
        id: tx.id(),
        object,
        kind: "context".to_owned(),
        item: None,
        case: Some(case),
        sha256: Some(sha256),
        bytes,
        cause: Cause::Expired,
        order: None,
        by: "tanod".to_owned(),
        at: tx.now(),
        keys_gone_at: tx.now(),
        verified_at: None,
        certificate: None,
    };
    discard(tx, what).await.map(drop)
}

/// Everything of a case goes whose holds have all ended. `None` where something still keeps it, or nothing is left.
pub async fn destroy_due(tx: &mut Tx, case: CaseId) -> Result<Option<Recorded>> {
    holds::weigh(tx, case).await?;
    let super::Fate::Due { since } = holds::fate_of(tx, case).await? else { return Ok(None) };
    let believed = holds::believed_now(tx).await?;
    let mut any = context::destroy(tx, case).await? > 0;
    for item in kept::living(tx, case).await? {
        // Another case may hold the same upload: then it stays, and goes with that one.
        if !kept::is_held(tx, item, believed).await? {
            intake::let_go(tx, item).await?;
            any = true;
        }
    }
    // What is still to be filed is not wiped under it.
    if !reporting::any_under_way(tx, case).await? {
        any |= wiping::wipe(tx, case, believed).await?;
    }
    if !any {
        return Ok(None);
    }
    let detail = serde_json::json!({"since": since});
    audit::record(tx, Entry::by_tanod("case.let_go").case(case).detail(detail)).await.map(Some)
}

/// Takes a request to destroy. It is carried out when a second person has agreed, whatever holds stand: they are named to that
/// person, and nothing is settled silently (US-42).
pub async fn order(tx: &mut Tx, caller: &Caller, case: CaseId, new: &NewOrder) -> Result<(Order, Recorded)> {
    caller.require(Permission::ChangeHolds)?;
    if intake::case_of(tx, new.item).await? != Some(case) {
        return Err(review::NOT_IN_CASE.because(new.item.to_string()));
    }
    for text in [&new.agency, &new.officer, &new.reference, &new.verified_how] {
        if text.trim().is_empty() || text.len() > 500 {
            return Err(BAD_ORDER.because("each of agency, officer, reference and verified_how has 1 to 500 bytes"));
        }
    }
    super::exhibit(tx, new.item).await?;
    let order = Order {
        id: tx.id(),
        case,
        item: new.item,
        agency: new.agency.clone(),
        officer: new.officer.clone(),
        reference: new.reference.clone(),
        verified_how: new.verified_how.clone(),
        verified_by: caller.mark(),
        received_at: tx.now(),
        state: OrderState::Waiting,
    };
    store::insert_order(tx, &order).await?;
    let against: Vec<Hold> = super::standing(tx, case).await?;
    let detail = serde_json::json!({
        "item": order.item, "agency": order.agency, "officer": order.officer, "reference": order.reference,
        "verified_how": order.verified_how, "against": against.iter().map(|hold| hold.basis).collect::<Vec<_>>(),
    });
    let entry = Entry::by(caller, "destruction.ordered").case(case).about(order.id).detail(detail);
    audit::record(tx, entry).await.map(drop)?;
    let (_, proof) = holds::ask(tx, caller, case, None, Some(order.id), &new.reason).await?;
    Ok((order, proof))
}

/// The second person has answered.
pub(super) async fn answered(tx: &mut Tx, caller: &Caller, id: OrderId, approve: bool) -> Result<Recorded> {
    let order = store::order(tx, id).await?.ok_or(&holds::UNKNOWN_RELEASE)?;
    if !approve {
        store::set_order(tx, id, OrderState::Refused).await?;
        return audit::record(tx, Entry::by(caller, "destruction.refused").case(order.case).about(id)).await;
    }
    store::set_order(tx, id, OrderState::Done).await?;
    let exhibit = super::exhibit(tx, order.item).await?;
    discard_exhibit(tx, &exhibit, Cause::Ordered, Some(id), caller.mark()).await
}

/// What was done about traces of the key in the database itself, and how long they may last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Traces {
    /// What the database did.
    pub(super) scoured: Scoured,
    /// How long its archived logs are kept.
    pub(super) archive_days: i64,
}

impl Traces {
    /// Where the wrapped key may still be read, in one line; nothing of it opens without the ring.
    fn words(self, at: Timestamp) -> String {
        let vacuumed = match self.scoured {
            Scoured::Overwritten => return "overwritten in the file, and its log emptied".to_owned(),
            Scoured::Busy => {
                return "overwritten in the file; its log holds the wrapped key until the next checkpoint of SQLite"
                    .to_owned();
            }
            Scoured::Vacuumed => "the table was vacuumed after it",
            Scoured::NotVacuumed => "dead rows may hold the wrapped key until the table data_keys is vacuumed",
        };
        let ends = bases::days_after(at, self.archive_days);
        format!(
            "{vacuumed}; logs of the server and their archive may hold the wrapped key until {ends} (keeping.archive_days)"
        )
    }
}

/// What a certificate says, one line a field, so that anyone can read it.
pub(super) fn words(what: &Destruction, order: Option<&Order>, traces: Traces, verified_at: Timestamp) -> String {
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let asked =
        order.map(|order| format!("{}, {}, {}", order.agency, order.officer, order.reference).replace('\n', " "));
    format!(
        "tanod-destruction-v1\nid {}\nobject {}\nwas {} of {} bytes, sha256 {}\nitem {}\ncase {}\ncause {}\nasked by {}\n\
         method purge: cryptographic erase (NIST SP 800-88 Rev. 2); sealed with AES-256-GCM since it was first written; \
         the data key discarded, the object deleted\ntool tanod {}\nby {}\nat {}\nverified {}: the key is gone, the object is \
         gone\nin the database: {}\nlast backup with the key ends {}\n",
        what.id,
        what.object,
        what.kind,
        what.bytes,
        or_none(what.sha256.clone()),
        or_none(what.item.map(|item| item.to_string())),
        or_none(what.case.map(|case| case.to_string())),
        crate::store::as_word(&what.cause),
        or_none(asked),
        env!("CARGO_PKG_VERSION"),
        order.map_or_else(|| what.by.clone(), |order| format!("{}, with {}", what.by, order.verified_by)),
        what.at,
        verified_at,
        traces.words(what.at),
        what.keys_gone_at,
    )
}

/// Every copy was tried: writes and signs the certificate.
pub(super) async fn certify(
    tx: &mut Tx,
    signer: &ledger::Signer,
    traces: Traces,
    id: DestructionId,
) -> Result<Option<Recorded>> {
    let Some(mut what) = store::destruction(tx, id).await?.filter(|what| what.verified_at.is_none()) else {
        return Ok(None);
    };
    if kept::key(tx, what.object).await?.is_some() {
        return Err(Error::internal("destroying", std::io::Error::other("the key of a destroyed object is there")));
    }
    let order = match what.order {
        Some(order) => store::order(tx, order).await?,
        None => None,
    };
    let now = tx.now();
    if matches!(traces.scoured, Scoured::Vacuumed | Scoured::NotVacuumed) {
        what.keys_gone_at = what.keys_gone_at.max(bases::days_after(what.at, traces.archive_days));
    }
    let certificate = signer.sign_text(&words(&what, order.as_ref(), traces, now));
    store::set_verified(tx, id, now, what.keys_gone_at, &certificate).await?;
    let entry = Entry::by_tanod("destruction.verified").about(id);
    audit::record(tx, if let Some(case) = what.case { entry.case(case) } else { entry }).await.map(Some)
}

/// Requests to destroy something of a case.
pub(super) async fn orders(tx: &mut Tx, case: CaseId) -> Result<Vec<Order>> {
    store::orders(tx, case).await
}

/// What of a case was destroyed.
pub(super) async fn destructions(tx: &mut Tx, case: CaseId) -> Result<Vec<Destruction>> {
    store::destructions(tx, case).await
}

/// What was destroyed.
pub(super) async fn destruction(tx: &mut Tx, id: DestructionId) -> Result<Option<Destruction>> {
    store::destruction(tx, id).await
}
