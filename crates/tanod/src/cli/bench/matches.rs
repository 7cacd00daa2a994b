//! `tanod bench match`: the index alone, on one thread: queries, recall, memory, building, snapshots, changes.

use std::io::BufWriter;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use fingerprint::{Id, Index, Pdq, Print};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};

use super::process::Usage;
use super::{Context, Done, Times, Trouble, any_hash, hash_near, micros, millis, number, thousandths, timed};
use crate::banks::usual_threshold;

/// The index alone, one thread, in this process.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  tanod bench match --entries 1000000 --queries 4000")]
pub(crate) struct Args {
    /// Entries.
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1..=50_000_000))]
    entries: u32,
    /// Queries; half of them are near an entry, at distances from 0 to the usual threshold.
    #[arg(long, value_name = "Q", default_value_t = 4_000, value_parser = clap::value_parser!(u32).range(2..=1_000_000))]
    queries: u32,
}

/// Changes that are timed.
const CHANGES: u32 = 200;
/// The first load pays for memory that a virtual machine has never touched before, which is its host's doing.
const LOADS: usize = 3;

fn id(n: u32) -> Id {
    u128::from(n).to_be_bytes()
}

struct Query {
    hash: Pdq,
    /// The entry it is near, and how near.
    planted: Option<(Id, u32)>,
}

pub(super) fn run(context: &Context, args: &Args) -> Done {
    let before = Usage::of(std::process::id())?.own_bytes;
    let mut rng = ChaCha20Rng::seed_from_u64(u64::from(args.entries));
    let entries = (0..args.entries).map(|n| (id(n), n % 7, Print::Pdq(any_hash(&mut rng))));
    let entries: Vec<(Id, u32, Print)> = entries.collect();
    let queries = queries(args, &entries);
    let mut computed = Times::default();
    let (build, index) = timed(|| computed.of_thread(|| Index::from_entries(entries)));
    let resident = Usage::of(std::process::id())?.own_bytes.saturating_sub(before);
    let per_entry = |bytes: f64| thousandths(bytes / number(args.entries));
    context.say(format!(
        "built {} entries in {:.2} s, {:.1} bytes each by the index's own count",
        args.entries,
        build.as_secs_f64(),
        per_entry(number(index.memory_bytes() / 1_024) * 1_024.0)
    ));

    let (asked, exact) = ask(context, &index, &queries);
    let snapshot = snapshot(context, &index)?;
    let changes = changes(context, index)?;
    let ok = exact && snapshot.get("ok") == Some(&Value::Bool(true)) && changes.get("ok") == Some(&Value::Bool(true));
    let result = json!({
        "ok": ok, "entries": args.entries, "threshold": usual_threshold(), "build_s": thousandths(build.as_secs_f64()),
        "build_cpu_s": thousandths(computed.worst().as_secs_f64()),
        "bytes_per_entry": asked.get("bytes_per_entry"), "resident_bytes_per_entry": per_entry(number(resident / 1_024) * 1_024.0),
        "queries": asked, "snapshot": snapshot, "changes": changes,
    });
    context.result(
        &result,
        if ok { "every planted entry was found, and nothing else" } else { "NOT every answer was right" },
    );
    if ok { Ok(()) } else { Err(Trouble::Quiet) }
}

fn queries(args: &Args, entries: &[(Id, u32, Print)]) -> Vec<Query> {
    let mut rng = ChaCha20Rng::seed_from_u64(2_000);
    let mut queries = Vec::new();
    for n in 0..args.queries {
        let near = entries.get(rng.random_range(0..entries.len().max(1))).filter(|_| n.is_multiple_of(2));
        queries.push(match near {
            Some((id, _, Print::Pdq(hash))) => {
                let bits = rng.random_range(0..=usual_threshold());
                Query { hash: hash_near(&mut rng, hash, bits), planted: Some((*id, bits)) }
            }
            _ => Query { hash: any_hash(&mut rng), planted: None },
        });
    }
    queries
}

/// One query after the other, then in batches. Any two of the random entries are over a hundred bits apart.
fn ask(context: &Context, index: &Index, queries: &[Query]) -> (Value, bool) {
    let right = |query: &Query, found: &[fingerprint::Near]| match query.planted {
        Some((id, bits)) => found.len() == 1 && found.iter().all(|near| near.id == id && near.distance == bits),
        None => found.is_empty(),
    };
    let warm = queries.len() / 10;
    for query in queries.iter().take(warm) {
        std::hint::black_box(index.near(&query.hash, usual_threshold()));
    }
    let (mut times, mut computed, mut wrong) = (Times::default(), Times::default(), 0_u32);
    for query in queries {
        let found = times.of(|| computed.of_thread(|| index.near(&query.hash, usual_threshold())));
        wrong += u32::from(!right(query, &found));
    }
    let hashes: Vec<Pdq> = queries.iter().map(|query| query.hash).collect();
    let (batched, found) = timed(|| index.near_many(&hashes, usual_threshold(), |_| Some(usual_threshold())));
    wrong += u32::from(found.len() != queries.len());
    wrong += queries.iter().zip(&found).map(|(query, found)| u32::from(!right(query, found))).sum::<u32>();
    let planted = queries.iter().filter(|query| query.planted.is_some()).count();
    let [p50, p90, p99] = [500, 900, 990].map(|n| micros(times.at(n)));
    let worst = micros(times.worst());
    let [cpu_p50, cpu_p99] = [500, 990].map(|n| micros(computed.at(n)));
    let total: Duration = times.0.iter().sum();
    let one = thousandths(number(queries.len()) / total.as_secs_f64().max(1e-9));
    let many = thousandths(number(queries.len()) / batched.as_secs_f64().max(1e-9));
    context.say(format!(
        "queries: p50 {p50} µs, p90 {p90} µs, p99 {p99} µs, max {worst} µs; {one:.0}/s, {many:.0}/s in a batch"
    ));
    context.say(format!("{wrong} of {} answers were wrong, {planted} of them planted", queries.len() * 2));
    let bytes = number(index.memory_bytes() / 1_024) * 1_024.0 / number(index.len()).max(1.0);
    let row = json!({
        "asked": queries.len(), "planted": planted, "wrong": wrong, "p50_us": p50, "p90_us": p90, "p99_us": p99, "max_us": worst,
        "cpu_p50_us": cpu_p50, "cpu_p99_us": cpu_p99,
        "per_s": one, "per_s_in_a_batch": many, "bytes_per_entry": thousandths(bytes),
    });
    (row, wrong == 0)
}

