//! Words and short phrases of the operator that rules look for in what is written in a stream. None ships. What is kept of them is a
//! keyed hash of each: nobody who has the database reads them, and neither do we.

pub mod api;
mod normal;
mod store;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::hmac;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::{Kind as EventKind, Told};
use crate::accounts::{Caller, Permission};
use crate::audit::{self, Entry};
use crate::refusal::{Kind, Result, RowFault};
use crate::store::{Db, Recorded, Tx, VocabularyId};

/// A vocabulary has at most so many entries.
pub const MOST_ENTRIES: usize = 10_000;
/// An entry has at most so many words.
pub const MOST_WORDS: usize = 6;
/// There are at most so many vocabularies.
const MOST_LISTS: usize = 50;

/// A vocabulary that cannot be taken.
pub static BAD_VOCABULARY: Kind = Kind::new(
    422,
    "bad-vocabulary",
    "The vocabulary cannot be taken as it is, so the one before stays.",
    "Mend what the rows name, which are counted and not said, and import it again.",
);
/// A name that leads nowhere.
pub static UNKNOWN_VOCABULARY: Kind =
    Kind::new(404, "unknown-vocabulary", "There is no vocabulary of this name.", "Look at the names there are.")
        .program("GET /v1/vocabularies lists them.");

/// All refusals of this room.
pub const REFUSALS: &[&Kind] = &[&BAD_VOCABULARY, &UNKNOWN_VOCABULARY];

/// A vocabulary: what it is called and how large it is. What stands in it nobody can say any more.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Vocabulary {
    /// Its id: another one after each import.
    pub id: VocabularyId,
    /// Its name, as rules have it: `words.NAME`.
    pub name: String,
    /// How many different entries it has.
    pub entries: i64,
    /// When it was imported.
    #[schema(value_type = String)]
    pub imported_at: Timestamp,
}

/// What hashes words: of the key ring, and the same through every rotation.
pub struct Key(hmac::Key);

type Hash = [u8; 32];

impl Key {
    /// For these bytes, which are derived from the key ring.
    pub fn new(bytes: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    fn hash(&self, words: &[String]) -> Hash {
        let mut hash = [0; 32];
        let mut context = hmac::Context::with_key(&self.0);
        for word in words {
            context.update(word.as_bytes());
            context.update(b" ");
        }
        hash.iter_mut().zip(context.sign().as_ref()).for_each(|(into, byte)| *into = *byte);
        hash
    }

    /// The hashes of a vocabulary's entries, each as its words are when they are made plain; or which rows are no entries. No fault
    /// says a word.
    fn entries(&self, rows: &[String]) -> Result<BTreeSet<Hash>> {
        if rows.is_empty() || rows.len() > MOST_ENTRIES {
            return Err(BAD_VOCABULARY.because(format!("a vocabulary has 1 to {MOST_ENTRIES} entries")));
        }
        let (mut hashes, mut faults) = (BTreeSet::new(), Vec::new());
        for (row, text) in (1..).zip(rows) {
            let words = normal::words(text);
            if words.is_empty() || words.len() > MOST_WORDS || text.chars().count() > 200 {
                faults.push(RowFault { row, message: format!("an entry has 1 to {MOST_WORDS} words") });
            } else {
                hashes.insert(self.hash(&words));
            }
        }
        faults.truncate(50);
        if faults.is_empty() { Ok(hashes) } else { Err(BAD_VOCABULARY.rows(faults)) }
    }
}

fn check_name(name: &str) -> Result<()> {
    let good = name.len() <= 32
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if good { Ok(()) } else { Err(BAD_VOCABULARY.because("a name has 1 to 32 of a-z, 0-9 and _, a letter first")) }
}

/// All vocabularies, by name.
pub async fn list(tx: &mut Tx, caller: &Caller) -> Result<Vec<Vocabulary>> {
    caller.require(Permission::ReadBanks)?;
    store::list(tx).await
}

/// Takes a vocabulary, in the place of the one that had its name.
pub async fn import(
    tx: &mut Tx,
    caller: &Caller,
    key: &Key,
    name: &str,
    rows: &[String],
) -> Result<(Vocabulary, Recorded)> {
    caller.require(Permission::ChangeBanks)?;
    check_name(name)?;
    let hashes = key.entries(rows)?;
    let before = store::list(tx).await?;
    if before.len() >= MOST_LISTS && before.iter().all(|list| list.name != name) {
        return Err(BAD_VOCABULARY.because(format!("there are {MOST_LISTS} vocabularies, and no more are taken")));
    }
    store::remove(tx, name).await?;
    let list = Vocabulary {
        id: tx.id(),
        name: name.to_owned(),
        entries: i64::try_from(hashes.len()).unwrap_or(i64::MAX),
        imported_at: tx.now(),
    };
    store::insert(tx, &list, &hashes).await?;
    let detail = json!({"name": name, "entries": list.entries});
    let proof = audit::record(tx, Entry::by(caller, "vocabulary.imported").about(list.id).detail(detail)).await?;
    Ok((list, proof))
}

/// Lets go of a vocabulary for good.
pub async fn remove(tx: &mut Tx, caller: &Caller, name: &str) -> Result<Recorded> {
    caller.require(Permission::ChangeBanks)?;
    if !store::remove(tx, name).await? {
        return Err((&UNKNOWN_VOCABULARY).into());
    }
    audit::record(tx, Entry::by(caller, "vocabulary.removed").detail(json!({"name": name}))).await
}

/// The names of the vocabularies, for rules.
pub(super) async fn names(tx: &mut Tx) -> Result<Vec<String>> {
    Ok(store::list(tx).await?.into_iter().map(|list| list.name).collect())
}

/// What this process knows of the vocabularies: read again when they are others.
pub struct Vocabularies {
    /// What hashes words.
    pub key: Key,
    known: RwLock<Arc<Known>>,
}

/// The hashes of all entries, with the names of their vocabularies.
#[derive(Debug, Default)]
struct Known {
    ids: Vec<VocabularyId>,
    hashes: HashMap<Hash, Vec<Arc<str>>>,
}

impl Vocabularies {
    /// Of this key; nothing is read yet.
    pub fn new(key: Key) -> Self {
        Self { key, known: RwLock::default() }
    }

