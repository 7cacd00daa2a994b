//! The index's kernels: a look-up by nearness at two sizes, in bases and in the head, and a look-up by digest. Times are for
//! comparing versions on one machine; what the product promises is measured by `tanod bench`.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use fingerprint::{Id, Index, Pdq, Print};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn entries(many: u32) -> impl Iterator<Item = (Id, u32, Print)> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    (0..many).map(move |_| (rng.random(), 0, Print::Pdq(Pdq::from_bytes(rng.random()))))
}

fn near(criterion: &mut Criterion) {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let queries: Vec<Pdq> = (0..1000).map(|_| Pdq::from_bytes(rng.random())).collect();
    for (name, index) in [
        ("near, 100,000 entries", Index::from_entries(entries(100_000))),
        ("near, 1,000,000 entries", Index::from_entries(entries(1_000_000))),
        ("near, 16,000 entries in the head", {
            let mut index = Index::new();
            entries(16_000).for_each(|(id, label, print)| index.insert(id, label, print));
            index
        }),
    ] {
        let mut each = queries.iter().cycle();
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| each.next().map(|query| black_box(index.near(query, 31))));
        });
    }
}

fn same(criterion: &mut Criterion) {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let digests: Vec<[u8; 32]> = (0..100_000).map(|_| rng.random()).collect();
    let index: Index = digests.iter().map(|digest| (rng.random(), 0, Print::Sha256(*digest))).collect();
    let mut each = digests.iter().cycle();
    criterion.bench_function("same, 100,000 entries", |bencher| {
        bencher.iter(|| each.next().map(|digest| black_box(index.same_print(&Print::Sha256(*digest)))));
    });
}

fn build(criterion: &mut Criterion) {
    let entries: Vec<_> = entries(100_000).collect();
    let mut group = criterion.benchmark_group("build");
    group.sample_size(10).bench_function("100,000 entries", |bencher| {
        bencher.iter_batched(|| entries.clone(), Index::from_entries, BatchSize::LargeInput);
    });
}

criterion_group!(benches, near, same, build);
criterion_main!(benches);
