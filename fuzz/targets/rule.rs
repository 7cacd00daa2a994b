//! `cargo fuzz run --features explore rule testdata/fuzz/rule`

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some(target) = fuzz::target("rule") {
        (target.run)(bytes);
    }
});
