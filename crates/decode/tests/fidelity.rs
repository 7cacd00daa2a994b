//! The hashes of JPEGs that are never decoded to pixels, and the reference's hashes of their pixels.
//!
//! Needs `TANOD_TEST_PYTHON`, the path of a Python that has Pillow and the `pdqhash` wheel; `script/test` makes one.

use std::process::Command;

use decode::Wanted;
use fingerprint::Pdq;

const PICTURES: usize = 340;

#[test]
#[ignore = "needs TANOD_TEST_PYTHON with the wheels; script/test runs it"]
#[expect(clippy::disallowed_methods, reason = "the wheels run in another program")]
fn hashes_without_pixels_are_those_of_the_pixels() {
    let python = std::env::var("TANOD_TEST_PYTHON").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fidelity.py");
    let output = Command::new(python).arg(script).arg(folder.path()).arg(PICTURES.to_string()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let theirs = String::from_utf8(output.stdout).unwrap();
    assert_eq!(theirs.lines().count(), PICTURES);
    let (mut distances, mut qualities) = (Vec::new(), Vec::new());
    for line in theirs.lines() {
        let [path, hash, quality] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let (hash, quality): (Pdq, u8) = (hash.parse().unwrap(), quality.parse().unwrap());
        let look = decode::sides::look(&fs_err::read(path).unwrap(), Wanted::default()).unwrap();
        let frame = &look.frames[0];
        if quality >= 50 {
            qualities.push(frame.quality.abs_diff(quality));
            distances.push((frame.hash.distance(&hash), path.to_owned()));
        }
    }
    distances.sort_unstable();
    qualities.sort_unstable();
    let within = |bits: u32| distances.iter().filter(|(distance, _)| *distance <= bits).count();
    let total = distances.len();
    let (worst, of) = distances.last().unwrap();
    println!(
        "{total} of quality 50 and more: {} identical, {} within 2, {} within 16, most {worst}; quality off by {} at most",
        within(0),
        within(2),
        within(16),
        qualities.last().unwrap(),
    );
    assert!(total >= 300, "only {total} pictures say something");
    assert!(within(2) * 100 >= total * 95, "{} of {total} are within 2 bits", within(2));
    assert!(within(16) * 1_000 >= total * 995, "{} of {total} are within 16 bits", within(16));
    assert!(*worst <= 24, "{worst} bits: {of}");
    assert!(*qualities.last().unwrap() <= 3, "qualities differ by {:?}", qualities.last());
}
