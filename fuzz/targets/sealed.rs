//! `cargo fuzz run --features explore sealed testdata/fuzz/sealed`

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some(target) = fuzz::target("sealed") {
        (target.run)(bytes);
    }
});
