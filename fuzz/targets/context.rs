//! `cargo fuzz run --features explore context testdata/fuzz/context`

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some(target) = fuzz::target("context") {
        (target.run)(bytes);
    }
});
