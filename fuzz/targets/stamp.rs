//! `cargo fuzz run --features explore stamp testdata/fuzz/stamp`

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some(target) = fuzz::target("stamp") {
        (target.run)(bytes);
    }
});
