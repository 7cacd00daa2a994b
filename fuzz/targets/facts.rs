//! `cargo fuzz run --features explore facts testdata/fuzz/facts`

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some(target) = fuzz::target("facts") {
        (target.run)(bytes);
    }
});
