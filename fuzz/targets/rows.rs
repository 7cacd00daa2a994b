//! `cargo fuzz run --features explore rows testdata/fuzz/rows`

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some(target) = fuzz::target("rows") {
        (target.run)(bytes);
    }
});
