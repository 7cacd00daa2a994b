//! `tanod backup` and `tanod restore`: a copy of a running service, and its way back.
//!
//! `records.ndjson` has every row but the wrapped data keys, which lie in `data-keys.ndjson` and are kept for a shorter time: a
//! key that was destroyed is gone when the last copy of that file is. `manifest.json` has the checkpoint that the copy must bear out.

use std::io::{BufRead as _, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use vault::Objects;

use super::{Context, Done, Trouble};
use crate::accounts::Caller;
use crate::audit::{self, Entry};
use crate::evidence::{self, Backup};
use crate::store::{ObjectId, schema};
use crate::{plan, roles};

/// Copy a running service into a folder.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  tanod backup --out /backups/2026-11-25 --data /var/lib/tanod
  tanod backup --out /backups/2026-11-25 --objects --keys-days 35 --data /var/lib/tanod

Keep data-keys.ndjson apart from the rest, and delete it when its days are over: certificates of destruction name that day. The
secret that opens the key ring is in none of it.")]
pub(super) struct BackupArgs {
    /// A new folder.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Copy the sealed objects too; without it they stay where they are.
    #[arg(long)]
    objects: bool,
    /// After how many days you delete the data keys of this backup.
    #[arg(long, value_name = "N", default_value_t = 35, value_parser = clap::value_parser!(i64).range(1..=3_650))]
    keys_days: i64,
}

/// Bring a backup back into an empty place. What was destroyed since stays destroyed.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  tanod restore --from /backups/2026-11-25 --data /var/lib/tanod-again")]
pub(super) struct RestoreArgs {
    /// The backup's folder.
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Manifest {
    format: String,
    schema: usize,
    made_at: jiff::Timestamp,
    keys_until: jiff::Timestamp,
    rows: u64,
    data_keys: u64,
    objects: Option<u64>,
    vkey: String,
    checkpoint: String,
}

const FORMAT: &str = "tanod-backup-v1";
const KEYS_TABLE: &str = "data_keys";

struct Lines {
    to: std::io::BufWriter<fs_err::File>,
}

impl Lines {
    fn new(path: PathBuf) -> Result<Self, Trouble> {
        Ok(Self { to: std::io::BufWriter::new(fs_err::File::create(path)?) })
    }

    fn line(&mut self, value: &Value) -> std::io::Result<()> {
        serde_json::to_writer(&mut self.to, value)?;
        self.to.write_all(b"\n")
    }

    fn end(self) -> Result<(), Trouble> {
        let file = self.to.into_inner().map_err(|error| Trouble::Disk(error.into_error()))?;
        Ok(file.sync_all()?)
    }
}

pub(super) async fn backup(context: &Context, args: BackupArgs) -> Done {
    let app = context.open().await?;
    if args.out.exists() && fs_err::read_dir(&args.out)?.next().is_some() {
        return Err(Trouble::Said(format!("{} is not empty", args.out.display())));
    }
    fs_err::create_dir_all(&args.out)?;
    // Written down before any key is copied: no certificate names a day before this backup's.
    let mut tx = app.db.write().await?;
    let (row, proof): (Backup, _) = evidence::note_backup(&mut tx, &Caller::Operator, args.keys_days).await?;
    tx.commit(proof).await?;
    roles::sequence_once(&app).await?;

    let mut tx = app.db.read().await?;
    let checkpoint = audit::newest_checkpoint(&mut tx).await?.unwrap_or_default();
    let (mut records, mut keys) =
        (Lines::new(args.out.join("records.ndjson"))?, Lines::new(args.out.join("data-keys.ndjson"))?);
    let (mut rows, mut data_keys) = (0, 0);
    for table in tx.tables().await? {
        if table == KEYS_TABLE {
            data_keys = tx.each_row(&table, |row| keys.line(row)).await?;
        } else {
            rows += tx.each_row(&table, |row| records.line(row)).await?;
        }
    }
    drop(tx);
    records.end()?;
    keys.end()?;
    fs_err::copy(app.vault.ring.file(), args.out.join("keys.json"))?;
    let objects = if args.objects { Some(copy(&app.vault.objects, &args.out.join("objects")).await?) } else { None };
    let manifest = Manifest {
        format: FORMAT.to_owned(),
        schema: schema(),
        made_at: row.made_at,
        keys_until: row.keys_until,
        rows,
        data_keys,
        objects,
        vkey: app.signer.vkey(),
        checkpoint,
    };
    let text = serde_json::to_string_pretty(&manifest).map_err(|error| Trouble::Said(error.to_string()))?;
    let mut file = fs_err::File::create(args.out.join("manifest.json"))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    let words = format!(
        "{rows} rows and {data_keys} data keys in {}; delete its data-keys.ndjson by {}",
        args.out.display(),
        row.keys_until
    );
    context
        .result(&json!({"out": args.out, "rows": rows, "data_keys": data_keys, "keys_until": row.keys_until}), words);
    Ok(())
}

async fn copy(from: &Objects, to: &Path) -> Result<u64, Trouble> {
    let trouble = |error: vault::ObjectsError| Trouble::Said(error.to_string());
    let to = Objects::folder(to).map_err(trouble)?;
    let mut count = 0;
    for object in from.list().await.map_err(trouble)? {
        match from.get(object).await {
            Ok(bytes) => to.put(object, bytes).await.map_err(trouble)?,
            // Destroyed since it was listed.
            Err(vault::ObjectsError::Missing) => continue,
            Err(error) => return Err(trouble(error)),
        }
        count += 1;
    }
    Ok(count)
}

fn lines(path: &Path) -> Result<impl Iterator<Item = Result<Value, Trouble>>, Trouble> {
    let name = path.display().to_string();
    let file = std::io::BufReader::new(fs_err::File::open(path)?);
    Ok(file.lines().map(move |line| {
        serde_json::from_str(&line?).map_err(|error| Trouble::Said(format!("{name} cannot be read: {error}")))
    }))
}

pub(super) async fn restore(context: &Context, args: RestoreArgs) -> Done {
    let settings = context.settings()?;
    let manifest = fs_err::read_to_string(args.from.join("manifest.json"))?;
    let manifest: Manifest = serde_json::from_str(&manifest)
        .map_err(|error| Trouble::Said(format!("manifest.json cannot be read: {error}")))?;
    if manifest.format != FORMAT || manifest.schema != schema() {
        let words = "another version wrote this backup: restore it with that version, then upgrade";
        return Err(Trouble::Said(words.to_owned()));
    }
    let trouble = |error: vault::ObjectsError| Trouble::Said(error.to_string());
    let objects = plan::objects(&settings)?;
    // Where objects lie it stands what was destroyed, also since this backup.
    let destroyed: Vec<ObjectId> =
        objects.buried().await.map_err(trouble)?.into_iter().map(|object| ObjectId(object.0)).collect();
    let ring = plan::ring_file(&settings)?;
    if !ring.exists() {
        if let Some(folder) = ring.parent() {
            fs_err::create_dir_all(folder)?;
        }
        evidence::keep_ring(&ring, &fs_err::read(args.from.join("keys.json"))?)?;
    }
    let db = plan::database(&settings, context.clock.clone(), context.random.clone()).await?;
    let mut tx = db.write().await?;
    if !audit::page(&mut tx, None, None, 1).await?.is_empty() {
        return Err(Trouble::Said("there is a record already: restore into an empty place".to_owned()));
    }
    for table in tx.tables().await?.iter().rev() {
        tx.empty(table).await?;
    }
    let mut rows = 0;
    for name in ["records.ndjson", "data-keys.ndjson"] {
        let path = args.from.join(name);
        if name == "data-keys.ndjson" && !path.exists() {
            context.say("data-keys.ndjson is not there: the records come back, and what was sealed does not open");
            continue;
        }
        for line in lines(&path)? {
            tx.put_row(&line?).await?;
            rows += 1;
        }
    }
    let replayed = evidence::replay(&mut tx, &destroyed).await?;
    let detail = json!({"made_at": manifest.made_at, "rows": rows, "destructions_replayed": replayed});
    let proof = audit::record(&mut tx, Entry::by(&Caller::Operator, "installation.restored").detail(detail)).await?;
    tx.commit(proof).await?;
    db.close().await;
    if args.from.join("objects").exists() {
        let from = Objects::folder(&args.from.join("objects")).map_err(trouble)?;
        for object in from.list().await.map_err(trouble)? {
            if !destroyed.contains(&ObjectId(object.0)) {
                objects.put(object, from.get(object).await.map_err(trouble)?).await.map_err(trouble)?;
            }
        }
    }
    let app = context.open_with(settings).await?;
    let mut tx = app.db.read().await?;
    if app.signer.vkey() != manifest.vkey {
        return Err(Trouble::Said("the key ring is not the one of this backup".to_owned()));
    }
    let kept = Some(manifest.checkpoint.as_str()).filter(|note| !note.is_empty());
    match audit::verify(&mut tx, &manifest.vkey, kept).await? {
        Ok(found) => {
            let words = format!(
                "{rows} rows restored, {replayed} destructions carried out again; the ledger's {} entries verify, root {}",
                found.size, found.root
            );
            let row = json!({"rows": rows, "destructions_replayed": replayed, "size": found.size, "root": found.root});
            context.result(&row, words);
            Ok(())
        }
        Err(fault) => Err(Trouble::Said(format!("restored, and the ledger does NOT verify: {fault}"))),
    }
}
