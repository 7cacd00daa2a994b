//! `cargo fuzz run --features explore shield testdata/fuzz/shield`

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some(target) = fuzz::target("shield") {
        (target.run)(bytes);
    }
});
