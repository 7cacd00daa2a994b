//! The lists, shared by everything in this process: kept fresh from the feed, folded in the background, and kept on disk so
//! that a start does not read every entry again.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use fingerprint::Index;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::films::Films;
use super::{Label, Lists, NO_LABEL, canaries};
use crate::banks;
use crate::refusal::{Error, Result};
use crate::store::{Db, EntryId, Tx};

/// How often a process asks the feed for changes.
pub const FOLLOW_EVERY: Duration = Duration::from_millis(50);
/// How often a changed index is written to disk.
pub const KEEP_EVERY: Duration = Duration::from_mins(10);
/// Entries that are read from the feed at a time, and put into the index under one lock.
const PAGE: i64 = 2_000;

/// The lists, shared by everything in this process.
#[derive(Clone, Default)]
pub struct SharedLists(Arc<Shared>);

struct Shared {
    lists: RwLock<Lists>,
    /// Where the index is kept on disk, if it is.
    file: Option<PathBuf>,
    /// One follows the feed at a time. It holds the number that the file on disk was made at.
    following: tokio::sync::Mutex<i64>,
}

impl Default for Shared {
    fn default() -> Self {
        Self { lists: RwLock::new(Lists::new()), file: None, following: tokio::sync::Mutex::default() }
    }
}

/// What is kept beside the index on disk: the words that its labels stand for, and which state of which database it is.
#[derive(Serialize, Deserialize)]
struct Beside {
    feed: i64,
    mark: Uuid,
    labels: Vec<Label>,
    #[serde(default)]
    films: Films,
}

impl SharedLists {
    /// Lists whose index is kept in this file.
    pub fn kept(file: Option<PathBuf>) -> Self {
        Self(Arc::new(Shared { file, ..Shared::default() }))
    }

