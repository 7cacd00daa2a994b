//! What a look at a JPEG costs, decoding included: 0.3, 2 and 12 megapixels, and the same to the last bit.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use decode::{Wanted, sides};
use sim::pictures::{jpeg, picture};

fn looking(criterion: &mut Criterion) {
    for (name, width, height) in [("0.3 MP", 640, 480), ("2 MP", 1_632, 1_224), ("12 MP", 4_000, 3_000)] {
        let media = jpeg(&picture(9, width, height), 90);
        for (kind, wanted) in [("", Wanted::default()), (", exact", Wanted { exact: true, ..Wanted::default() })] {
            criterion.bench_function(&format!("{name}{kind}"), |b| b.iter(|| sides::look(black_box(&media), wanted)));
        }
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = looking
}
criterion_main!(benches);
