//! `cargo fuzz run --features explore events testdata/fuzz/events`

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some(target) = fuzz::target("events") {
        (target.run)(bytes);
    }
});
