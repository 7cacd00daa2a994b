//! Films: a known one is found in another and the other way round, with the times; stills and films find each other.

use std::path::Path;

use bytes::Bytes;
use decode::Wanted;
use serde_json::{Value, json};
use tanod::accounts::{Role, Scope};

use super::bed::*;

const CLIENT: &[Scope] = &[Scope::ItemsWrite, Scope::MatchesDetail];
/// What is known: a picture that turns, eight seconds of it.
const KNOWN: &str = "testsrc2=s=320x180:r=25:d=8,rotate=t/3";
/// What is around it.
const BEFORE: &str =
    "mandelbrot=s=320x180:r=25:maxiter=120:start_scale=1:end_scale=0.05,trim=duration=6,setpts=PTS-STARTPTS";

/// A clip that ffmpeg generates, coded with these words.
fn clip(folder: &Path, graph: &str, coded: &[&str]) -> Bytes {
    let path = folder.join("clip.mkv");
    let words = ["-filter_complex", graph, "-pix_fmt", "yuv420p", "-c:v", "libx264"];
    ffmpeg(&[&words, coded, &[path.to_str().unwrap()]].concat());
    fs_err::read(path).unwrap().into()
}

#[expect(clippy::disallowed_methods, reason = "clips are made by another program")]
fn ffmpeg(words: &[&str]) {
    let made =
        std::process::Command::new("ffmpeg").args(["-v", "error", "-nostdin", "-y"]).args(words).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

async fn vpdq(bed: &Bed, media: &Bytes) -> String {
    let look = bed.app.pool.look(media.clone(), Wanted { exact: true, ..Wanted::default() }).await.unwrap();
    quoted(&look.vpdq().unwrap().to_string())
}

/// A field of CSV.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// One stretch, in whole seconds.
fn seconds(range: &Value, side: &str) -> Vec<u64> {
    let side = range[side].as_array().unwrap();
    side.iter().map(|ms| (ms.as_u64().unwrap() + 500) / 1_000).collect()
}

#[tokio::test]
async fn a_known_clip_is_found_in_a_longer_film_and_the_other_way_round() {
    let (bed, folder) = (Bed::new().await, tempfile::tempdir().unwrap());
    let key = bed.key(CLIENT).await;
    let known = clip(folder.path(), KNOWN, &["-g", "50"]);
    let bank = bed.bank("csam", &[("vpdq", vpdq(&bed, &known).await)]).await;
    // Smaller, coded anew with other key frames, and six seconds of something else before it.
    let longer =
        clip(folder.path(), &format!("{BEFORE}[a];{KNOWN}[b];[a][b]concat,scale=256:144"), &["-g", "90", "-crf", "30"]);
    let said = bed.upload(&key, &facts("a", "u1"), &longer).await.ok();
    assert_eq!(
        (&said["verdict"], &said["strength"], &said["coverage"]),
        (&json!("match"), &json!("near"), &json!("sampled"))
    );
    assert!(said["case"].is_string());
    let hit = &said["matches"][0];
    assert_eq!(hit["signal"], "vpdq");
    let common = &hit["in_common"];
    let range = &common["ranges"][0];
    assert_eq!((seconds(range, "upload_ms"), seconds(range, "entry_ms")), (vec![6, 14], vec![0, 8]), "{common}");
    assert!((45..75).contains(&common["upload_percent"].as_u64().unwrap()), "{common}");
    assert!(common["entry_percent"].as_u64().unwrap() >= 85, "{common}");
    // The console shows frames of its whole length, blurred, and where it is known.
    let (lead, case) = (bed.person(Role::Lead).await, said["case"].as_str().unwrap());
    bed.post(&format!("/v1/cases/{case}/lease"), &lead, &json!({})).await;
    let (status, page) = bed.console(&format!("/console/cases/{case}"), &lead, &[]).await;
    assert!(status == 200 && page.contains("strip=true") && page.contains("<rect x="), "{page}");
    assert!(page.contains("0:06 to 0:14, in the entry 0:00 to 0:08"), "{page}");
    let look = json!({"item": said["item"], "purpose": "review", "strip": true});
    let strip = bed.post(&format!("/v1/cases/{case}/views"), &lead, &look).await;
    // Moving, it is new pictures too, and one look.
    let looks = bed.count("SELECT COUNT(*) AS n FROM views").await;
    let plays = format!("/console/cases/{case}/pictures/{}?as=plays", said["item"].as_str().unwrap());
    let figure = bed.console(&plays, &lead, &[]).await.1;
    let picture =
        figure.split_once("src=\"").unwrap().1.split_once('"').unwrap().0.replace("&#38;", "&").replace("&amp;", "&");
    assert!(picture.contains("veiled=true&plays=true"), "{figure}");
    let request = Bed::request("GET", &picture, "").header("cookie", format!("{}={lead}", tanod::web::COOKIE));
    let moving = bed.begins(request.body(axum::body::Body::empty()).unwrap(), 3).await;
    assert_eq!(moving.headers["content-type"], "multipart/x-mixed-replace; boundary=frame");
    assert_eq!(moving.headers["cache-control"], "no-store");
    let frames = moving.bytes.windows(7).filter(|seven| seven == b"--frame").count();
    assert_eq!(frames, 3);
    assert!(!moving.bytes.windows(4).any(|four| four == b"ftyp"), "never a byte of the film itself");
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM views").await, looks + 1);
    assert_eq!(strip.status, 200);
    assert!(strip.bytes.starts_with(b"\xff\xd8"));
    // It is kept so, and read back so.
    let kept = bed.get(&format!("/v1/items/{}", said["item"].as_str().unwrap()), &key).await.ok();
    assert_eq!(kept["matches"][0]["in_common"], *common);

    let other = Bed::new().await;
    let key = other.key(CLIENT).await;
    other.bank("csam", &[("vpdq", vpdq(&other, &longer).await)]).await;
    let said = other.upload(&key, &facts("a", "u1"), &known).await.ok();
    let common = &said["matches"][0]["in_common"];
    assert!(common["upload_percent"].as_u64().unwrap() >= 85, "{common}");
    assert_eq!(seconds(&common["ranges"][0], "entry_ms")[0], 6, "{common}");
    // A film of something else is no match.
    let stranger = clip(folder.path(), "testsrc=s=320x180:r=25:d=5", &[]);
    for bed in [&bed, &other] {
        let key = bed.key(CLIENT).await;
        assert_eq!(bed.upload(&key, &facts("b", "u2"), &stranger).await.ok()["verdict"], "no_match");
    }
    // A bank that is switched off forgets its films.
    let curator = bed.key(&[Scope::BanksWrite]).await;
    bed.call("PATCH", &format!("/v1/banks/{bank}"), &curator, &json!({"enabled": false})).await.ok();
    bed.app.lists.catch_up(&bed.app.db).await.unwrap();
    let key = bed.key(CLIENT).await;
    assert_eq!(bed.upload(&key, &facts("c", "u3"), &longer).await.ok()["reason"], "no_list");
}

#[tokio::test]
async fn a_still_of_a_film_and_a_film_of_a_still_are_found() {
    let (bed, folder) = (Bed::new().await, tempfile::tempdir().unwrap());
    let key = bed.key(CLIENT).await;
    let known = clip(folder.path(), KNOWN, &[]);
    // The picture that stands still in the middle of a film of something else.
    let still = bed.app.pool.picture(known.clone(), 4_000, decode::Shows::Whole, decode::Mark::NONE).await.unwrap();
    bed.bank("csam", &[("vpdq", vpdq(&bed, &known).await)]).await;
    let said = bed.upload(&key, &facts("a", "u1"), &still).await.ok();
    let hit = &said["matches"][0];
    assert_eq!(
        (&said["verdict"], &hit["signal"], &hit["in_common"]["upload_percent"]),
        (&json!("match"), &json!("vpdq"), &json!(100))
    );
    assert_eq!(seconds(&hit["in_common"]["ranges"][0], "entry_ms")[0], 0, "{hit}");
    assert!(hit["in_common"]["ranges"][0].get("upload_ms").is_none());

    let other = Bed::new().await;
    let key = other.key(CLIENT).await;
    other.bank("csam", &[("pdq", other.pdq(&still).await)]).await;
    let film = clip(
        folder.path(),
        &format!("{BEFORE}[a];{KNOWN},trim=end_frame=1,loop=loop=74:size=1[b];[a][b]concat"),
        &["-g", "70"],
    );
    let said = other.upload(&key, &facts("a", "u1"), &film).await.ok();
    let hit = &said["matches"][0];
    assert_eq!((&said["verdict"], &hit["signal"]), (&json!("match"), &json!("pdq")), "{said}");
    assert_eq!(seconds(&hit["in_common"]["ranges"][0], "upload_ms")[0], 6, "{hit}");
}

#[tokio::test]
async fn films_go_in_and_out_of_a_bank_as_meta_writes_them() {
    let bed = Bed::new().await;
    let hash = "e271017837246aaccddea259648fb7d62f435c89d9e99b2497763e216c8d055c";
    let text = format!("0,100,{hash},0.000\n30,97,{hash},1.001");
    let compact = json!([format!("{hash},100,0.0"), format!("{hash},61,1.2e+02")]).to_string();
    let new = json!({"name": "films", "kind": "test", "licence": "own"});
    let keeper = bed.key(&[Scope::BanksWrite]).await;
    let bank = bed.post("/v1/banks", &keeper, &new).await.ok()["id"].as_str().unwrap().to_owned();
    assert_eq!(bed.import(&bank, &[("vpdq", quoted(&text)), ("vpdq", quoted(&compact))]).await.ok()["added"], 2);
    assert_eq!(bed.import(&bank, &[("vpdq", quoted(&text))]).await.ok()["renewed"], 1);
    let said = bed.get(&format!("/v1/banks/{bank}/export?format=ndjson"), &keeper).await;
    let rows: Vec<Value> =
        String::from_utf8(said.bytes.clone()).unwrap().lines().map(|row| serde_json::from_str(row).unwrap()).collect();
    assert_eq!((rows[0]["signal"].as_str(), rows[0]["value"].as_str()), (Some("vpdq"), Some(text.as_str())));
    assert_eq!(rows[1]["value"].as_str().unwrap().lines().nth(1), Some(format!("1,61,{hash},120.000").as_str()));
    for bad in ["", "0,101,aa,0", "[1]", "[]"] {
        assert_eq!(bed.import(&bank, &[("vpdq", quoted(bad))]).await.slug(), "bad-rows", "{bad}");
    }
}

#[tokio::test]
async fn what_lies_behind_a_limit_is_not_clean() {
    let bed = Bed::with(|settings, _| settings.decode.film_frames = 3).await;
    let (key, folder) = (bed.key(CLIENT).await, tempfile::tempdir().unwrap());
    bed.bank("csam", &[("md5", "22".repeat(16))]).await;
    let media = clip(folder.path(), KNOWN, &["-g", "25"]);
    let said = bed.upload(&key, &facts("a", "u"), &media).await.ok();
    assert_eq!((&said["verdict"], &said["reason"]), (&json!("unscanned"), &json!("cut_short")));
    let whole = Bed::with(|settings, _| settings.decode.film_sampling = decode::Sampling::KeyFrames).await;
    let key = whole.key(CLIENT).await;
    whole.bank("csam", &[("md5", "22".repeat(16))]).await;
    let said = whole.upload(&key, &facts("a", "u"), &media).await.ok();
    assert_eq!((&said["verdict"], &said["coverage"]), (&json!("no_match"), &json!("key_frames")));
}

/// Films are larger than pictures: they have a limit of their own, and few at one time have places.
#[tokio::test]
async fn a_film_may_be_larger_than_a_picture_and_few_are_taken_at_one_time() {
    let bed = Bed::with(|settings, _| {
        settings.intake.max_film_bytes = 4 << 20;
        settings.intake.max_films_at_once = 1;
    })
    .await;
    let (key, folder) = (bed.key(CLIENT).await, tempfile::tempdir().unwrap());
    let known = clip(folder.path(), KNOWN, &["-g", "50"]);
    bed.bank("csam", &[("vpdq", vpdq(&bed, &known).await)]).await;
    // A void of Matroska at the end makes it long.
    let long = |bytes: usize| {
        let void = bytes - known.len() - 9;
        let head = [[0xec, 0x01].as_slice(), &(void as u64).to_be_bytes()[1..]].concat();
        [known.as_ref(), &head, &vec![0; void]].concat()
    };
    let film = long(3 << 20);
    let said = bed.upload(&key, &facts("a", "u1"), &film).await.ok();
    assert_eq!((&said["verdict"], &said["matches"][0]["signal"]), (&json!("match"), &json!("vpdq")));
    assert_eq!(said["fingerprints"]["sha256"], fingerprint::Digests::of(&film).sha256_hex());
    assert_eq!(bed.upload(&key, &facts("b", "u2"), &long((4 << 20) + 1)).await.slug(), "too-large");
    // The same length that does not begin as a film.
    let other = [vec![7], film[1..].to_vec()].concat();
    assert_eq!(bed.upload(&key, &facts("c", "u3"), &other).await.slug(), "too-large");
    let taken = bed.app.large.try_acquire().unwrap();
    let busy = bed.upload(&key, &facts("d", "u4"), &film).await;
    assert_eq!((busy.slug().as_str(), busy.headers["retry-after"].to_str().unwrap()), ("busy", "5"));
    assert_eq!(bed.upload(&key, &facts("e", "u5"), &known).await.ok()["verdict"], "match", "a small one needs none");
    drop(taken);
    assert_eq!(bed.upload(&key, &facts("d", "u4"), &film).await.ok()["verdict"], "match");
}

/// A machine without ffmpeg looks at no film: it says so, and keeps it for a second look.
#[tokio::test]
async fn a_film_is_never_clean_where_there_is_no_ffmpeg() {
    let bed = Bed::new().await;
    let (key, folder) = (bed.key(CLIENT).await, tempfile::tempdir().unwrap());
    bed.bank("csam", &[("md5", "22".repeat(16))]).await;
    let media = clip(folder.path(), "testsrc=s=320x180:r=25:d=3", &[]);
    assert_eq!(bed.upload(&key, &facts("a", "u1"), &media).await.ok()["verdict"], "no_match");
    let words = vec!["decode-child".into(), decode::child::WITHOUT_FFMPEG.into()];
    let pool = decode::Pool::new(env!("CARGO_BIN_EXE_tanod").into(), words, 1, decode::Limits::default());
    let mut without = bed.app.clone();
    without.pool = pool;
    let router = tanod::web::router::router(&without, true, true);
    let (kind, body) = form(&[("item", facts("b", "u2").to_string().as_bytes()), ("media", &media)]);
    let request = Bed::request("POST", "/v1/items", &key).header("content-type", kind);
    let said = Bed::answer(router, request.body(body.into()).unwrap()).await.ok();
    assert_eq!((&said["verdict"], &said["reason"]), (&json!("unscanned"), &json!("no_ffmpeg")));
}

/// A copy from a camera that was held upright lies, and says how it is to be shown: it is compared as it is shown.
#[tokio::test]
async fn a_copy_that_is_only_said_to_be_turned_is_found() {
    let bed = Bed::new().await;
    let (key, folder) = (bed.key(CLIENT).await, tempfile::tempdir().unwrap());
    let known = clip(folder.path(), KNOWN, &["-g", "50"]);
    bed.bank("csam", &[("vpdq", vpdq(&bed, &known).await)]).await;
    let lying = folder.path().join("lying.mp4");
    let words = ["-f", "lavfi", "-i", &format!("{KNOWN},transpose=cclock"), "-pix_fmt", "yuv420p", "-c:v", "libx264"];
    ffmpeg(&[&words, [lying.to_str().unwrap()].as_slice()].concat());
    let lying = fs_err::read(lying).unwrap();
    // The matrix of the track says that it is shown a quarter clockwise (ISO/IEC 14496-12, 8.3.2).
    let mut turned = lying.clone();
    let matrix = lying.windows(4).position(|four| four == b"tkhd").unwrap() + 44;
    for (place, value) in [(0, 0), (1, 1_i32 << 16), (3, -1 << 16), (4, 0)] {
        turned[matrix + 4 * place..][..4].copy_from_slice(&value.to_be_bytes());
    }
    let said = bed.upload(&key, &facts("t", "u"), &turned).await.ok();
    assert_eq!((&said["verdict"], said["matches"][0].get("orientation")), (&json!("match"), Some(&json!("upright"))));
    // Where a bank asks for turned pictures, it is found without its word too.
    let said = bed.upload(&key, &facts("l1", "u"), &lying).await.ok();
    assert_eq!(said["verdict"], "no_match");
    let curator = bed.key(&[Scope::BanksWrite]).await;
    let bank = bed.get("/v1/banks", &curator).await.ok()["rows"][0]["id"].as_str().unwrap().to_owned();
    bed.call("PATCH", &format!("/v1/banks/{bank}"), &curator, &json!({"turned": true})).await.ok();
    bed.app.lists.catch_up(&bed.app.db).await.unwrap();
    let said = bed.upload(&key, &facts("l2", "u"), &lying).await.ok();
    assert_eq!((&said["verdict"], &said["matches"][0]["orientation"]), (&json!("match"), &json!("rotated_90")));
}

/// A long comparison holds nothing: the lists go on while it lasts, and it is with the lists as they were.
#[tokio::test]
async fn lists_change_while_a_film_is_compared() {
    let bed = Bed::new().await;
    let hash = "e271017837246aaccddea259648fb7d62f435c89d9e99b2497763e216c8d055c";
    let film = |seconds: u32| {
        let lines: Vec<String> = (0..seconds).map(|nth| format!("{nth},100,{hash},{nth}.000")).collect();
        quoted(&lines.join("\n"))
    };
    bed.bank("csam", &[("vpdq", film(2))]).await;
    let as_they_were = bed.app.lists.snapshot();
    bed.bank("csam", &[("vpdq", film(3))]).await;
    assert_eq!((as_they_were.len(), bed.app.lists.with(tanod::matching::Lists::len)), (2, 5));
}
