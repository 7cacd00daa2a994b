//! `cargo fuzz run --features explore note testdata/fuzz/note`

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some(target) = fuzz::target("note") {
        (target.run)(bytes);
    }
});
