//! `cargo fuzz run --features explore stream testdata/fuzz/stream`

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some(target) = fuzz::target("stream") {
        (target.run)(bytes);
    }
});
