//! From the record to the log in three steps: *sequence* gives committed entries their places, *integrate* hashes them into
//! the tree, *publish* signs the tree and writes the files that anyone may have. Each may be late, and none is ever undone.

use std::path::Path;

use ledger::{Checkpoint, Frontier, Growth, Hash, Inclusion, Signer, Verifier, Witness, Writer};

use super::store;
use crate::refusal::{Error, Kind, Result};
use crate::store::{AuditId, Tx};

/// An entry that is not in the log.
pub static NOT_PLACED: Kind = Kind::new(
    404,
    "not-in-the-ledger",
    "No entry with this id is promised by a checkpoint.",
    "An entry gets its place within a second while the sequencer runs; look again.",
)
.program("GET /v1/audit lists them.");
/// A checkpoint that proves nothing here.
pub static BAD_CHECKPOINT: Kind =
    Kind::new(422, "bad-checkpoint", "This is no checkpoint of this ledger.", "Use the file as this ledger gave it.")
        .program("GET /v1/audit/checkpoint gives it too.");
/// An answer of a witness that does not fit.
pub static BAD_COSIGNATURE: Kind = Kind::new(
    422,
    "bad-cosignature",
    "This is no signature of that witness over a checkpoint of ours.",
    "Send the witness the output of `tanod ledger prove --since`, and give its answer as it came.",
);

/// All refusals of this domain.
pub const REFUSALS: &[&Kind] = &[&NOT_PLACED, &BAD_CHECKPOINT, &BAD_COSIGNATURE];

/// Entries that one transaction gives places to, or hashes.
const BATCH: i64 = 5_000;

fn size(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn place(number: u64) -> Result<i64> {
    i64::try_from(number).map_err(|error| Error::internal("numbering the ledger", error))
}

/// Gives committed entries their places. Returns how many.
///
/// Places are given here, by one process at a time, and not at the insert: a number taken inside a transaction could become
/// visible out of order.
pub async fn sequence(tx: &mut Tx) -> Result<u64> {
    if !store::any_unplaced(tx).await? {
        return Ok(0);
    }
    // Held to the commit: whoever else gives places waits here, and then sees ours.
    tx.next_number("ledger").await?;
    let first = store::next_place(tx).await?;
    store::place(tx, first, BATCH).await
}

/// Hashes entries that have places into the tree. Returns how many.
pub async fn integrate(tx: &mut Tx) -> Result<u64> {
    let (tree, _) = store::tree(tx).await?;
    if store::next_place(tx).await? <= place(tree.size())? {
        return Ok(0);
    }
    tx.next_number("ledger").await?;
    let (mut tree, _) = store::tree(tx).await?;
    let before = tree.size();
    for (position, leaf) in store::leaves(tx, place(before)?, BATCH).await? {
        if size(position) != tree.size() {
            let gap = format!("entry {} is missing: the next one has place {position}", tree.size());
            return Err(Error::internal("hashing the ledger", std::io::Error::other(gap)));
        }
        tree.append(ledger::leaf_hash(&leaf));
    }
    store::set_tree(tx, &tree).await?;
    Ok(tree.size() - before)
}

/// Signs the tree and writes its files into a folder, if one is named. `None` where nothing is new. The checkpoint is
/// [`offer`]ed in the folder once the caller has committed: what it promises is then there and stays there.
pub async fn publish(tx: &mut Tx, signer: &Signer, folder: Option<&Path>) -> Result<Option<String>> {
    let (tree, promised) = store::tree(tx).await?;
    if tree.size() == size(promised) {
        return Ok(None);
    }
    tx.next_number("ledger").await?;
    let (tree, promised) = store::tree(tx).await?;
    if tree.size() == size(promised) {
        return Ok(None);
    }
    if let Some(folder) = folder {
        write_files(tx, signer, folder, &tree).await?;
    }
    let note = signer.sign(&Checkpoint { origin: signer.name().to_owned(), size: tree.size(), root: tree.root() });
    store::insert_checkpoint(tx, &tree, &note).await?;
    Ok(Some(note))
}

/// What a folder promises. `None` where there is nothing, or nothing of ours.
fn offered(folder: &Path, signer: &Signer) -> Option<Checkpoint> {
    let note = fs_err::read_to_string(folder.join("checkpoint")).ok()?;
    Verifier::parse(&signer.vkey()).ok()?.open(&note).ok()
}

/// The files up to this tree: what lies there is gone on with where it fits, and written anew where it does not.
async fn write_files(tx: &mut Tx, signer: &Signer, folder: &Path, tree: &Frontier) -> Result<()> {
    let failed = |error| Error::internal("writing the ledger's files", error);
    let there = offered(folder, signer);
    if let Some(ahead) = there.as_ref().filter(|there| there.size > tree.size()) {
        // Never overwritten: whoever kept that checkpoint would take what follows for a bent record, and be right.
        let words = format!(
            "{} entries were promised in {}, and this database has {}: it was restored from an older backup. Restore a newer \
             one; or, where there is none, keep that folder as it is under another name, tell whoever keeps checkpoints that \
             entries {} to {} are lost, and start again: the ledger then goes on from here",
            ahead.size,
            folder.display(),
            tree.size(),
            tree.size(),
            ahead.size - 1,
        );
        return Err(Error::internal("the ledger was rolled back", std::io::Error::other(words)));
    }
    let mut writer = None;
    if let Some(there) = there
        && let Some(edge) = store::tree_at(tx, there.size).await?
        && edge.root() == there.root
    {
        writer = Writer::resume(folder, true, edge);
    }
    let mut writer = writer.unwrap_or_else(|| Writer::new(folder, true));
    while writer.tree().size() < tree.size() {
        let rows = store::leaves(tx, place(writer.tree().size())?, BATCH).await?;
        if rows.is_empty() {
            break;
        }
        for (_, leaf) in rows.into_iter().take_while(|(position, _)| size(*position) < tree.size()) {
            writer.append(&leaf).map_err(failed)?;
        }
    }
    writer.flush().map_err(failed)?;
    writer.put(Path::new("vkey"), format!("{}\n", signer.vkey()).as_bytes()).map_err(failed)
}

/// Offers a committed checkpoint in the folder, unless a newer one is there.
pub fn offer(folder: &Path, signer: &Signer, note: &str) -> Result<()> {
    let verifier =
        Verifier::parse(&signer.vkey()).map_err(|error| Error::internal("reading the ledger's key", error))?;
    let new = verifier.open(note).map_err(|error| Error::internal("reading a checkpoint", error))?;
    if offered(folder, signer).is_some_and(|there| there.size > new.size) {
        return Ok(());
    }
    Writer::new(folder, true)
        .put(Path::new("checkpoint"), note.as_bytes())
        .map_err(|error| Error::internal("writing the ledger's checkpoint", error))
}

/// What `ledger verify` found.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Verified {
    /// How many entries have a place.
    pub size: u64,
    /// The root over all of them, in hexadecimal.
    pub root: String,
    /// How many signed checkpoints agree with it.
    pub checkpoints: usize,
    /// How many entries still wait for a place, or for a checkpoint that promises it.
    pub waiting: u64,
}

