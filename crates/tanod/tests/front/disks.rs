//! Where things are kept: a disk that is fit, a disk that is full or takes nothing, a bucket that is slow or fails. What was
//! acknowledged stays, and what cannot be done says so.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tanod::accounts::Scope;
use tanod::refusal::Error;
use tanod::store::StoreError;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::bed::*;

#[expect(clippy::disallowed_methods, reason = "the program itself is what is tested")]
fn run(words: &[&str], variables: &[(&str, &str)]) -> (bool, Vec<Value>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tanod"));
    let command = command.env_clear().envs(variables.iter().copied()).stdin(Stdio::null()).arg("--json").args(words);
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    (output.status.success(), text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// Serves, with no file longer than so many blocks of 512 bytes, and says where.
#[expect(clippy::disallowed_methods, reason = "the program itself is what is tested")]
fn serve(data: &Path, blocks: &str, variables: &[(&str, &str)]) -> (Child, String) {
    let mut command = Command::new("/bin/sh");
    // A write past the limit is to fail, as on a full disk, and not to end the process.
    command.args(["-c", "trap '' XFSZ; ulimit -f \"$1\"; shift; exec \"$@\"", "sh", blocks]);
    command.arg(env!("CARGO_BIN_EXE_tanod")).args(["--json", "serve", "--listen", "127.0.0.1:0", "--data"]).arg(data);
    let command = command.env_clear().envs(variables.iter().copied());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut line).unwrap();
    let said: Value = serde_json::from_str(&line).unwrap();
    (child, said["listening"].as_str().unwrap_or_else(|| panic!("{line}")).to_owned())
}

fn end(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test]
async fn a_live_service_refuses_a_folder_that_is_copied_away_unless_a_reason_is_stated() {
    let folder = tempfile::tempdir().unwrap();
    fs_err::create_dir(folder.path().join(".stfolder")).unwrap();
    let place = folder.path().join("data");
    let data = place.to_str().unwrap();
    let live = [("TANOD_DECODE__WEAKER_CONFINEMENT", "true")];
    let (fine, said) = run(&["serve", "--listen", "127.0.0.1:0", "--data", data], &live);
    let words = said[0]["error"].as_str().unwrap();
    assert!(!fine && words.contains(".stfolder") && words.contains("weaker_disk_because"), "{words}");
    let disk = |variables: &[(&str, &str)]| {
        let rows = run(&["doctor", "--data", data], variables).1;
        rows.into_iter().find(|row| row["part"] == "disk").unwrap()
    };
    assert_eq!(disk(&live)["ok"], false);
    let short = [live[0], ("TANOD_WEAKER_DISK_BECAUSE", "yes")];
    assert!(!run(&["serve", "--listen", "127.0.0.1:0", "--data", data], &short).0, "a word is no reason");
    let stated = [live[0], ("TANOD_WEAKER_DISK_BECAUSE", "the copies go to an encrypted disk of ours")];
    assert_eq!(disk(&stated)["ok"], true);
    let (child, _) = serve(&place, "unlimited", &stated);
    end(child);
    let settings = tanod::config::Settings::load(Some(&place), None).unwrap();
    let (clock, random) = (tanod::clock::Clock::System, tanod::clock::Random::System);
    let db = tanod::plan::database(&settings, clock, random).await.unwrap();
    let sql = "SELECT detail FROM audit WHERE kind = 'disk.accepted'";
    let row = db.read().await.unwrap().row(sql, &[]).await.unwrap().expect("the reason is on record");
    let detail: String = row.get("detail").unwrap();
    assert!(detail.contains("an encrypted disk of ours") && detail.contains(".stfolder"), "{detail}");
}

/// No room: neither the media of a match nor the rows of an upload fit any more. Whatever was answered is there afterwards.
#[tokio::test]
async fn a_full_disk_acknowledges_nothing_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("data");
    let data = place.to_str().unwrap();
    let demo = [("TANOD_WORLD", "demo")];
    let large: Vec<u8> = (0..6_000_000_u32).flat_map(|n| (n.wrapping_mul(2_654_435_761) >> 24).to_le_bytes()).collect();
    let list = folder.path().join("list.csv");
    let digest = fingerprint::Digests::of(&large).sha256_hex();
    fs_err::write(&list, format!("signal,value,classification\nsha256,{digest},A1\n")).unwrap();
    let made = run(&["key", "add", "--role", "client", "--name", "uploads", "--data", data], &demo).1;
    let key = made[0]["key"].as_str().unwrap().to_owned();
    assert!(run(&["bank", "create", "known", "--kind", "csam", "--data", data], &demo).0);
    assert!(run(&["bank", "import", "known", list.to_str().unwrap(), "--data", data], &demo).0);

    let http = exchange::http::client().unwrap();
    let send = async |at: &str, content: &str, media: &[u8]| {
        let (kind, body) = form(&[("item", facts(content, content).to_string().as_bytes()), ("media", media)]);
        let request = http.post(format!("{at}/v1/items")).bearer_auth(&key).header("content-type", kind).body(body);
        let said = request.send().await.unwrap();
        let status = said.status().as_u16();
        (status, serde_json::from_str::<Value>(&said.text().await.unwrap()).unwrap())
    };
    // Three and a half megabytes a file: a sealed object of six does not fit.
    let (child, at) = serve(&place, "7000", &demo);
    let (status, said) = send(&at, "large", &large).await;
    assert_eq!((status, &said["slug"]), (507, &json!("no-space")), "{said}");
    assert!(said["remedy"].as_str().unwrap().contains("nothing that was answered is lost"));
    // Then the records: uploads go on until the log of the database may not grow.
    let (mut answered, mut refused) = (Vec::new(), None);
    for n in 0..4_000_u32 {
        let (status, said) = send(&at, &format!("c-{n}"), format!("no picture, {n}").as_bytes()).await;
        if status != 200 {
            refused = Some((status, said));
            break;
        }
        answered.push(said["item"].as_str().unwrap().to_owned());
    }
    let (status, said) = refused.expect("the limit is met");
    let slug = said["slug"].as_str().unwrap();
    assert!(matches!((status, slug), (507, "no-space") | (503, "storage-away")), "{status} {said}");
    assert!(http.get(format!("{at}/healthz")).send().await.unwrap().status().is_success(), "it is alive and says so");
    end(child);

    // Room again: everything that was answered is there, and the large one is taken.
    let (child, at) = serve(&place, "unlimited", &demo);
    assert!(answered.len() > 5, "{}", answered.len());
    for item in &answered {
        let said = http.get(format!("{at}/v1/items/{item}")).bearer_auth(&key).send().await.unwrap();
        assert!(said.status().is_success(), "{item}");
    }
    assert_eq!(send(&at, "large", &large).await.1["verdict"], "match");
    end(child);
    let (fine, ledger) = run(&["ledger", "verify", "--data", data], &demo);
    assert!(fine, "{ledger:?}");
}

