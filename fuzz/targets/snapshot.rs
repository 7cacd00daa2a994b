//! `cargo fuzz run --features explore snapshot testdata/fuzz/snapshot`

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some(target) = fuzz::target("snapshot") {
        (target.run)(bytes);
    }
});