/// Re-derives the whole ledger from its entries: every leaf from its fields, every checkpoint from the leaves. With a
/// checkpoint that somebody kept, nothing that it promised may be gone or changed.
/// Answers the fault in words when something does not fit.
pub async fn verify(tx: &mut Tx, vkey: &str, kept: Option<&str>) -> Result<std::result::Result<Verified, String>> {
    let verifier = Verifier::parse(vkey).map_err(|error| Error::internal("reading the ledger's key", error))?;
    let kept =
        kept.map(|note| verifier.open(note)).transpose().map_err(|error| BAD_CHECKPOINT.because(error.to_string()))?;
    let (_, promised) = store::tree(tx).await?;
    let notes = store::checkpoints(tx).await?;
    if notes.last().map_or(0, |(size, _)| *size) != promised {
        return Ok(Err(format!("{promised} entries were promised, and the checkpoint that did so is missing")));
    }
    let mut notes = notes.into_iter().peekable();
    let mut frontier = Frontier::default();
    let mut agreed = 0;
    let mut next = 0_i64;
    loop {
        let rows = store::placed_from(tx, next, 2_000).await?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            if row.position != next {
                return Ok(Err(format!("entry {next} is missing: the next one has place {}", row.position)));
            }
            if let Some(fault) = row.fault() {
                return Ok(Err(format!("entry {next} {fault}")));
            }
            frontier.append(ledger::leaf_hash(&row.leaf));
            next += 1;
            while let Some((size, note)) = notes.next_if(|(size, _)| *size <= next) {
                if size < next {
                    return Ok(Err(format!("the checkpoint of size {size} is out of order")));
                }
                match verifier.open(&note) {
                    Ok(checkpoint) if checkpoint.size == frontier.size() && checkpoint.root == frontier.root() => {
                        agreed += 1;
                    }
                    Ok(_) => {
                        return Ok(Err(format!("the checkpoint of size {size} has another root than its entries")));
                    }
                    Err(error) => {
                        return Ok(Err(format!("the checkpoint of size {size} is not signed by us: {error}")));
                    }
                }
            }
            if kept.as_ref().is_some_and(|kept| kept.size == frontier.size() && kept.root != frontier.root()) {
                return Ok(Err(format!("rewritten: the first {next} entries are not those that were promised before")));
            }
        }
    }
    if let Some((size, _)) = notes.next() {
        return Ok(Err(format!("a checkpoint promises {size} entries, and there are {next}")));
    }
    if let Some(kept) = kept.filter(|kept| kept.size > frontier.size()) {
        return Ok(Err(format!("rolled back: {} entries were promised before, and there are {next}", kept.size)));
    }
    Ok(Ok(Verified {
        size: frontier.size(),
        root: hex::encode(frontier.root()),
        checkpoints: agreed,
        waiting: store::count_unplaced(tx).await? + frontier.size() - size(promised),
    }))
}