/// What the database says when it is full or may not be written to is a refusal, and no fault of ours.
#[tokio::test]
async fn a_database_that_is_full_or_read_only_says_so() {
    use sqlx::ConnectOptions as _;
    let folder = tempfile::tempdir().unwrap();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.path().join("a.db"));
    let mut open = options.clone().create_if_missing(true).connect().await.unwrap();
    sqlx::query("CREATE TABLE t (x BLOB)").execute(&mut open).await.unwrap();
    sqlx::query("PRAGMA max_page_count = 4").execute(&mut open).await.unwrap();
    let insert = "INSERT INTO t VALUES (zeroblob(100000))";
    let full = sqlx::query(insert).execute(&mut open).await.unwrap_err();
    let mut closed = options.read_only(true).connect().await.unwrap();
    let read_only = sqlx::query(insert).execute(&mut closed).await.unwrap_err();
    for (error, slug) in [(full, "no-space"), (read_only, "storage-away"), (sqlx::Error::PoolTimedOut, "storage-away")]
    {
        assert_eq!(Error::from(StoreError::from(error)).slug(), Some(slug));
    }
}

/// A bucket's server that never answers, or only with a fault.
async fn bucket(answer: Option<&'static str>) -> (Arc<vault::Objects>, tokio::task::JoinSet<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Some(format!("http://{}", listener.local_addr().unwrap()));
    let mut serving = tokio::task::JoinSet::new();
    serving.spawn(async move {
        let mut open = Vec::new();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            if let Some(answer) = answer {
                let mut some = [0; 4_096];
                let _read = stream.read(&mut some).await;
                let _written = stream.write_all(answer.as_bytes()).await;
            }
            open.push(stream);
        }
    });
    let (bucket, region, word) = ("b".to_owned(), "us-east-1".to_owned(), "test".to_owned());
    let s3 = vault::S3 {
        endpoint,
        bucket,
        region,
        access_key: word.clone(),
        secret_key: word,
        time: Duration::from_millis(700),
    };
    (Arc::new(vault::Objects::s3(s3).unwrap()), serving)
}

/// A folder that takes no writes, whoever writes: the kernel's own.
fn read_only() -> (tempfile::TempDir, Arc<vault::Objects>) {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("objects");
    let objects = vault::Objects::folder(&place).unwrap();
    fs_err::remove_dir(&place).unwrap();
    std::os::unix::fs::symlink("/sys/kernel", &place).unwrap();
    (folder, Arc::new(objects))
}

#[tokio::test]
async fn a_store_that_is_slow_fails_or_takes_no_writes_says_so_and_loses_nothing() {
    let mut bed = Bed::new().await;
    let media = known(&bed, 1).await;
    let key = bed.key(&[Scope::ItemsWrite]).await;
    let failing = "HTTP/1.1 503 Slow Down\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let ((slow, _one), (failing, _two)) = (bucket(None).await, bucket(Some(failing)).await);
    let (_folder, read_only) = read_only();
    let there = bed.app.vault.objects.clone();
    for objects in [slow, failing, read_only] {
        bed.app.vault.objects = objects;
        bed.router = tanod::web::router::router(&bed.app, true, true);
        let said = bed.upload_once(&key, &facts("a", "u"), &media, Some("once")).await;
        assert_eq!((said.status.as_u16(), said.slug().as_str()), (503, "storage-away"));
        for sql in ["SELECT COUNT(*) AS n FROM cases", "SELECT COUNT(*) AS n FROM data_keys"] {
            assert_eq!(bed.count(sql).await, 0, "{sql}");
        }
    }
    bed.app.vault.objects = there;
    bed.router = tanod::web::router::router(&bed.app, true, true);
    assert_eq!(bed.upload_once(&key, &facts("a", "u"), &media, Some("once")).await.ok()["verdict"], "match");
    bed.ledger_verifies().await;
}
