//! The child alone, for this crate's own tests; the product starts its own binary again instead. Told to fail by its first
//! argument, it fails on files that ask for it, as a decoder with a fault would.

use std::hint::black_box;

fn main() -> std::process::ExitCode {
    if std::env::args().nth(1).as_deref() == Some("faulty") {
        return decode::child::run_after(fail);
    }
    decode::child::run()
}

fn fail(media: &[u8]) {
    match media {
        b"hang" => loop {
            std::hint::spin_loop();
        },
        b"leak" => {
            let mut kept = Vec::new();
            loop {
                kept.push(black_box(vec![1_u8; 1 << 20]));
            }
        }
        b"panic" => std::panic::resume_unwind(Box::new("told to")),
        b"abort" => std::process::abort(),
        b"deep" => {
            black_box(deeper(1));
        }
        _ => {}
    }
}

/// Uses up the stack.
fn deeper(turn: u64) -> u64 {
    let place = black_box([turn; 128]);
    if black_box(turn) == 0 { 0 } else { deeper(turn + 1).wrapping_add(place.iter().sum()) }
}
