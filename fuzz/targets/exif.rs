//! `cargo fuzz run --features explore media testdata/fuzz/media`

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some(target) = fuzz::target("exif") {
        (target.run)(bytes);
    }
});
