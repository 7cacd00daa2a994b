//! `tanod bench load`: an installation of its own, served by another process of this program, under load over loopback.
//!
//! Whoever is fast because he misses something has failed: every answer is compared with what it must be.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use decode::{Limits, Pool};
use fingerprint::Pdq;
use futures_util::future::try_join_all;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::sync::{Mutex, mpsc};

use super::client::{Connection, Message};
use super::process::Usage;
use super::uploads::{ItemAnswer, Stock, Tally};
use super::{Context, Done, Times, Trouble, any_hash, hash_near, micros, millis, number, thousandths};
use crate::banks::usual_threshold;
use crate::matching::Verdict;

/// A whole installation of its own under load.
#[derive(clap::Args)]
#[command(after_help = "\
Example:
  tanod bench load --entries 100000 --seconds 10

Everything is generated, lies in a temporary folder and is served on 127.0.0.1 alone. It exits 0 only if every planted
match was found and nothing else matched.")]
pub(crate) struct Args {
    /// Entries of the list, besides those of the planted pictures.
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=20_000_000))]
    entries: u32,
    /// How long each part of the load lasts.
    #[arg(long, value_name = "S", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Connections at full speed.
    #[arg(long, value_name = "K", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=32))]
    at_once: u32,
    /// Pixels on a side of the generated pictures.
    #[arg(long, value_name = "PIXELS", default_value_t = 512, value_parser = clap::value_parser!(u32).range(64..=4_096))]
    side: u32,
    /// Upload these pictures instead, every fifth of them listed; harmless ones only. They are read in this process.
    #[arg(long, value_name = "DIR")]
    pictures: Option<PathBuf>,
}

/// Hashes in one question.
const BATCH: usize = 1_000;
/// Distinct questions.
const QUESTIONS: u64 = 16;
/// Uploads that only warm the service have numbers from here on, so that what is measured begins with copies.
const WARMING: u64 = 1 << 40;
/// Entries that hashes are planted near.
const KEPT: u32 = 4_096;

