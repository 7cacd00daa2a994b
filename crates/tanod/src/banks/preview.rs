//! What a file of rows holds, before any of it is imported. Nothing is stored: whoever imports sends the file again, and may say that
//! it must be the very one that was previewed.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::rows::MOST_FAULTS;
use super::{Form, Kind, Row, Signal, UNKNOWN_BANK, store};
use crate::accounts::{Caller, Permission};
use crate::refusal::{Kind as Refusal, Result, RowFault};
use crate::store::{BankId, Tx};

/// Another file than the one that was previewed.
pub static ANOTHER_FILE: Refusal = Refusal::new(
    409,
    "another-file",
    "This is not the file that was previewed, so nothing was imported.",
    "Preview this file, and then import it.",
)
.program("`file` is the `file` of the preview: the SHA-256 of its bytes.");

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Preview {
    /// Into which bank it would go.
    pub bank: BankId,
    /// The SHA-256 of the file, by which an import can say that it is the same.
    pub file: String,
    /// Rows in it.
    pub rows: usize,
    /// Fingerprints that can be read, each counted once, by what sort they are.
    pub signals: Vec<OfSignal>,
    /// Of these, how many are new to the bank.
    pub new: usize,
    /// How many the bank has already.
    pub known: usize,
    /// How many somebody has switched off in the bank. They stay so.
    pub switched_off: usize,
    /// Rows whose fingerprint stands in an earlier row too.
    pub twice: usize,
    /// Rows that cannot be read.
    pub refused: usize,
    /// Why, of the first fifty rows that cannot be imported. An import takes all rows or none.
    pub faults: Vec<RowFault>,
    /// Other banks that have some of these very fingerprints.
    pub elsewhere: Vec<Elsewhere>,
}

impl Preview {
    /// Whether an import would take the file.
    pub fn imports(&self) -> bool {
        self.rows > 0 && self.twice + self.refused == 0
    }
}

/// Fingerprints of one sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct OfSignal {
    /// Which sort.
    pub signal: Signal,
    /// How many.
    pub rows: usize,
}

/// A bank that has some of these fingerprints too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Elsewhere {
    /// Which.
    pub bank: BankId,
    /// Its name.
    pub name: String,
    /// What its entries are said to be. Of an `exception` bank: known false alarms.
    #[schema(value_type = super::Kind)]
    pub kind: Kind,
    /// Whether it matches at all.
    pub enabled: bool,
    /// How many of them.
    pub rows: usize,
}

fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Refuses another file than the one that was previewed.
pub fn same_file(bytes: &[u8], previewed: &str) -> Result<()> {
    if digest(bytes).eq_ignore_ascii_case(previewed.trim()) { Ok(()) } else { Err((&ANOTHER_FILE).into()) }
}

/// Looks into a file for a bank.
pub async fn of(tx: &mut Tx, caller: &Caller, id: BankId, form: Form, bytes: &[u8]) -> Result<Preview> {
    caller.require(Permission::ChangeBanks)?;
    store::by_id(tx, id).await?.ok_or(&UNKNOWN_BANK)?;
    let read = form.read(bytes);
    let rows = read.len();
    let (mut refused, mut twice, mut faults) = (0, 0, Vec::new());
    let mut good: Vec<Row> = Vec::new();
    let mut seen = HashSet::new();
    for (row, number) in read.into_iter().zip(1_u64..) {
        let message = match row {
            Ok(row) if seen.insert((row.signal, row.value.clone())) => {
                good.push(row);
                continue;
            }
            Ok(_) => {
                twice += 1;
                "the same fingerprint stands in an earlier row".to_owned()
            }
            Err(message) => {
                refused += 1;
                message
            }
        };
        if faults.len() < MOST_FAULTS {
            faults.push(RowFault { row: number, message });
        }
    }
    let mut values: BTreeMap<Signal, Vec<&[u8]>> = BTreeMap::new();
    for row in &good {
        values.entry(row.signal).or_default().push(&row.value);
    }
    let (mut known, mut switched_off) = (0, 0);
    let mut elsewhere = Vec::new();
    for (bank, _) in store::list(tx).await? {
        let (mut on, mut off) = (0, 0);
        for (signal, values) in &values {
            let have = store::have(tx, bank.id, *signal, values).await?;
            on += usize::try_from(have.0).unwrap_or(0);
            off += usize::try_from(have.1).unwrap_or(0);
        }
        if bank.id == id {
            (known, switched_off) = (on + off, off);
        } else if on > 0 {
            elsewhere.push(Elsewhere {
                bank: bank.id,
                name: bank.name,
                kind: bank.kind,
                enabled: bank.enabled,
                rows: on,
            });
        }
    }
    let of_signal = |(signal, values): (&Signal, &Vec<&[u8]>)| OfSignal { signal: *signal, rows: values.len() };
    Ok(Preview {
        bank: id,
        file: digest(bytes),
        rows,
        signals: values.iter().map(of_signal).collect(),
        new: good.len() - known,
        known,
        switched_off,
        twice,
        refused,
        faults,
        elsewhere,
    })
}