    async fn known(&self, db: &Db) -> Result<Arc<Known>> {
        let mut tx = db.read().await?;
        let lists = store::list(&mut tx).await?;
        let ids: Vec<VocabularyId> = lists.iter().map(|list| list.id).collect();
        let known = Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner));
        if known.ids == ids {
            return Ok(known);
        }
        let mut hashes: HashMap<Hash, Vec<Arc<str>>> = HashMap::new();
        for list in lists {
            let name: Arc<str> = list.name.into();
            for hash in store::hashes(&mut tx, list.id).await? {
                hashes.entry(hash).or_default().push(Arc::clone(&name));
            }
        }
        let known = Arc::new(Known { ids, hashes });
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&known);
        Ok(known)
    }

    /// For each of these events the vocabularies that what is written in it meets.
    pub async fn met(&self, db: &Db, events: &[Told]) -> Result<Vec<BTreeSet<String>>> {
        if events.iter().all(|event| event.kind != EventKind::Chat) {
            return Ok(vec![BTreeSet::new(); events.len()]);
        }
        let known = self.known(db).await?;
        let met = |event: &Told| match &event.text {
            Some(text) if event.kind == EventKind::Chat => known.met(&self.key, text),
            _ => BTreeSet::new(),
        };
        Ok(events.iter().map(met).collect())
    }
}

impl Known {
    fn met(&self, key: &Key, text: &str) -> BTreeSet<String> {
        if self.hashes.is_empty() {
            return BTreeSet::new();
        }
        let words = normal::words(text);
        let phrases = (1..=MOST_WORDS).flat_map(|length| words.windows(length));
        let found = phrases.filter_map(|phrase| self.hashes.get(&key.hash(phrase)));
        found.flatten().map(ToString::to_string).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn known(key: &Key, rows: &[String]) -> Known {
        let hashes = key.entries(rows).unwrap().into_iter().map(|hash| (hash, vec!["list".into()])).collect();
        Known { ids: Vec::new(), hashes }
    }

    proptest! {
        /// An entry is met wherever it stands as whole words, however they are set apart; and nowhere else.
        #[test]
        fn an_entry_is_met_as_whole_words_in_any_text(
            entry in proptest::collection::vec("[a-z]{2,8}", 1..=MOST_WORDS),
            before in "[A-Z0-9 ,.]{0,40}",
            apart in "[ ,.!\\-]{1,3}",
            after in "[A-Z0-9 ,.]{0,40}",
        ) {
            let key = Key::new(&[7; 32]);
            let list = known(&key, &[entry.join(" ")]);
            let written = format!("{before} {} {after}", entry.join(&apart).to_uppercase());
            prop_assert!(list.met(&key, &written).contains("list"));
            // Capitals and digits around it become other words than these.
            let other = format!("{before} {} {after}", entry.iter().map(|word| format!("{word}0")).collect::<Vec<_>>().join(" "));
            let by_hand = normal::words(&other);
            prop_assert_eq!(list.met(&key, &other).is_empty(), !by_hand.windows(entry.len()).any(|some| some == entry));
        }

        /// Another key hashes to something else, and a hash shows nothing of its words.
        #[test]
        fn hashes_are_of_their_key(entry in "[a-z]{3,12}") {
            let (one, other) = (Key::new(&[1; 32]), Key::new(&[2; 32]));
            let rows = [entry];
            prop_assert_ne!(one.entries(&rows).unwrap(), other.entries(&rows).unwrap());
            prop_assert!(!known(&one, &rows).met(&one, &rows[0]).is_empty());
            prop_assert!(known(&one, &rows).met(&other, &rows[0]).is_empty());
        }

        #[test]
        fn any_rows_are_read_without_harm(rows in proptest::collection::vec("\\PC{0,60}", 0..6)) {
            drop(Key::new(&[3; 32]).entries(&rows));
        }
    }
}