pub(super) async fn run(context: &Context, args: Args) -> Done {
    let program = std::env::current_exe()?;
    let pool = Pool::new(program.clone(), vec!["decode-child".into()], 2, Limits::default());
    context.say("making pictures and a list");
    let stock = Stock::make(&pool, args.side, args.pictures.as_deref()).await?;
    let own = Installation { folder: tempfile::Builder::new().prefix("tanod-bench-").tempdir()?, program };
    let (list, kept) = own.list(args.entries, &stock)?;
    let bank = own.tell(&["bank", "create", "generated", "--kind", "csam", "--licence", "own"]).await?;
    let begin = Instant::now();
    own.tell(&["bank", "import", "generated", &list.to_string_lossy()]).await?;
    let imported = begin.elapsed();
    context.say(format!("imported {} entries in {:.1} s", args.entries, imported.as_secs_f64()));
    fs_err::remove_file(&list)?;
    let platform = own.key("client").await?;
    let curator = own.key("curator").await?;

    let begin = Instant::now();
    let served = own.serve().await?;
    let mut first = Connection::open(served.address, &platform).await?;
    while first.get("/readyz").await? != 200 {
        if begin.elapsed() > Duration::from_mins(10) {
            return Err(Trouble::Said("the service has not become ready for ten minutes".to_owned()));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let ready = begin.elapsed();
    context.say(format!("ready {:.1} s after its start", ready.as_secs_f64()));

    let load = Load { served: &served, platform: &platform, stock: &stock, next: AtomicU64::new(WARMING), args: &args };
    let time = Duration::from_secs(args.seconds);
    // Children start, files are opened, code is read from disk: none of it belongs into a figure.
    load.full_speed((time / 4).min(Duration::from_secs(2))).await?;
    load.next.store(0, Ordering::Relaxed);
    let items = load.items(context, time).await?;
    let lookups = load.lookups(context, time, &kept).await?;
    let added = load.added(&curator, &bank).await?;
    let ok = [&items, &lookups].iter().all(|part| part.get("ok") == Some(&Value::Bool(true)));
    let entries = args.entries + u32::try_from(stock.entries.len()).unwrap_or(0);
    let result = json!({
        "ok": ok, "entries": entries, "import_s": thousandths(imported.as_secs_f64()), "ready_s": thousandths(ready.as_secs_f64()),
        "items": items, "matches": lookups, "added_matches_ms": added,
    });
    served.end().await;
    context.say(if ok {
        "every planted match was found, and nothing else matched\n"
    } else {
        "NOT every answer was right\n"
    });
    // The last line is one JSON object, also for people.
    context.result(&result, result.to_string());
    if ok { Ok(()) } else { Err(Trouble::Quiet) }
}

/// A temporary installation. Its commands get no environment: whatever is set for a real one must not reach this one.
pub(super) struct Installation {
    pub(super) folder: tempfile::TempDir,
    pub(super) program: PathBuf,
}

impl Installation {
    #[expect(
        clippy::disallowed_methods,
        reason = "the load is measured from outside: this program serves in another process"
    )]
    fn command(&self, words: &[&str]) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(&self.program);
        command.args(words).arg("--json").arg("--data").arg(self.folder.path().join("data"));
        command.env_clear().env("TANOD_WORLD", "demo").env("TANOD_LOG", "error");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// Runs a command to its end, and gives the last line of what it says.
    pub(super) async fn tell(&self, words: &[&str]) -> Result<Value, Trouble> {
        let output = self.command(words).output().await?;
        let said = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            return Err(Trouble::Said(format!("tanod {}: {said}", words.join(" "))));
        }
        Ok(said.lines().last().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default())
    }

    pub(super) async fn key(&self, role: &str) -> Result<String, Trouble> {
        let said = self.tell(&["key", "add", "--role", role, "--name", role, "--per-minute", "100000000"]).await?;
        let key = said.get("key").and_then(Value::as_str).map(str::to_owned);
        key.ok_or_else(|| Trouble::Said("no key was made".to_owned()))
    }

    /// Writes the list, and keeps some of its entries.
    fn list(&self, entries: u32, stock: &Stock) -> Result<(PathBuf, Vec<Pdq>), Trouble> {
        let path = self.folder.path().join("list.csv");
        let mut out = std::io::BufWriter::new(fs_err::File::create(&path)?);
        writeln!(out, "signal,value")?;
        for (signal, value) in &stock.entries {
            writeln!(out, "{signal},{value}")?;
        }
        // Any hash is over a hundred bits from any other, so no two entries of so few fit one question.
        let mut rng = ChaCha20Rng::seed_from_u64(u64::from(entries));
        let mut kept = Vec::new();
        let every = entries.div_ceil(KEPT);
        for n in 0..entries {
            let hash = any_hash(&mut rng);
            writeln!(out, "pdq,{hash}")?;
            if n.is_multiple_of(every) {
                kept.push(hash);
            }
        }
        out.flush()?;
        Ok((path, kept))
    }

    async fn serve(&self) -> Result<Served, Trouble> {
        let mut child = self.command(&["serve", "--listen", "127.0.0.1:0"]).spawn()?;
        let gone = || Trouble::Said("the service ended before it served".to_owned());
        let (process, output) = (child.id().ok_or_else(gone)?, child.stdout.take().ok_or_else(gone)?);
        let mut lines = BufReader::new(output).lines();
        while let Some(line) = lines.next_line().await? {
            let said: Value = serde_json::from_str(&line).unwrap_or_default();
            let address = said.get("listening").and_then(Value::as_str).and_then(|url| url.strip_prefix("http://"));
            if let Some(address) = address.and_then(|address| address.parse().ok()) {
                return Ok(Served { child, process, address, _said: lines });
            }
        }
        Err(gone())
    }
}

/// The process that serves. It is killed when it is dropped, whatever the reason.
struct Served {
    child: tokio::process::Child,
    process: u32,
    address: SocketAddr,
    // Kept open, so that it can go on saying things.
    _said: tokio::io::Lines<BufReader<tokio::process::ChildStdout>>,
}

impl Served {
    fn usage(&self) -> Result<Usage, Trouble> {
        Usage::of(self.process)
    }

    async fn end(mut self) {
        // What is there lies in a temporary folder: nothing needs to be finished.
        self.child.kill().await.ok();
    }
}

struct Load<'a> {
    served: &'a Served,
    platform: &'a str,
    stock: &'a Stock,
    /// The next upload's number: no two have the same, in all parts.
    next: AtomicU64,
    args: &'a Args,
}

/// CPU time and wall time of a part of the load.
struct Spent {
    cpu: Duration,
    wall: Duration,
}

