//! `cargo fuzz run --features explore frames testdata/fuzz/frames`

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some(target) = fuzz::target("frames") {
        (target.run)(bytes);
    }
});
