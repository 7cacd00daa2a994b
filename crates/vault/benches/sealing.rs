//! How fast objects are sealed and opened, beside the cipher alone over the same bytes: `cargo bench -p vault`.
//!
//! One thread, one object of 64 MiB; the best of nine rounds counts, since other work only makes a round slower.

#![expect(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::print_stdout,
    reason = "a measurement, for people to read"
)]

use std::time::Instant;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use vault::{KeyRing, ObjectId, Opener, SystemRandom, open, seal};

const BYTES: usize = 64 << 20;

/// Gigabytes a second of the best round.
fn best(mut round: impl FnMut()) -> f64 {
    let times = (0..9).map(|_| {
        let start = Instant::now();
        round();
        start.elapsed()
    });
    BYTES as f64 / times.min().unwrap().as_secs_f64() / 1e9
}

fn row(name: &str, ours: f64, peer: f64) {
    println!(
        "{name:<24} ours {ours:>6.2} GB/s   cipher alone {peer:>6.2} GB/s   ratio {:>5.2}   target 1.00 GB/s",
        ours / peer
    );
}

fn main() {
    let plain: Vec<u8> = (0..BYTES).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let (ring, _) = KeyRing::create(b"a secret of more than thirty-two characters", &SystemRandom).unwrap();
    let id = ObjectId(uuid::Uuid::from_u128(1));
    let sealed = seal(&plain, id, "media", &ring, &SystemRandom).unwrap();

    let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[7; 32]).unwrap());
    let mut buffer = plain.clone();
    let peer = best(|| {
        let nonce = Nonce::assume_unique_for_key([0; 12]);
        let tag = cipher.seal_in_place_separate_tag(nonce, Aad::empty(), &mut buffer).unwrap();
        assert_eq!(std::hint::black_box(tag).as_ref().len(), 16);
    });
    let ours = best(|| drop(std::hint::black_box(seal(&plain, id, "media", &ring, &SystemRandom).unwrap())));
    row("seal", ours, peer);
    let ours = best(|| {
        drop(std::hint::black_box(open(&sealed.bytes, id, "media", &sealed.wrapped_key, &ring).unwrap()));
    });
    row("open", ours, peer);
    // What a range read opens: the frames that hold it, and no more.
    let opener = Opener::new(&sealed.bytes, id, "media", &sealed.wrapped_key, &ring).unwrap();
    let part = (BYTES as u64 / 2)..(BYTES as u64 / 2 + 4_096);
    let span = opener.span(&part);
    println!("a range of 4096 bytes of {BYTES} reads {} bytes of the object", span.end - span.start);
}
