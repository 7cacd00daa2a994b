//! How fast entries are appended, published and verified: `cargo bench -p ledger`. The peer appends the same entries to the tree
//! of `ct-merkle`, in memory; ours also writes files and signs.
//!
//! One thread, a million entries of 300 bytes in batches of 5,000. With `TANOD_BENCH_SMALL` a tenth of them.

#![expect(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::print_stdout,
    reason = "a measurement, for people to read"
)]
#![expect(clippy::disallowed_methods, reason = "asked for fewer entries by the environment")]

use std::path::Path;
use std::time::Instant;

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ledger::{Checkpoint, Signer, Writer, export};
use sha2::Sha256;

fn main() {
    let count: u64 = if std::env::var("TANOD_BENCH_SMALL").is_ok() { 100_000 } else { 1_000_000 };
    let entry = |n: u64| format!("{n:0>300}").into_bytes();
    let signer = Signer::from_seed("bench", &[7; 32]).unwrap();
    let dir = tempfile::tempdir().unwrap();

    let start = Instant::now();
    let mut writer = Writer::new(dir.path(), false);
    writer.put(Path::new("vkey"), format!("{}\n", signer.vkey()).as_bytes()).unwrap();
    let mut batches = 0;
    while writer.tree().size() < count {
        for _ in 0..5_000 {
            writer.append(&entry(writer.tree().size())).unwrap();
        }
        writer.flush().unwrap();
        let (size, root) = (writer.tree().size(), writer.tree().root());
        let note = signer.sign(&Checkpoint { origin: "bench".to_owned(), size, root });
        writer.put(Path::new("checkpoint"), note.as_bytes()).unwrap();
        batches += 1;
    }
    let ours = count as f64 / start.elapsed().as_secs_f64();

    let start = Instant::now();
    let mut tree = MemoryBackedTree::<Sha256, Vec<u8>>::new();
    let mut sizes = 0;
    while sizes < count {
        for _ in 0..5_000 {
            tree.push(entry(sizes));
            sizes += 1;
        }
        std::hint::black_box(tree.root());
    }
    let peer = count as f64 / start.elapsed().as_secs_f64();
    println!(
        "append and publish       ours {ours:>10.0} /s   ct-merkle in memory {peer:>10.0} /s   ratio {:>5.2}   target 20000 /s   ({batches} checkpoints)",
        ours / peer
    );

    let start = Instant::now();
    let found = export::verify(dir.path()).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(found.size, count);
    println!("verify {count} entries   ours {seconds:.2} s   target 10 s for a million");
}
