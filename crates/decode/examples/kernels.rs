//! The kernels, one at a time, for a counter of instructions: `script/bench-instructions` runs this under callgrind.
//!
//! Without an argument it lists them: a name, and how many units one run has. With a name it runs that one: first unmeasured,
//! which also makes tables, then once in [`measured`], where the counter counts.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program for a script")]

use std::hint::black_box;

use decode::{Wanted, sides};
use fingerprint::{Axis, Grid, Id, Index, Pdq, Print};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;
use sim::pictures::{jpeg, picture};

type Work = Box<dyn FnMut()>;

/// A name, the units of a run, and how to make the work.
type Kernel = (&'static str, u32, fn() -> Work);

const KERNELS: [Kernel; 10] = [
    ("look at a JPEG of 0.3 MP", 1, || look(640, 480, false)),
    ("look at a JPEG of 2 MP", 1, || look(1_632, 1_224, false)),
    ("exact look at a JPEG of 0.3 MP", 1, || look(640, 480, true)),
    ("look at a small progressive JPEG", 1, || {
        look_at(include_bytes!("../testdata/jpeg/progressive-420.jpg").to_vec(), Wanted::default())
    }),
    ("grid of 512 by 512 pixels", 1, || {
        let pixels = picture(9, 512, 512).into_rgb8();
        Box::new(move || drop(black_box(Grid::of_rgb8(512, 512, pixels.as_raw()))))
    }),
    ("tents of an axis of 4,000 pixels", 1, || Box::new(|| drop(black_box(Axis::new(4_000, false))))),
    ("hash and quality of a grid", 1, || {
        with_grid(|grid| {
            black_box(grid.fingerprint());
        })
    }),
    ("seven turns of a grid", 1, || {
        with_grid(|grid| {
            black_box(grid.turns());
        })
    }),
    ("query among 100,000", QUERIES, || {
        let (index, queries) = index();
        Box::new(move || queries.iter().for_each(|query| drop(black_box(index.near(query, 31)))))
    }),
    ("query of a batch among 100,000", QUERIES, || {
        let (index, queries) = index();
        Box::new(move || drop(black_box(index.near_many(&queries, 31, |_| Some(31)))))
    }),
];

const QUERIES: u32 = 64;

fn look(width: u32, height: u32, exact: bool) -> Work {
    look_at(jpeg(&picture(9, width, height), 90), Wanted { exact, ..Wanted::default() })
}

fn look_at(media: Vec<u8>, wanted: Wanted) -> Work {
    Box::new(move || drop(black_box(sides::look(&media, wanted)).unwrap()))
}

fn with_grid(work: fn(&Grid)) -> Work {
    let pixels = picture(9, 512, 512).into_rgb8();
    let grid = Grid::of_rgb8(512, 512, pixels.as_raw()).unwrap().unwrap();
    Box::new(move || work(&grid))
}

fn index() -> (Index, Vec<Pdq>) {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let mut hash = || Pdq::from_bytes(rng.random());
    let entries =
        (0..100_000_u32).map(|n| -> (Id, u32, Print) { (u128::from(n).to_be_bytes(), 0, Print::Pdq(hash())) });
    let index = Index::from_entries(entries.collect::<Vec<_>>());
    (index, (0..QUERIES).map(|_| hash()).collect())
}

#[inline(never)]
fn measured(work: &mut dyn FnMut()) {
    work();
}

fn main() {
    let Some(name) = std::env::args().nth(1) else {
        for (name, units, _) in KERNELS {
            println!("{units}\t{name}");
        }
        return;
    };
    let (_, _, make) = KERNELS.into_iter().find(|(known, ..)| *known == name).unwrap();
    let mut work = make();
    work();
    measured(&mut *work);
}
