//! `cargo fuzz run --features explore document testdata/fuzz/document`

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some(target) = fuzz::target("document") {
        (target.run)(bytes);
    }
});