/// Writes everything that is promised, and all checkpoints, into a folder that anyone can verify. Returns how many entries.
pub async fn export(tx: &mut Tx, folder: &Path, vkey: &str) -> Result<u64> {
    let failed = |error| Error::internal("writing the export", error);
    let (_, promised) = store::tree(tx).await?;
    let mut writer = Writer::new(folder, false);
    while writer.tree().size() < size(promised) {
        let rows = store::leaves(tx, place(writer.tree().size())?, BATCH).await?;
        if rows.is_empty() {
            break;
        }
        for (_, leaf) in rows.into_iter().take_while(|(position, _)| *position < promised) {
            writer.append(&leaf).map_err(failed)?;
        }
    }
    let notes: Vec<String> = store::checkpoints(tx).await?.into_iter().map(|(_, note)| note).collect();
    // Time stamps beside what they are about, so that `openssl ts -verify` finds both.
    for (n, one) in super::kept_stamps(tx).await?.iter().enumerate() {
        let text = one.note.rsplit_once("\n\n").map_or(one.note.as_str(), |(text, _)| text);
        let name = format!("stamps/{}-{n}", one.size);
        writer.put(Path::new(&format!("{name}.tsr")), &one.response).map_err(failed)?;
        writer.put(Path::new(&format!("{name}.txt")), format!("{text}\n").as_bytes()).map_err(failed)?;
    }
    ledger::export::finish(&writer, &notes, vkey).map_err(failed)?;
    Ok(size(promised))
}

/// The hashes of the first entries.
pub(super) async fn hashes(tx: &mut Tx, count: u64) -> Result<Vec<Hash>> {
    let (count, mut hashes) = (place(count)?, Vec::new());
    let mut from = 0;
    while from < count {
        let rows = store::leaves(tx, from, BATCH.min(count - from)).await?;
        let Some((last, _)) = rows.last() else { break };
        from = last + 1;
        hashes.extend(rows.iter().map(|(_, leaf)| ledger::leaf_hash(leaf)));
    }
    Ok(hashes)
}

/// The newest checkpoint.
pub async fn newest_checkpoint(tx: &mut Tx) -> Result<Option<String>> {
    store::note(tx, None).await
}

/// That an entry stands in the log, under the newest checkpoint.
pub async fn prove(tx: &mut Tx, id: AuditId, vkey: &str) -> Result<Inclusion> {
    let index = store::position(tx, id).await?.ok_or(&NOT_PLACED)?;
    let (note, promise) = newest(tx, vkey).await?;
    if size(index) >= promise.size {
        return Err((&NOT_PLACED).into());
    }
    let hashes = hashes(tx, promise.size).await?;
    let (_, entry) = store::leaves(tx, index, 1).await?.pop().ok_or(&NOT_PLACED)?;
    let proof = ledger::inclusion_proof(&hashes, usize::try_from(index).unwrap_or(usize::MAX));
    Ok(Inclusion { entry, index: size(index), hashes: proof, note })
}

/// That the log under the newest checkpoint begins with that of one which somebody kept.
pub async fn prove_growth(tx: &mut Tx, kept: &str, vkey: &str) -> Result<Growth> {
    let verifier = Verifier::parse(vkey).map_err(|error| Error::internal("reading the ledger's key", error))?;
    let kept = verifier.open(kept).map_err(|error| BAD_CHECKPOINT.because(error.to_string()))?;
    let (note, promise) = newest(tx, vkey).await?;
    if kept.size > promise.size {
        let words =
            format!("it promises {} entries, and there are {}: the record was rolled back", kept.size, promise.size);
        return Err(BAD_CHECKPOINT.because(words));
    }
    let hashes = hashes(tx, promise.size).await?;
    let old = usize::try_from(kept.size).unwrap_or(usize::MAX);
    let growth = Growth { old: kept.size, hashes: ledger::consistency_proof(&hashes, old), note };
    match growth.verify(&verifier, &kept) {
        Ok(_) => Ok(growth),
        Err(error) => Err(BAD_CHECKPOINT.because(format!("{error}: the record was rewritten"))),
    }
}

pub(super) async fn newest(tx: &mut Tx, vkey: &str) -> Result<(String, Checkpoint)> {
    let note = store::note(tx, None).await?.ok_or(&NOT_PLACED)?;
    let verifier = Verifier::parse(vkey).map_err(|error| Error::internal("reading the ledger's key", error))?;
    let promise = verifier.open(&note).map_err(|error| Error::internal("reading the newest checkpoint", error))?;
    Ok((note, promise))
}

/// Puts a witness's answer beside our signature of the checkpoint that it vouches for. Answers the note, and when the witness
/// saw it, in seconds since 1970.
pub async fn cosign(tx: &mut Tx, witness: &Witness, line: &str) -> Result<(String, u64)> {
    for (size_of, note) in store::checkpoints(tx).await?.into_iter().rev() {
        if let Ok(cosigned) = witness.add(&note, line)
            && let Ok(time) = witness.vouched(&cosigned)
        {
            // Said twice it stands once.
            if witness.vouched(&note).is_err() {
                store::set_note(tx, size(size_of), &cosigned).await?;
            }
            return Ok((cosigned, time));
        }
    }
    Err((&BAD_COSIGNATURE).into())
}
