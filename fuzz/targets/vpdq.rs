//! `cargo fuzz run --features explore vpdq testdata/fuzz/vpdq`

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some(target) = fuzz::target("vpdq") {
        (target.run)(bytes);
    }
});
