//! `cargo fuzz run --features explore publisher testdata/fuzz/publisher`

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some(target) = fuzz::target("publisher") {
        (target.run)(bytes);
    }
});
