//! What a PDQ hash of two megapixels costs: to the last bit, by tents, and its turns.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use fingerprint::{Grid, pdq_rgb8};

const WIDTH: usize = 1_632;
const HEIGHT: usize = 1_224;

fn drawn(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|n| u8::try_from((n / 90 % 130) + (n * 31 / 7 % 90)).unwrap_or(0)).collect()
}

fn hashing(criterion: &mut Criterion) {
    let (rgb, grey) = (drawn(WIDTH * HEIGHT * 3), drawn(WIDTH * HEIGHT));
    criterion.bench_function("exact, 2 MP", |b| b.iter(|| pdq_rgb8(WIDTH, HEIGHT, black_box(&rgb))));
    criterion.bench_function("tents of colour, 2 MP", |b| b.iter(|| Grid::of_rgb8(WIDTH, HEIGHT, black_box(&rgb))));
    criterion.bench_function("tents of grey, 2 MP", |b| b.iter(|| Grid::of_grey8(WIDTH, HEIGHT, black_box(&grey))));
    if let Ok(Some(grid)) = Grid::of_grey8(WIDTH, HEIGHT, &grey) {
        criterion.bench_function("hash of a grid", |b| b.iter(|| black_box(&grid).fingerprint()));
        criterion.bench_function("seven turns of a grid", |b| b.iter(|| black_box(&grid).turns()));
    }
}

criterion_group!(benches, hashing);
criterion_main!(benches);
