//! Every format, and files that are odd or hostile: what an upload of them is answered.

use serde_json::json;
use tanod::accounts::Scope;

use super::bed::*;

const CLIENT: &[Scope] = &[Scope::ItemsWrite, Scope::MatchesDetail];

/// One of the small files of one picture that the decoders are tested with.
fn kept(name: &str) -> Vec<u8> {
    fs_err::read(format!("{}/../decode/testdata/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[tokio::test]
async fn a_known_picture_is_near_in_every_format() {
    let bed = Bed::new().await;
    let key = bed.key(CLIENT).await;
    let pdq = bed.pdq(&kept("original.png")).await;
    bed.bank("csam", &[("pdq", pdq)]).await;
    for name in [
        "original.png",
        "cmyk.jpg",
        "palette.png",
        "still.heic",
        "tiles.heic",
        "turned.heic",
        "deep.heic",
        "sequence.heic",
        "still.avif",
        "grey.avif",
        "turned.avif",
        "animated.avif",
        "still.jxl",
        "container.jxl",
        "turned.jxl",
        "animated.jxl",
    ] {
        let said = bed.upload(&key, &facts(name, "u"), &kept(name)).await.ok();
        assert_eq!(
            (&said["verdict"], &said["strength"], &said["coverage"]),
            (&json!("match"), &json!("near"), &json!("whole")),
            "{name}: {said}"
        );
        assert!(said["case"].as_str().unwrap().starts_with("case_"), "{name}");
    }
}

#[tokio::test]
async fn a_known_picture_is_found_in_a_later_frame_and_a_later_still() {
    let bed = Bed::new().await;
    let key = bed.key(CLIENT).await;
    // The files whose first picture this is show it with two others; here the others are known.
    let look = bed.app.pool.look(kept("animated.jxl").into(), decode::Wanted::default()).await.unwrap();
    bed.bank("csam", &[("pdq", look.frames[2].hash.to_string())]).await;
    for name in ["animated.avif", "animated.jxl", "sequence.heic", "several.heic"] {
        let said = bed.upload(&key, &facts(name, "u"), &kept(name)).await.ok();
        assert_eq!((&said["verdict"], &said["strength"]), (&json!("match"), &json!("near")), "{name}: {said}");
    }
    let said = bed.upload(&key, &facts("still", "u"), &kept("still.heic")).await.ok();
    assert_eq!(said["verdict"], "no_match");
}

#[tokio::test]
async fn an_odd_or_hostile_file_is_answered_as_what_it_is() {
    let bed = Bed::new().await;
    let key = bed.key(CLIENT).await;
    bed.bank("csam", &[("md5", "00".repeat(16))]).await;
    let said = async |name: &str, media: &[u8]| {
        let said = bed.upload(&key, &facts(name, "u"), media).await.ok();
        let text = |field: &str| said[field].as_str().unwrap_or("").to_owned();
        (text("verdict"), text("reason"), text("coverage"))
    };
    let of = |verdict: &str, reason: &str, coverage: &str| (verdict.to_owned(), reason.to_owned(), coverage.to_owned());
    for name in ["still.heic", "tiles.heic", "still.avif", "still.jxl"] {
        let whole = kept(name);
        let torn = said(&format!("torn-{name}"), &whole[..whole.len() / 2]).await;
        assert_eq!(torn, of("unscanned", "damaged", "digest_only"), "{name}");
    }
    assert_eq!(said("bomb", &kept("bomb.jxl")).await, of("unscanned", "too_many_pixels", "digest_only"));
    // It calls itself a film, and is none.
    let film = [b"\0\0\0\x14ftypisom\0\0\0\0mp42".as_slice(), &[0; 64]].concat();
    assert_eq!(said("film", &film).await, of("unscanned", "damaged", "digest_only"));
    assert_eq!(said("words", b"no picture at all").await, of("unscanned", "unsupported_format", "digest_only"));
    // Too little in it to be compared by anything but its digest: that is what the answer says.
    let plain = |width, height| png(&sim::pictures::Picture::new_rgb8(width, height));
    assert_eq!(said("one", &plain(1, 1)).await, of("no_match", "", "digest_only"));
    assert_eq!(said("flat", &plain(300, 200)).await, of("no_match", "", "digest_only"));
    // Very wide, and looked at like any other.
    let wide = jpeg(&resized(&picture(3, 400, 300), 30_000, 64), 80);
    assert_eq!(said("wide", &wide).await, of("no_match", "", "whole"));
    assert_eq!(said("animated", &kept("animated.avif")).await, of("no_match", "", "whole"));
    bed.ledger_verifies().await;
}