impl Load<'_> {
    async fn connections(&self, count: u32) -> Result<Vec<Connection>, Trouble> {
        try_join_all((0..count).map(|_| Connection::open(self.served.address, self.platform))).await
    }

    async fn upload(&self, connection: &mut Connection, tally: &mut Tally) -> Done {
        let (message, expected) = self.stock.message(self.next.fetch_add(1, Ordering::Relaxed))?;
        let answer: ItemAnswer = connection.post(message).await?;
        tally.count(expected, &answer);
        Ok(())
    }

    /// Every connection sends its next upload as soon as the last one is answered.
    async fn full_speed(&self, time: Duration) -> Result<(Tally, Spent), Trouble> {
        let connections = self.connections(self.args.at_once).await?;
        let (before, begin) = (self.served.usage()?.cpu, Instant::now());
        let one = async |mut connection: Connection| {
            let mut tally = Tally::default();
            while begin.elapsed() < time {
                self.upload(&mut connection, &mut tally).await?;
            }
            Ok::<_, Trouble>(tally)
        };
        let tallies = try_join_all(connections.into_iter().map(one)).await?;
        let spent = Spent { cpu: self.served.usage()?.cpu.saturating_sub(before), wall: begin.elapsed() };
        Ok((tallies.iter().fold(Tally::default(), Tally::and), spent))
    }

    /// Uploads leave at fixed times whether or not earlier ones are answered; latency counts from the time that was meant.
    async fn paced(&self, time: Duration, per_second: f64) -> Result<(Tally, Times), Trouble> {
        let (send, due) = mpsc::unbounded_channel::<Instant>();
        let due = Mutex::new(due);
        let connections = self.connections((self.args.at_once * 4).clamp(8, 48)).await?;
        let pace = tokio::task::spawn_blocking(move || {
            let begin = Instant::now();
            for n in 0_u32.. {
                let after = Duration::from_secs_f64(f64::from(n) / per_second.max(0.1));
                if after >= time {
                    break;
                }
                // A thread that sleeps wakes within some ten microseconds; the runtime's timer only within a millisecond.
                std::thread::sleep((begin + after).saturating_duration_since(Instant::now()));
                if send.send(begin + after).is_err() {
                    break;
                }
            }
        });
        let one = async |mut connection: Connection| {
            let (mut tally, mut times) = (Tally::default(), Times::default());
            loop {
                let Some(meant) = due.lock().await.recv().await else { break };
                self.upload(&mut connection, &mut tally).await?;
                times.push(meant.elapsed());
            }
            Ok::<_, Trouble>((tally, times))
        };
        let all = try_join_all(connections.into_iter().map(one)).await?;
        pace.await.map_err(|error| Trouble::Said(error.to_string()))?;
        let mut times = Times::default();
        let mut tally = Tally::default();
        for (one, its) in all {
            tally = tally.and(&one);
            times.0.extend(its.0);
        }
        Ok((tally, times))
    }

    async fn items(&self, context: &Context, time: Duration) -> Result<Value, Trouble> {
        let (fast, spent) = self.full_speed(time).await?;
        let per_second = number(fast.done) / spent.wall.as_secs_f64();
        let cpu = spent.cpu / fast.done.max(1);
        let used = self.served.usage()?;
        context.say(format!(
            "uploads: {per_second:.0}/s over {} connections, {:.2} ms CPU each, all processes",
            self.args.at_once,
            millis(cpu)
        ));
        let (slow, mut times) = self.paced(time, per_second / 2.0).await?;
        let tally = fast.clone().and(&slow);
        let [p50, p90, p99] = [500, 900, 990].map(|n| millis(times.at(n)));
        let worst = millis(times.worst());
        context.say(format!("at half that rate: p50 {p50} ms, p90 {p90} ms, p99 {p99} ms, max {worst} ms"));
        let megabytes = |bytes: u64| thousandths(number(bytes / 1_024) / 1_024.0);
        let (own, all) = (megabytes(used.own_bytes), megabytes(used.all_bytes));
        context.say(format!("resident: {own:.0} MB the service, {all:.0} MB with its decoders"));
        let Tally { planted, found, false_hits, unscanned, .. } = tally;
        context
            .say(format!("{found} of {planted} planted uploads found, {false_hits} false hits, {unscanned} unscanned"));
        Ok(json!({
            "ok": tally.good(), "items": tally.done, "items_per_s": thousandths(per_second), "cpu_ms_per_item": millis(cpu),
            "rate": thousandths(per_second / 2.0), "p50_ms": p50, "p90_ms": p90, "p99_ms": p99, "max_ms": worst,
            "rss_mb": all, "rss_main_mb": own, "mean_bytes": self.stock.mean_bytes(),
            "planted": planted, "found": found, "recall": thousandths(number(found) / number(planted.max(1))),
            "false_hits": false_hits, "unscanned": unscanned,
        }))
    }

    /// Questions about many hashes each, every tenth of which is near an entry.
    async fn lookups(&self, context: &Context, time: Duration, kept: &[Pdq]) -> Result<Value, Trouble> {
        let mut rng = ChaCha20Rng::seed_from_u64(31);
        let questions: Vec<(Message, Vec<bool>)> = (0..QUESTIONS).map(|_| question(&mut rng, kept)).collect();
        let connections = self.connections(self.args.at_once).await?;
        let next = AtomicU64::new(0);
        let (before, begin) = (self.served.usage()?.cpu, Instant::now());
        let one = async |mut connection: Connection| {
            let mut tally = Lookups::default();
            while begin.elapsed() < time {
                let n = usize::try_from(next.fetch_add(1, Ordering::Relaxed) % QUESTIONS).unwrap_or(0);
                let Some((message, planted)) = questions.get(n) else { break };
                let answers: Answers = connection.post(message.clone()).await?;
                tally.count(planted, &answers);
            }
            Ok::<_, Trouble>(tally)
        };
        let tallies = try_join_all(connections.into_iter().map(one)).await?;
        let cpu = self.served.usage()?.cpu.saturating_sub(before);
        let wall = begin.elapsed();
        let mut all = Lookups::default();
        for one in tallies {
            all.done += one.done;
            all.planted += one.planted;
            all.found += one.found;
            all.false_hits += one.false_hits;
        }
        let per_second = number(all.done) / wall.as_secs_f64();
        let per_core = number(all.done) / cpu.as_secs_f64().max(1e-9);
        let Lookups { done, planted, found, false_hits } = all;
        context.say(format!(
            "hashes: {per_second:.0} look-ups/s, {per_core:.0} for each second of CPU, {BATCH} in a call"
        ));
        context.say(format!("{found} of {planted} planted hashes found, {false_hits} false hits"));
        Ok(json!({
            "ok": planted > 0 && found == planted && false_hits == 0, "lookups": done, "batch": BATCH,
            "lookups_per_s": thousandths(per_second), "lookups_per_cpu_s": thousandths(per_core),
            "cpu_us_per_lookup": micros(cpu / done.max(1)), "planted": planted, "found": found,
            "recall": thousandths(number(found) / number(planted.max(1))), "false_hits": false_hits,
        }))
    }

    /// Milliseconds from sending a new entry to the first answer that knows it: the median of five.
    async fn added(&self, curator: &str, bank: &Value) -> Result<f64, Trouble> {
        let bank = bank.get("id").and_then(Value::as_str).unwrap_or_default();
        let mut keeper = Connection::open(self.served.address, curator).await?;
        let mut asker = Connection::open(self.served.address, self.platform).await?;
        let mut rng = ChaCha20Rng::seed_from_u64(77);
        let mut times = Times::default();
        for _ in 0..5 {
            let hash = any_hash(&mut rng);
            let list = format!("signal,value\npdq,{hash}\n");
            let path = format!("/v1/banks/{bank}/import");
            let (question, _) = asked(&[hash]);
            let begin = Instant::now();
            let _imported: Value =
                keeper.post(Message { path, kind: "text/csv", key: None, body: list.into() }).await?;
            loop {
                let answers: Answers = asker.post(question.clone()).await?;
                if answers.answers.iter().all(|answer| answer.verdict == Verdict::Match) {
                    break;
                }
                if begin.elapsed() > Duration::from_mins(2) {
                    return Err(Trouble::Said("an added entry has not matched for two minutes".to_owned()));
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            times.push(begin.elapsed());
        }
        Ok(millis(times.median()))
    }
}

#[derive(Deserialize)]
struct Answers {
    answers: Vec<HashAnswer>,
}

#[derive(Deserialize)]
struct HashAnswer {
    verdict: Verdict,
}

#[derive(Default)]
struct Lookups {
    done: u32,
    planted: u32,
    found: u32,
    false_hits: u32,
}

impl Lookups {
    fn count(&mut self, planted: &[bool], answers: &Answers) {
        // An answer that is missing is one that was not found.
        let answered = answers.answers.iter().map(|answer| answer.verdict == Verdict::Match);
        for (planted, found) in planted.iter().zip(answered.chain(std::iter::repeat(false))) {
            self.done += 1;
            self.planted += u32::from(*planted);
            self.found += u32::from(*planted && found);
            self.false_hits += u32::from(!planted && found);
        }
    }
}

fn asked(hashes: &[Pdq]) -> (Message, usize) {
    let hashes: Vec<Value> = hashes.iter().map(|hash| json!({"signal": "pdq", "value": hash.to_string()})).collect();
    let body = Bytes::from(json!({"hashes": hashes}).to_string());
    (Message { path: "/v1/matches".to_owned(), kind: "application/json", key: None, body }, hashes.len())
}

fn question(rng: &mut ChaCha20Rng, kept: &[Pdq]) -> (Message, Vec<bool>) {
    let mut hashes = Vec::new();
    let mut planted = Vec::new();
    for n in 0..BATCH {
        let near = kept.get(rng.random_range(0..kept.len().max(1))).filter(|_| n.is_multiple_of(10));
        planted.push(near.is_some());
        let bits = rng.random_range(0..=usual_threshold());
        hashes.push(match near {
            Some(near) => hash_near(rng, near, bits),
            None => any_hash(rng),
        });
    }
    (asked(&hashes).0, planted)
}
