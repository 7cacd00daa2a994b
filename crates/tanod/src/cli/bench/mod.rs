//! `tanod bench`: how fast it is and how much it recognises, measured on this machine with generated pictures.

mod client;
mod console;
mod hash;
mod ledger;
mod live;
mod load;
mod matches;
mod process;
mod recall;
mod reports;
mod uploads;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fingerprint::Pdq;
use rand::{Rng as _, RngCore as _};
use rand_chacha::ChaCha20Rng;

use super::{Context, Done, Trouble};

/// Measure speed and recall on this machine, with generated pictures.
#[derive(clap::Subcommand)]
pub(super) enum Bench {
    /// How many ordinarily edited pictures are recognised, in classes of edits.
    Recall(recall::Args),
    /// A whole installation of its own under load: throughput, CPU, latency, and every planted match found.
    Load(load::Args),
    /// Decoding and hashing pictures, one thread, in this process.
    Hash(hash::Args),
    /// The index alone, one thread, in this process.
    Match(matches::Args),
    /// One worker files queued reports to a simulator in another process.
    Reports(reports::Args),
    /// The record's way into the ledger: places, tree, signed files.
    Ledger(ledger::Args),
    /// Streams with planted clips, published to a real server on this machine.
    Live(live::Args),
    /// Every page of the console, with many cases and files behind it.
    Console(console::Args),
}

pub(super) async fn run(context: &Context, bench: Bench) -> Done {
    match bench {
        Bench::Recall(args) => recall::run(context, args).await,
        Bench::Load(args) => load::run(context, args).await,
        Bench::Hash(args) => hash::run(context, &args),
        Bench::Match(args) => matches::run(context, &args),
        Bench::Reports(args) => reports::run(context, &args).await,
        Bench::Ledger(args) => ledger::run(context, &args).await,
        Bench::Live(args) => Box::pin(live::run(context, &args)).await,
        Bench::Console(args) => console::run(context, &args).await,
    }
}

/// The files of a folder, by name, or the one file that was named.
fn files(place: &Path) -> Result<Vec<PathBuf>, Trouble> {
    if place.is_file() {
        return Ok(vec![place.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs_err::read_dir(place)? {
        let path = entry?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(Trouble::Said(format!("there is no file in {}", place.display())));
    }
    Ok(files)
}

/// Any hash.
fn any_hash(rng: &mut ChaCha20Rng) -> Pdq {
    let mut bytes = [0; 32];
    rng.fill_bytes(&mut bytes);
    Pdq::from_bytes(bytes)
}

/// A hash that differs from another in exactly so many bits.
fn hash_near(rng: &mut ChaCha20Rng, hash: &Pdq, bits: u32) -> Pdq {
    let mut bytes = *hash.as_bytes();
    let mut left = bits.min(256);
    while left > 0 {
        let (at, bit) = (rng.random_range(0..bytes.len()), rng.random_range(0..8_u32));
        let changed = 1_u8 << bit;
        let before = hash.as_bytes().get(at).copied().unwrap_or_default();
        if let Some(byte) = bytes.get_mut(at).filter(|byte| **byte & changed == before & changed) {
            *byte ^= changed;
            left -= 1;
        }
    }
    Pdq::from_bytes(bytes)
}

/// Times of the same thing done many times.
#[derive(Default)]
struct Times(Vec<Duration>);

impl Times {
    fn push(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// How long `work` takes, kept here.
    fn of<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let (time, done) = timed(work);
        self.push(time);
        done
    }

    /// How much CPU time `work` takes of this thread, kept here.
    fn of_thread<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let begin = process::thread_time();
        let done = work();
        self.push(process::thread_time().saturating_sub(begin));
        done
    }

    /// The time that so many thousandths of all do not exceed.
    fn at(&mut self, thousandths: usize) -> Duration {
        self.0.sort_unstable();
        let place = (self.0.len() * thousandths).div_ceil(1_000).saturating_sub(1);
        self.0.get(place).copied().unwrap_or_default()
    }

    fn median(&mut self) -> Duration {
        self.at(500)
    }

    fn worst(&self) -> Duration {
        self.0.iter().max().copied().unwrap_or_default()
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let begin = Instant::now();
    let done = work();
    (begin.elapsed(), done)
}

/// Cut to thousandths, for reading.
fn thousandths(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

fn millis(time: Duration) -> f64 {
    thousandths(time.as_secs_f64() * 1e3)
}

fn micros(time: Duration) -> f64 {
    thousandths(time.as_secs_f64() * 1e6)
}

/// A count as a number to divide by or with.
fn number(count: impl TryInto<u32>) -> f64 {
    count.try_into().map_or(f64::MAX, f64::from)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn a_near_hash_is_as_far_as_asked() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        for bits in [0, 1, 31, 128, 256] {
            let hash = any_hash(&mut rng);
            assert_eq!(hash_near(&mut rng, &hash, bits).distance(&hash), bits);
        }
    }

    #[test]
    fn percentiles_are_times_that_happened() {
        let mut times = Times((1..=200).map(Duration::from_millis).collect());
        assert_eq!([500, 900, 990, 1_000].map(|n| times.at(n).as_millis()), [100, 180, 198, 200]);
        assert_eq!(times.worst(), Duration::from_millis(200));
        assert_eq!(Times::default().at(990), Duration::ZERO);
    }
}