    /// Reads the lists.
    pub fn with<T>(&self, read: impl FnOnce(&Lists) -> T) -> T {
        read(&self.0.lists.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The lists as they are now, for a long comparison: what is shared is not copied, and nobody waits for the end of it.
    pub fn snapshot(&self) -> Lists {
        self.with(Lists::clone)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Lists) -> T) -> T {
        change(&mut self.0.lists.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// Brings the lists up to the newest change.
    pub async fn catch_up(&self, db: &Db) -> Result<()> {
        let mut kept_at = self.0.following.lock().await;
        let mut tx = db.read().await?;
        let now = tx.now();
        let newest = banks::newest(&mut tx).await?;
        if self.with(|lists| lists.heard_at.is_none()) {
            *kept_at = self.first(&mut tx).await?;
        }
        let feed = self.with(|lists| lists.feed);
        let mut mark = self.with(|lists| lists.mark);
        if newest > feed {
            self.apply_after(&mut tx, feed).await?;
        }
        if newest > feed || mark.is_none() {
            mark = banks::mark(&mut tx, newest).await?;
        }
        self.change(|lists| (lists.feed, lists.mark, lists.heard_at) = (newest, mark, Some(now)));
        Ok(())
    }

    /// The first load: from disk as far as that reaches, else every entry of the feed at once.
    async fn first(&self, tx: &mut Tx) -> Result<i64> {
        if let Some(lists) = self.read_back(tx).await? {
            let feed = lists.feed;
            self.change(|old| *old = lists);
            return Ok(feed);
        }
        let mut lists = Lists::new();
        lists.learn_banks(banks::changed_after(tx, 0).await?);
        let mut entries: Vec<_> = canaries().into_iter().map(|(id, print)| (id, NO_LABEL, print)).collect();
        let mut place = (0, EntryId(Uuid::nil()));
        loop {
            let page = banks::entries_changed_after(tx, place, PAGE).await?;
            let Some(last) = page.last() else { break };
            place = (last.feed, last.id);
            entries.extend(page.into_iter().flat_map(|entry| lists.indexed(entry)));
        }
        lists.feed = place.0;
        lists.index = unblocked(move || Index::from_entries(entries)).await?;
        self.change(|old| *old = lists);
        Ok(0)
    }

    async fn apply_after(&self, tx: &mut Tx, feed: i64) -> Result<()> {
        let changed = banks::changed_after(tx, feed).await?;
        for gone in changed.iter().filter(|bank| bank.removed) {
            // Its entries did not change, and yet take room.
            let mut after = EntryId(Uuid::nil());
            while let Some(last) = self.forget_page(&banks::ids_after(tx, gone.id, after, PAGE).await?) {
                after = last;
            }
        }
        self.change(|lists| lists.learn_banks(changed));
        let mut place = (feed, EntryId(Uuid::max()));
        loop {
            let page = banks::entries_changed_after(tx, place, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            place = (last.feed, last.id);
            self.change(|lists| lists.apply(page));
            self.fold().await?;
        }
    }

    fn forget_page(&self, ids: &[EntryId]) -> Option<EntryId> {
        self.change(|lists| {
            for id in ids {
                lists.index.remove(id.0.as_bytes());
            }
        });
        ids.last().copied()
    }

    /// Folds what has gathered. Nobody who reads waits for it.
    async fn fold(&self) -> Result<()> {
        if !self.with(|lists| lists.index.wants_folding()) {
            return Ok(());
        }
        let folding = self.change(|lists| lists.index.fold());
        let folded = unblocked(move || folding.run()).await?;
        let retired = self.change(|lists| lists.index.adopt(folded));
        unblocked(move || drop(retired)).await
    }

    /// Writes the index to disk if it changed since it was written last.
    pub async fn keep(&self) -> Result<()> {
        let Some(file) = self.0.file.clone() else { return Ok(()) };
        let mut kept_at = self.0.following.lock().await;
        let kept = self.with(|lists| {
            let labels = lists.labels.clone();
            let mark = lists.mark.filter(|_| lists.feed > *kept_at)?;
            Some((lists.index.clone(), Beside { feed: lists.feed, mark, labels, films: Films::clone(&lists.films) }))
        });
        let Some((index, beside)) = kept else { return Ok(()) };
        let feed = beside.feed;
        let written = unblocked(move || write(&file, &index, &beside)).await?;
        written.map_err(|error| Error::internal("keeping the index on disk", error))?;
        *kept_at = feed;
        Ok(())
    }

    /// The lists as they were kept, if they belong to this database.
    async fn read_back(&self, tx: &mut Tx) -> Result<Option<Lists>> {
        let Some(file) = self.0.file.clone().filter(|file| file.exists()) else { return Ok(None) };
        let read = unblocked(move || read(&file)).await?;
        let (index, beside) = match read {
            Ok(read) => read,
            Err(why) => {
                tracing::warn!(%why, "the index on disk cannot be used, so it is made anew from the database");
                return Ok(None);
            }
        };
        if banks::mark(tx, beside.feed).await? != Some(beside.mark) {
            tracing::warn!("the index on disk was made from another state of the database, so it is made anew");
            return Ok(None);
        }
        let films = Arc::new(beside.films.numbered());
        let mut lists = Lists { index, films, feed: beside.feed, mark: Some(beside.mark), ..Lists::default() };
        lists.learn_banks(banks::changed_after(tx, 0).await?);
        for label in beside.labels {
            lists.label(label);
        }
        Ok(Some(lists))
    }
}

/// What is wrong with the file on disk.
type Trouble = Box<dyn std::error::Error + Send + Sync>;

/// Does long work off the threads that serve.
async fn unblocked<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::internal("working on the index", error))
}

/// Writes beside the old file and takes its place: a crash leaves one or the other whole.
fn write(file: &Path, index: &Index, beside: &Beside) -> std::result::Result<(), Trouble> {
    let staged = file.with_extension("new");
    let mut options = fs_err::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    {
        use fs_err::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut to = std::io::BufWriter::with_capacity(1 << 20, options.open(&staged)?);
    index.save(&mut to, &serde_json::to_vec(beside)?)?;
    to.flush()?;
    to.get_ref().sync_all()?;
    Ok(fs_err::rename(&staged, file)?)
}

fn read(file: &Path) -> std::result::Result<(Index, Beside), Trouble> {
    let mut from = fs_err::File::open(file)?;
    let size = from.metadata()?.len();
    let (index, beside) = Index::load(&mut from, size)?;
    Ok((index, serde_json::from_slice(&beside)?))
}