fn snapshot(context: &Context, index: &Index) -> Result<Value, Trouble> {
    let broken = |error: fingerprint::SnapshotError| Trouble::Said(error.to_string());
    let folder = tempfile::Builder::new().prefix("tanod-bench-").tempdir()?;
    let path = folder.path().join("snapshot");
    let begin = Instant::now();
    let mut to = BufWriter::with_capacity(1 << 20, fs_err::File::create(&path)?);
    index.save(&mut to, b"bench").map_err(broken)?;
    let file = to.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    file.sync_all()?;
    let saved = begin.elapsed();
    let size = fs_err::metadata(&path)?.len();
    let (mut ok, mut read, mut computed) = (true, Times::default(), Times::default());
    for _ in 0..LOADS {
        // As the product reads it: blocks go from the file to their places.
        let loaded =
            read.of(|| computed.of_thread(|| Index::load(&mut fs_err::File::open(&path)?, size).map_err(broken)));
        let (loaded, stamp) = loaded?;
        ok &= loaded.len() == index.len() && stamp == b"bench";
    }
    let each: Vec<f64> = computed.0.iter().map(|time| thousandths(time.as_secs_f64())).collect();
    let [load, load_cpu] = [read.median(), computed.median()].map(|time| time.as_secs_f64());
    context.say(format!(
        "snapshot: saved in {:.2} s; loaded {LOADS} times, the middle one in {load:.2} s; processor time of each: {each:?} s",
        saved.as_secs_f64()
    ));
    Ok(json!({
        "ok": ok, "bytes": size, "save_s": thousandths(saved.as_secs_f64()), "load_s": thousandths(load),
        "load_cpu_s": thousandths(load_cpu), "load_cpu_s_each": each,
    }))
}

/// Entries come and go while another thread asks without a pause; then the head is folded, also meanwhile.
fn changes(context: &Context, index: Index) -> Result<Value, Trouble> {
    let index = RwLock::new(index);
    let read = |hash: &Pdq| index.read().unwrap_or_else(PoisonError::into_inner).near(hash, usual_threshold());
    let stop = AtomicBool::new(false);
    let folder = |from: u32, upto: u32| {
        let mut rng = ChaCha20Rng::seed_from_u64(u64::from(from));
        for n in from..upto {
            let print = Print::Pdq(any_hash(&mut rng));
            index.write().unwrap_or_else(PoisonError::into_inner).insert(id(u32::MAX - n), 0, print);
        }
        let folding = index.write().unwrap_or_else(PoisonError::into_inner).fold();
        let (built, folded) = timed(|| folding.run());
        let (adopted, retired) = timed(|| index.write().unwrap_or_else(PoisonError::into_inner).adopt(folded));
        drop(retired);
        (built, adopted)
    };
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let mut rng = ChaCha20Rng::seed_from_u64(5);
            let mut times = Times::default();
            while !stop.load(Ordering::Relaxed) {
                let hash = any_hash(&mut rng);
                times.of(|| read(&hash));
            }
            times
        });
        let mut rng = ChaCha20Rng::seed_from_u64(6);
        let (mut added, mut removed, mut ok) = (Times::default(), Times::default(), true);
        for n in 0..CHANGES {
            let hash = any_hash(&mut rng);
            ok &= added.of(|| {
                index.write().unwrap_or_else(PoisonError::into_inner).insert(id(u32::MAX - n), 0, Print::Pdq(hash));
                read(&hash).len() == 1
            });
            ok &= removed.of(|| {
                index.write().unwrap_or_else(PoisonError::into_inner).remove(&id(u32::MAX - n));
                read(&hash).is_empty()
            });
        }
        let (built, adopted) = folder(CHANGES, CHANGES + 20_000);
        stop.store(true, Ordering::Relaxed);
        let mut asked = asking.join().map_err(|_| Trouble::Said("the asking thread ended".to_owned()))?;
        let [add, remove] = [&added, &removed].map(|times| millis(times.worst()));
        let (p99, worst) = (micros(asked.at(990)), millis(asked.worst()));
        context.say(format!(
            "changes: an added entry matches after {add} ms, a removed one stops after {remove} ms, at most; \
             folding took {:.2} s and held the lock for {} ms; queries meanwhile: p99 {p99} µs, max {worst} ms",
            built.as_secs_f64(),
            millis(adopted)
        ));
        Ok(json!({
            "ok": ok, "added_matches_ms": add, "removed_stops_ms": remove, "fold_s": thousandths(built.as_secs_f64()),
            "adopt_ms": millis(adopted), "queries_meanwhile": asked.0.len(), "p99_us_meanwhile": p99, "max_ms_meanwhile": worst,
        }))
    })
}
