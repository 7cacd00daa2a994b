//! `cargo fuzz run --features explore session testdata/fuzz/session`

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some(target) = fuzz::target("session") {
        (target.run)(bytes);
    }
});
