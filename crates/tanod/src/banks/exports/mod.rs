//! Passing a list on: to whom, on record, without what may be a child's own picture; and who received a hash, for when it is
//! wrong.

mod store;

use fingerprint::Pdq;

use super::store as lists;
use super::{EXPORT_REFUSED, Entry, Kind, Licence, Row, Signal, UNKNOWN_BANK};
use crate::accounts::{Caller, Permission};
use crate::audit::{self, Entry as Event};
use crate::intake::Item;
use crate::refusal::Result;
use crate::review;
use crate::store::{BankId, EntryId, ExportId, Recorded, Tx};

/// A list on its way out.
pub struct Exported {
    /// Its rows.
    pub rows: Vec<Row>,
    /// How many entries stay here, for they may be a child's own pictures.
    pub left_out: usize,
    /// To whom it goes, as it was said.
    pub to: String,
}

/// The rows of a bank, for passing on. An export is an event like any other (US-44). A likely child's own picture is left out
/// unless a lead allowed it for that file.
pub async fn export(tx: &mut Tx, caller: &Caller, id: BankId, to: Option<&str>) -> Result<(Exported, Recorded)> {
    caller.require(Permission::ExportBanks)?;
    let bank = lists::by_id(tx, id).await?.ok_or(&UNKNOWN_BANK)?;
    if bank.licence == Licence::Restricted {
        return Err((&EXPORT_REFUSED).into());
    }
    let to = to.map(str::trim).filter(|to| !to.is_empty()).map_or_else(|| caller.mark(), str::to_owned);
    let to: String = to.chars().take(200).collect();
    let entries = lists::entries(tx, id, EntryId(uuid::Uuid::nil()), i64::MAX).await?;
    let childs = review::childs_own(tx).await?;
    // Of our own finds only what two people confirmed is passed on (HR-10).
    let confirmed = if bank.kind == Kind::OwnUnconfirmed { Some(review::opinions::confirmed(tx).await?) } else { None };
    let unsure = |entry: &Entry| confirmed.as_ref().is_some_and(|confirmed| !confirmed.contains(&entry.value));
    let (stays, goes): (Vec<Entry>, Vec<Entry>) =
        entries.into_iter().partition(|entry| childs.is(entry) || unsure(entry));
    let export: ExportId = tx.id();
    store::insert(tx, export, id, &to, &caller.mark(), goes.len()).await?;
    for entry in &stays {
        store::left_out(tx, export, entry.id).await?;
    }
    let detail = serde_json::json!({"rows": goes.len(), "left_out": stays.len(), "to": to, "export": export});
    let proof = audit::record(tx, Event::by(caller, "bank.exported").about(id).detail(detail)).await?;
    let rows = goes.into_iter().map(Row::from).collect();
    Ok((Exported { rows, left_out: stays.len(), to }, proof))
}

/// Everybody who was given a list that holds a hash of this file, in words.
pub(crate) async fn receivers_of(tx: &mut Tx, item: &Item) -> Result<Vec<String>> {
    let digests = &item.digests;
    let mut prints: Vec<(Signal, Vec<u8>)> = vec![
        (Signal::Md5, digests.md5.to_vec()),
        (Signal::Sha1, digests.sha1.to_vec()),
        (Signal::Sha256, digests.sha256.to_vec()),
    ];
    for (hash, _) in &item.frames {
        if let Ok(hash) = hash.parse::<Pdq>() {
            prints.push((Signal::Pdq, hash.as_bytes().to_vec()));
        }
    }
    let mut all = Vec::new();
    for (signal, value) in prints {
        for receiver in store::received(tx, signal, &value).await? {
            if !all.contains(&receiver) {
                all.push(receiver);
            }
        }
    }
    Ok(all)
}

/// Everybody who was given a list, in words.
pub(crate) async fn receivers_of_list(tx: &mut Tx, bank: BankId) -> Result<Vec<String>> {
    store::received_list(tx, bank).await
}
