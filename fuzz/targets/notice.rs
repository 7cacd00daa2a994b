//! `cargo fuzz run --features explore notice testdata/fuzz/notice`

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some(target) = fuzz::target("notice") {
        (target.run)(bytes);
    }
});
