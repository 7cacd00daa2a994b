//! `cargo fuzz run --features explore passkey testdata/fuzz/passkey`

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some(target) = fuzz::target("passkey") {
        (target.run)(bytes);
    }
});
