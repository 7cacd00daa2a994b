//! `cargo fuzz run --features explore answer testdata/fuzz/answer`

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some(target) = fuzz::target("answer") {
        (target.run)(bytes);
    }
});
