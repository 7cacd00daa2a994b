//! `cargo fuzz run --features explore door testdata/fuzz/door`

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some(target) = fuzz::target("door") {
        (target.run)(bytes);
    }
});
