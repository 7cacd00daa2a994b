//! The frames of a one-minute film, asked for among those of many films of 60 frames each: `films 100000` says as JSON how
//! long that takes and what memory it costs. `script/peers/films.py` runs it beside the peer.

#![expect(clippy::print_stdout, reason = "a program for a script")]

use std::time::Instant;

use fingerprint::{Alike, Id, Index, Pdq, Print, Stretch, covered, stretches};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const FRAMES: u32 = 60;
const ROUNDS: u32 = 40;

/// Frames of one film follow each other, as the ids of the product have it.
fn id(film: u32, frame: u32) -> Id {
    let mut id = [0xfb; 16];
    let parts = [film.to_be_bytes(), (frame * 1_000).to_be_bytes(), (frame * 1_000 + 1_000).to_be_bytes()];
    id.iter_mut().skip(4).zip(parts.as_flattened()).for_each(|(into, byte)| *into = *byte);
    id
}

fn time(id: &Id) -> Option<(u32, Stretch)> {
    let [_, film, from, to] = id.as_chunks::<4>().0 else { return None };
    let number = |bytes: &[u8; 4]| u32::from_be_bytes(*bytes);
    Some((number(film), (number(from), number(to))))
}

fn hashes() -> impl Iterator<Item = Pdq> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    std::iter::repeat_with(move || Pdq::from_bytes(rng.random()))
}

/// As a copy has it: up to so many bits off.
fn bent(hash: Pdq, rng: &mut ChaCha8Rng) -> Pdq {
    let mut bytes = *hash.as_bytes();
    for _ in 0..rng.random_range(0..24) {
        if let Some(byte) = bytes.get_mut(rng.random_range(0..32)) {
            *byte ^= 1 << rng.random_range(0..8);
        }
    }
    Pdq::from_bytes(bytes)
}

/// How much of a film the query shows, in milliseconds.
fn ask(index: &Index, query: &[Pdq], film: u32) -> u64 {
    let found = (0_u32..).step_by(1_000).zip(index.near_many(query, 31, |_| Some(31)));
    let pairs = found.flat_map(|(at, found)| {
        let there = found.into_iter().filter_map(|near| time(&near.id)).filter(|(of, _)| *of == film);
        there.map(move |(_, there)| Alike { here: (at, at + 1_000), there }).collect::<Vec<_>>()
    });
    covered(stretches(pairs.collect()).into_iter().map(|run| run.there).collect())
}

fn main() {
    let films: u32 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(10_000);
    let begun = Instant::now();
    let ids = (0..films).flat_map(|film| (0..FRAMES).map(move |frame| id(film, frame)));
    let index: Index = ids.zip(hashes()).map(|(id, hash)| (id, 0, Print::Pdq(hash))).collect();
    let built = begun.elapsed().as_secs_f64();
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let (mut known_ms, mut unknown_ms, mut found) = (Vec::new(), Vec::new(), 0);
    let chosen: Vec<u32> = (0..ROUNDS).map(|_| rng.random_range(0..films)).collect();
    let kept =
        chosen.iter().map(|film| (0..FRAMES).filter_map(|frame| index.get(&id(*film, frame))).collect::<Vec<_>>());
    for (film, prints) in chosen.iter().zip(kept.collect::<Vec<_>>()) {
        let hash = |(_, print): &(u32, Print)| if let Print::Pdq(hash) = print { Some(*hash) } else { None };
        let known: Vec<Pdq> = prints.iter().filter_map(hash).map(|hash| bent(hash, &mut rng)).collect();
        let unknown: Vec<Pdq> = (0..FRAMES).map(|_| Pdq::from_bytes(rng.random())).collect();
        let timed = |query: &[Pdq]| {
            let begun = Instant::now();
            let shared = ask(&index, query, *film);
            (begun.elapsed().as_secs_f64() * 1_000.0, shared)
        };
        let (ms, shared) = timed(&known);
        known_ms.push(ms);
        found += u32::from(shared >= 59_000);
        unknown_ms.push(timed(&unknown).0);
    }
    let middle = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times.get(times.len() / 2).copied().unwrap_or_default()
    };
    let most = known_ms.iter().copied().fold(0.0, f64::max);
    println!(
        "{{\"films\": {films}, \"frames\": {}, \"known_p50_ms\": {:.3}, \"known_max_ms\": {most:.3}, \"unknown_p50_ms\": {:.3}, \"found\": {found}, \"asked\": {ROUNDS}, \"bytes_per_frame\": {:.1}, \"memory_mib\": {}, \"built_s\": {built:.1}}}",
        index.len(),
        middle(&mut known_ms),
        middle(&mut unknown_ms),
        ratio(index.memory_bytes(), index.len()),
        index.memory_bytes() >> 20,
    );
}

#[expect(clippy::cast_precision_loss, reason = "a figure to be read")]
fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}
