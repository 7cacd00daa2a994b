//! `cargo fuzz run --features explore protocol testdata/fuzz/protocol`

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some(target) = fuzz::target("protocol") {
        (target.run)(bytes);
    }
});
