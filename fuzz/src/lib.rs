//! The targets: what each does with foreign bytes, and what it starts from. No target may panic, whatever the bytes.

use std::sync::LazyLock;

use exchange::ncmec::document::{FileDetails, Level, Tip};
use exchange::ncmec::{Parsed, Random, validate};
use fingerprint::{Index, Pdq, Print, Vpdq};
use jiff::Timestamp;
use sim::pictures::{jpeg, picture, png};

/// A parser of foreign bytes.
pub struct Target {
    /// Also the name of its folder under testdata/fuzz.
    pub name: &'static str,
    /// What is done with the bytes.
    pub run: fn(&[u8]),
    /// Well-formed beginnings, to be bent.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All of them.
pub const TARGETS: [Target; 23] = [
    Target { name: "media", run: decode::sides::child, seeds: media_seeds },
    Target { name: "exif", run: decode::sides::exif, seeds: exif_seeds },
    Target { name: "protocol", run: decode::sides::parent, seeds: protocol_seeds },
    Target { name: "answer", run: answer, seeds: answer_seeds },
    Target { name: "shield", run: shield, seeds: shield_seeds },
    Target { name: "document", run: document, seeds: document_seeds },
    Target { name: "rows", run: rows, seeds: rows_seeds },
    Target { name: "facts", run: facts, seeds: facts_seeds },
    Target { name: "context", run: context, seeds: context_seeds },
    Target { name: "notice", run: notice, seeds: notice_seeds },
    Target { name: "events", run: events, seeds: events_seeds },
    Target { name: "rule", run: rule, seeds: rule_seeds },
    Target { name: "note", run: note, seeds: note_seeds },
    Target { name: "stamp", run: stamp, seeds: stamp_seeds },
    Target { name: "sealed", run: sealed, seeds: sealed_seeds },
    Target { name: "snapshot", run: snapshot, seeds: snapshot_seeds },
    Target { name: "vpdq", run: vpdq, seeds: vpdq_seeds },
    Target { name: "passkey", run: passkey, seeds: passkey_seeds },
    Target { name: "stream", run: decode::sides::stream, seeds: stream_seeds },
    Target { name: "publisher", run: decode::sides::publisher, seeds: publisher_seeds },
    Target { name: "frames", run: decode::sides::frames, seeds: frames_seeds },
    Target { name: "door", run: tanod::livestream::watching::door::asks, seeds: door_seeds },
    Target { name: "session", run: decode::sides::session, seeds: session_seeds },
];

/// The target of this name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

/// Kinds of JPEG that our encoder does not write; how they were drawn stands beside them.
const JPEGS: [&[u8]; 7] = [
    include_bytes!("../../crates/decode/testdata/jpeg/baseline-420.jpg"),
    include_bytes!("../../crates/decode/testdata/jpeg/baseline-422-restart.jpg"),
    include_bytes!("../../crates/decode/testdata/jpeg/baseline-optimised.jpg"),
    include_bytes!("../../crates/decode/testdata/jpeg/cmyk.jpg"),
    include_bytes!("../../crates/decode/testdata/jpeg/grey.jpg"),
    include_bytes!("../../crates/decode/testdata/jpeg/grey-progressive-restart.jpg"),
    include_bytes!("../../crates/decode/testdata/jpeg/progressive-420.jpg"),
];

/// A handshake, and one who connects, says a name and sends a frame.
fn publisher_seeds() -> Vec<Vec<u8>> {
    let text = |text: &str| [&[2, 0, u8::try_from(text.len()).unwrap_or_default()], text.as_bytes()].concat();
    let said = |name: &str, more: &[u8]| {
        let body = [text(name), vec![0, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0], more.to_vec()].concat();
        let length = u8::try_from(body.len()).unwrap_or_default();
        [vec![3, 0, 0, 0, 0, 0, length, 20, 0, 0, 0, 0], body].concat()
    };
    let publish = [vec![5], text("a-key"), text("live")].concat();
    let before = [vec![3], vec![0; 2 * 1_536], said("connect", &[3, 0, 0, 9]), said("createStream", &[5])].concat();
    let frame = [vec![4, 0, 0, 40, 0, 0, 5, 9, 1, 0, 0, 0], vec![0x17, 1, 0, 0, 0]].concat();
    vec![[before, said("publish", &publish), frame].concat(), said("play", &[5])]
}

/// The beginning of NUT as ffmpeg writes it, of a picture of two by two, and a frame.
fn frames_seeds() -> Vec<Vec<u8>> {
    let said = |code: u64, body: &[u8]| {
        let length = u8::try_from(body.len() + 4).unwrap_or_default();
        [code.to_be_bytes().as_slice(), &[length], body, &[0; 4]].concat()
    };
    let main = [3, 1, 1, 1, 1, 0x87, 0x68, 41, 6, 1, 1, 0, 0, 0, 0x81, 0x7f, 0];
    let stream = [0, 0, 4, 89, 56, 48, 48, 0, 7, 100, 0, 0, 0, 2, 2, 1, 1, 0];
    let head = [said(0x4e4d_7a56_1f5f_04ad, &main), said(0x4e53_1140_5bf2_f9db, &stream)].concat();
    let frame = [said(0x4e4b_e4ad_eeca_4569, &[5, 0]), vec![0, 3, 4, 1, 2, 3, 4]].concat();
    vec![[b"nut/multimedia container\0".to_vec(), head, frame].concat()]
}

/// Packets of a transport stream: tables, pictures that begin and go on, sound, and what is for us.
fn stream_seeds() -> Vec<Vec<u8>> {
    let packet = |head: [u8; 20]| [head.as_slice(), &[7; 168]].concat();
    let begins = [0x47, 0x41, 0, 0x30, 1, 0x40, 0, 0, 1, 0xe0, 0, 0, 0x80, 0x80, 5, 0x21, 0, 5, 0xbf, 0x20];
    let head = |id: [u8; 2]| {
        let mut head = begins;
        (head[1], head[2], head[3]) = (id[0], id[1], 0x10);
        head
    };
    let all: Vec<Vec<u8>> =
        [head([0, 0]), head([0x10, 0]), begins, head([1, 0]), head([1, 1]), head([0x1f, 0xfe]), begins]
            .map(packet)
            .into();
    vec![all.concat(), all.concat().split_off(90), packet(begins)]
}

fn session_seeds() -> Vec<Vec<u8>> {
    let answer = "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 108\r\na=candidate:6 1 udp 2105458943 192.0.2.1 4000 typ host\r\n\
                  a=candidate:3 1 UDP 1 2001:db8::1 4000 typ srflx raddr 0.0.0.0 rport 0\r\na=end-of-candidates\r\n";
    vec![answer.as_bytes().to_vec()]
}

fn door_seeds() -> Vec<Vec<u8>> {
    [
        "GET http://live.example/a.m3u8 HTTP/1.1\r\nHost: live.example\r\n\r\n",
        "CONNECT live.example:443 HTTP/1.1\r\n\r\n",
    ]
    .map(|text| text.as_bytes().to_vec())
    .into()
}

fn media_seeds() -> Vec<Vec<u8>> {
    let drawn = picture(5, 24, 17);
    let gif = b"GIF89a\x02\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x00\x0a\x00\x00\x00,\x00\x00\x00\x00\x02\x00\x01\x00\x00\x02\x02D\x0a\x00;";
    let bmp = b"BM\x3a\x00\x00\x00\x00\x00\x00\x006\x00\x00\x00(\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x18\x00\x00\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x10\x20\x30\x00";
    let tiff = b"II*\x00\x08\x00\x00\x00\x07\x00\x00\x01\x03\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01\x01\x03\x00\x01\x00\x00\x00\x01\x00\x00\x00\x02\x01\x03\x00\x01\x00\x00\x00\x08\x00\x00\x00\x03\x01\x03\x00\x01\x00\x00\x00\x01\x00\x00\x00\x06\x01\x03\x00\x01\x00\x00\x00\x01\x00\x00\x00\x11\x01\x04\x00\x01\x00\x00\x00\x62\x00\x00\x00\x17\x01\x04\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x7f";
    let made = [jpeg(&drawn, 80), png(&drawn), gif.to_vec(), bmp.to_vec(), tiff.to_vec()];
    let kept = JPEGS.iter().chain(&LATER).map(|file| file.to_vec());
    made.into_iter().chain(kept).collect()
}

/// What nothing here can write; `make.py` beside the files does.
const LATER: [&[u8]; 9] = [
    include_bytes!("../../crates/decode/testdata/grey.heic"),
    include_bytes!("../../crates/decode/testdata/tiles.heic"),
    include_bytes!("../../crates/decode/testdata/sequence.heic"),
    include_bytes!("../../crates/decode/testdata/grey.avif"),
    include_bytes!("../../crates/decode/testdata/deep.avif"),
    include_bytes!("../../crates/decode/testdata/animated.avif"),
    include_bytes!("../../crates/decode/testdata/still.jxl"),
    include_bytes!("../../crates/decode/testdata/container.jxl"),
    include_bytes!("../../crates/decode/testdata/turned.jxl"),
];

/// A directory with a camera's name, a pointer to another with a place, and the same within a JPEG and a PNG.
fn exif_seeds() -> Vec<Vec<u8>> {
    let tiff = b"II*\0\x08\0\0\0\x02\0\x0f\x01\x02\0\x08\0\0\0\x26\0\0\0\x25\x88\x04\0\x01\0\0\0\x2e\0\0\0\0\0\0\0Example\0\x02\0\x01\0\x02\0\x02\0\0\0N\0\0\0\x02\0\x05\0\x03\0\0\0\x4c\0\0\0\0\0\0\0\x0e\0\0\0\x01\0\0\0\x23\0\0\0\x01\0\0\0\x12\0\0\0\x01\0\0\0";
    let within = |begin: &[u8], end: &[u8]| [begin, tiff.as_slice(), end].concat();
    let length = [0, 0, 0, u8::try_from(tiff.len()).unwrap_or(0)];
    let png = [b"\x89PNG\r\n\x1a\n".as_slice(), &length, b"eXIf"].concat();
    vec![tiff.to_vec(), within(b"\xff\xd8\xff\xe1\0\x6cExif\0\0", b"\xff\xd9"), within(&png, b"\0\0\0\0")]
}

fn protocol_seeds() -> Vec<Vec<u8>> {
    vec![vec![0, 1, 1], vec![2, 0, 0, 0, 1, 0xff], vec![3, 1], (0..26).collect(), vec![1; 80]]
}

fn answer(bytes: &[u8]) {
    drop(Parsed::from_xml(bytes));
}

fn answer_seeds() -> Vec<Vec<u8>> {
    let texts = [
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<reportResponse><responseCode>0</responseCode><responseDescription>Success</responseDescription><reportId>4564654</reportId><fileId>b0754af766b426f2928a02c651ed4b99</fileId><hash>fafa5efeaf3cbe3b23b2748d13e629a1</hash></reportResponse>",
        "<reportDoneResponse><responseCode>0</responseCode><reportId>1</reportId><files><fileId>a</fileId></files></reportDoneResponse>",
    ];
    texts.map(|text| text.as_bytes().to_vec()).to_vec()
}

fn shield(bytes: &[u8]) {
    drop(exchange::arachnid::read_media(bytes));
    drop(exchange::arachnid::read_hashes(bytes, &["aa=".to_owned(), "bb=".to_owned()]));
}

fn shield_seeds() -> Vec<Vec<u8>> {
    let texts = [
        "{\"scanned_hashes\": {\"aa=\": {\"classification\": \"csam\", \"match_type\": \"near\", \"near_match_details\": {\"timestamp\": 0.0}}, \"bb=\": {\"classification\": \"no-known-match\", \"match_type\": null, \"near_match_details\": null}}}".to_owned(),
        format!("{{\"sha1_base32\": \"A\", \"sha256_hex\": \"{}\", \"size_bytes\": 3, \"classification\": \"test\", \"match_type\": \"exact\"}}", "0f".repeat(32)),
    ];
    texts.map(String::into_bytes).to_vec()
}

fn document(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        drop(validate(text, Timestamp::UNIX_EPOCH, Level::Unconfirmed));
        drop(sim::ncmec::judge(text, Timestamp::UNIX_EPOCH, true));
        // What is read as ours is written so that it reads the same.
        if let Some(tip) = Tip::from_xml(text) {
            // Addresses are repaired the first time, and once is enough.
            let again = |tip: &Tip| Tip::from_xml(&tip.to_xml(Level::Unconfirmed).xml);
            let once = again(&tip);
            assert!(once.is_some() && once.as_ref().and_then(again) == once, "a report reads back otherwise");
        }
        if let Some(file) = FileDetails::from_xml(text) {
            let again = |file: &FileDetails| FileDetails::from_xml(&file.to_xml(Level::Unconfirmed).xml);
            let once = again(&file);
            assert!(once.is_some() && once.as_ref().and_then(again) == once, "details read back otherwise");
        }
    }
}

fn document_seeds() -> Vec<Vec<u8>> {
    let mut random = Random::new(3, Timestamp::UNIX_EPOCH, Level::Unconfirmed);
    let short = std::iter::repeat_with(|| random.document().1.xml).filter(|xml| xml.len() < 4_000);
    short.take(24).map(String::into_bytes).collect()
}

fn rows(bytes: &[u8]) {
    use tanod::banks::{parse_csv, parse_ndjson, write_csv, write_ndjson};
    for parsed in [parse_csv(bytes), parse_ndjson(bytes)].into_iter().flatten() {
        // What was read is written so that it reads the same.
        let written = write_csv(&parsed).ok().and_then(|text| parse_csv(&text).ok());
        assert!(written.is_some_and(|again| again == parsed), "CSV does not read back");
        let written = write_ndjson(&parsed).ok().and_then(|text| parse_ndjson(&text).ok());
        assert!(written.is_some_and(|again| again == parsed), "NDJSON does not read back");
    }
}

fn rows_seeds() -> Vec<Vec<u8>> {
    let (md5, pdq) = ("a".repeat(32), "5".repeat(64));
    let csv = format!("signal,value,classification,source,provenance\nmd5,{md5},A1,test,\"a, b\"\npdq,{pdq},,,\n");
    let lines = format!(
        "{{\"signal\":\"md5\",\"value\":\"{md5}\"}}\n{{\"signal\":\"pdq\",\"value\":\"{pdq}\",\"classification\":\"B2\"}}\n"
    );
    let film = format!("signal,value\nvpdq,\"0,100,{pdq},0.000\n30,61,{pdq},1.001\"\n");
    let compact = format!("{{\"signal\":\"vpdq\",\"value\":\"[\\\"{pdq},100,1.2e+02\\\"]\"}}\n");
    vec![csv.into_bytes(), lines.into_bytes(), film.into_bytes(), compact.into_bytes()]
}

fn facts(bytes: &[u8]) {
    if let Ok(facts) = tanod::web::json::<tanod::intake::Facts>(bytes) {
        drop(facts.check());
        let again = serde_json::to_vec(&facts).ok().and_then(|text| serde_json::from_slice(&text).ok());
        assert!(again.is_some_and(|again: tanod::intake::Facts| again == facts), "what is kept reads back otherwise");
    }
}

fn facts_seeds() -> Vec<Vec<u8>> {
    let text = "{\"content_id\":\"p-1\",\"account\":{\"id\":\"u\",\"email\":\"a@b.example\"},\"uploaded_at\":\"2026-01-05T11:11:12+01:00\",\"upload_ip\":\"2001:db8::1\",\"upload_port\":443,\"public\":true,\"urls\":[\"https://platform.example/p/1\"]}";
    vec![text.as_bytes().to_vec()]
}

fn notice(bytes: &[u8]) {
    if let Ok(said) = tanod::web::json::<tanod::notices::NewNotice>(bytes) {
        drop(said.check());
        let again = serde_json::to_vec(&said).ok().and_then(|text| serde_json::from_slice(&text).ok());
        assert!(
            again.is_some_and(|again: tanod::notices::NewNotice| again == said),
            "what is kept reads back otherwise"
        );
    }
}

fn notice_seeds() -> Vec<Vec<u8>> {
    let text = "{\"kind\":\"depicted\",\"reason\":\"own_picture\",\"words\":\"it is me\",\"account\":{\"id\":\"u\"},\"content_ids\":[\"p-1\"],\"urls\":[\"https://platform.example/p/1\"],\"danger_now\":true,\"contact\":\"desk\"}";
    vec![text.as_bytes().to_vec()]
}

/// What was told of a stream and kept reads back the same.
fn events(bytes: &[u8]) {
    let Ok(told) = serde_json::from_slice::<Vec<tanod::livestream::Told>>(bytes) else { return };
    if tanod::livestream::check(&told).is_ok() {
        let again =
            serde_json::to_vec(&told).ok().map(|text| serde_json::from_slice::<Vec<tanod::livestream::Told>>(&text));
        assert!(
            again.is_some_and(|again| again.is_ok_and(|again| again == told)),
            "events that were kept read otherwise"
        );
    }
}

fn events_seeds() -> Vec<Vec<u8>> {
    let seed = |text: &str| text.as_bytes().to_vec();
    vec![
        seed(
            r#"[{"kind":"join","id":"1","account":"v","address":"192.0.2.1","port":4000,"at":"2026-11-24T12:00:00Z"}]"#,
        ),
        seed(r#"[{"kind":"report","text":"x","reason":"live_abuse","danger_now":true,"moderator":false}]"#),
        seed(
            r#"[{"kind":"payment","account":"v","reference":"t-1","amount_minor":5,"currency":"PHP"},{"kind":"leave","account":"v"}]"#,
        ),
        seed(r#"[{"kind":"classifier","classifier":"c","score":0.5},{"kind":"chat","account":"v","text":"hello"}]"#),
    ]
}

/// A rule that was read is decided, whatever the facts.
fn rule(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(rule) = rules::Rule::read(text, &["payments", "scores", "public"]) else { return };
    let facts = [
        ("payments", rules::Fact::Number(i64::try_from(bytes.len()).unwrap_or_default())),
        ("scores", rules::Fact::Scores([("c".to_owned(), 0.5)].into())),
        ("public", rules::Fact::Yes(true)),
    ];
    drop(rule.holds(&facts.into()));
}

fn rule_seeds() -> Vec<Vec<u8>> {
    let seed = |text: &str| text.as_bytes().to_vec();
    vec![
        seed("payments >= 3 && public"),
        seed("scores['c'] > 0.4 || !(payments * 2 - 1 == 7)"),
        seed("public ? payments / 2 > 1 : scores.c <= 1.0"),
    ]
}

fn context(bytes: &[u8]) {
    if let Ok(context) = tanod::context::Context::read(bytes) {
        let again = serde_json::to_vec(&context).ok().map(|text| tanod::context::Context::read(&text));
        assert!(
            again.is_some_and(|again| again.is_ok_and(|again| again == context)),
            "what is kept reads back otherwise"
        );
    }
}

fn context_seeds() -> Vec<Vec<u8>> {
    let text = "{\"account\":{\"id\":\"u\",\"emails\":[{\"address\":\"a@b.example\",\"verified\":true}],\"self_stated_age\":34},\"events\":[{\"address\":\"2001:db8::1\",\"port\":443,\"kind\":\"login\",\"at\":\"2026-01-05T11:11:12+01:00\"}],\"thread\":[{\"sender\":\"u\",\"at\":\"2026-01-05T11:11:12Z\",\"text\":\"x\",\"content_ids\":[\"p-1\"]}],\"related\":[{\"content_id\":\"p-2\",\"relation\":\"copy\"}],\"prior_reports\":[{\"authority\":\"a\",\"number\":\"1\"}],\"links\":[{\"url\":\"https://platform.example/p/1\"}],\"devices\":[{\"id\":\"d\"}]}";
    vec![text.as_bytes().to_vec(), b"{\"complete\":true}".to_vec()]
}

fn signer() -> Option<ledger::Signer> {
    ledger::Signer::from_seed("fuzz", &[7; 32]).ok()
}

fn note(bytes: &[u8]) {
    if let (Ok(text), Some(signer)) = (std::str::from_utf8(bytes), signer()) {
        drop(ledger::Verifier::parse(text));
        if let Ok(verifier) = ledger::Verifier::parse(&signer.vkey()) {
            drop(verifier.open(text));
        }
    }
}

fn stamp(bytes: &[u8]) {
    drop(ledger::stamp::verify(bytes, &[9; 32], None, None));
}

fn stamp_seeds() -> Vec<Vec<u8>> {
    let request = ledger::stamp::request(&[9; 32], 1);
    let made = sim::tsa::Authority::new(|| jiff::Timestamp::UNIX_EPOCH).ok();
    let response = made.and_then(|authority| authority.respond(&request));
    response.into_iter().chain([vec![0x30, 5, 0x30, 3, 2, 1, 2]]).collect()
}

fn note_seeds() -> Vec<Vec<u8>> {
    let Some(signer) = signer() else { return Vec::new() };
    let checkpoint = ledger::Checkpoint { origin: "fuzz".to_owned(), size: 3, root: [9; 32] };
    vec![signer.sign(&checkpoint).into_bytes(), signer.vkey().into_bytes()]
}

/// Bytes that nobody needs to be surprised by.
struct Zeros;

impl vault::Random for Zeros {
    fn fill(&self, out: &mut [u8]) {
        out.fill(0);
    }
}

const SECRET: &[u8] = b"a secret of more than thirty-two bytes";

/// Closing a ring takes scrypt's time: once is enough.
static RING: LazyLock<Option<vault::KeyRing>> =
    LazyLock::new(|| vault::KeyRing::create(SECRET, &Zeros).ok().map(|(ring, _)| ring));

fn sealed(bytes: &[u8]) {
    drop(vault::KeyRing::open(bytes, SECRET));
    if let Some(ring) = &*RING {
        let (wrapped, sealed) = bytes.split_at(bytes.len().min(80));
        let opened = vault::open(sealed, vault::ObjectId(uuid::Uuid::nil()), "media", wrapped, ring);
        assert!(opened.is_err(), "bytes of a stranger open");
    }
}

fn sealed_seeds() -> Vec<Vec<u8>> {
    vault::KeyRing::create(SECRET, &Zeros).map(|(_, file)| vec![file]).unwrap_or_default()
}

/// The bytes as they are; and as the payload of a snapshot whose checksums are right, to reach what lies behind them.
fn snapshot(bytes: &[u8]) {
    drop(Index::load(&mut &*bytes, bytes.len() as u64));
    let whole = in_blocks(bytes);
    if let Ok((index, stamp)) = Index::load(&mut whole.as_slice(), whole.len() as u64) {
        // Not what was saved, maybe, but whatever it is, it answers.
        let hash = Pdq::from_bytes([0x5a; 32]);
        drop((index.near(&hash, 31), index.near(&hash, 64), index.same_print(&Print::Md5([0; 16]))));
        let mut again = Vec::new();
        let written = index.save(&mut again, &stamp).is_ok();
        assert!(written && Index::load(&mut again.as_slice(), again.len() as u64).is_ok(), "does not read back");
    }
}

fn in_blocks(payload: &[u8]) -> Vec<u8> {
    let version = 1_u32.to_ne_bytes();
    let mut whole = [b"tanodidx".as_slice(), &version].concat();
    for (number, block) in (0_u64..).zip(payload.chunks(1 << 20).chain([[].as_slice()])) {
        let length = (block.len() as u64).to_ne_bytes();
        let sum = crc32fast::hash(&[&version, number.to_ne_bytes().as_slice(), &length, block].concat());
        whole.extend(u32::try_from(block.len()).unwrap_or_default().to_ne_bytes());
        whole.extend(sum.to_ne_bytes());
        whole.extend(block);
    }
    whole
}

fn snapshot_seeds() -> Vec<Vec<u8>> {
    let id = |n: u16| [n.to_be_bytes(); 8].concat().try_into().unwrap_or_default();
    let hash =
        |n: u16| Pdq::from_bytes([n.wrapping_mul(40_503).to_be_bytes(); 16].concat().try_into().unwrap_or_default());
    let digests = [Print::Md5([3; 16]), Print::Sha1([3; 20]), Print::Sha256([3; 32])];
    let digests = (0_u16..).zip(digests).map(|(n, print)| (id(n), 0, print));
    let mut small: Index = digests.clone().collect();
    small.remove(&id(1));
    small.insert(id(9), 2, Print::Pdq(hash(9)));
    // Enough hashes for pieces.
    let large: Index = digests.chain((10..2200).map(|n| (id(n), 1, Print::Pdq(hash(n))))).collect();
    let mut seeds = Vec::new();
    for index in [Index::new(), small, large] {
        let mut bytes = Vec::new();
        if index.save(&mut bytes, b"stamp").is_ok() {
            // The payload of the one block, bare.
            seeds.push(bytes.get(20..bytes.len() - 8).unwrap_or_default().to_vec());
            seeds.push(bytes);
        }
    }
    seeds
}

/// The answer of a browser as JSON; what is not base64url is left out.
fn passkey(bytes: &[u8]) {
    use exchange::passkeys::{Credential, Made, Party, Used, challenge_of, proved, registered};
    let Ok(said) = serde_json::from_slice::<serde_json::Value>(bytes) else { return };
    let response = |name: &str| said.get("response").and_then(|response| response.get(name));
    let part = |name: &str| {
        let text = response(name).and_then(serde_json::Value::as_str).unwrap_or_default();
        base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, text).unwrap_or_default()
    };
    let party = Party { id: "localhost".to_owned(), origin: "http://localhost:8080".to_owned() };
    let (client_data, authenticator_data) = (part("clientDataJSON"), part("authenticatorData"));
    let challenge = challenge_of(&client_data).unwrap_or_default();
    let algorithm = response("publicKeyAlgorithm").and_then(serde_json::Value::as_i64).unwrap_or(-7);
    let key = Credential { id: vec![1], algorithm, public_key: part("publicKey"), counter: 0 };
    let used = Used {
        client_data: client_data.clone(),
        authenticator_data: authenticator_data.clone(),
        signature: part("signature"),
    };
    assert!(proved(&party, &challenge, &key, &used).is_err(), "nobody signed this");
    let id = authenticator_data.get(55..87).unwrap_or_default().to_vec();
    let made = Made { id, client_data, authenticator_data, public_key: part("publicKey"), algorithm };
    if let Ok(kept) = registered(&party, &challenge, &made) {
        assert!(kept.public_key == made.public_key && registered(&party, b"another", &made).is_err());
    }
}

fn passkey_seeds() -> Vec<Vec<u8>> {
    let device = sim::passkeys::Device::new("localhost", "http://localhost:8080");
    let question = serde_json::json!({"challenge": "AQIDBAUGBwgJ"});
    let said = device.map(|mut device| [device.make(&question), device.answer(&question)]);
    said.into_iter().flatten().map(|said| said.to_string().into_bytes()).collect()
}

fn vpdq(bytes: &[u8]) {
    if let Ok(video) = Vpdq::from_bytes(bytes) {
        assert!(video.to_bytes() == bytes, "what is kept reads back otherwise");
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for video in [Vpdq::from_text(text), Vpdq::from_compact(text.lines())].into_iter().flatten() {
        assert!(Vpdq::from_text(&video.to_string()).is_ok_and(|again| again == video), "does not read back");
    }
}

fn vpdq_seeds() -> Vec<Vec<u8>> {
    let hash = "5".repeat(64);
    let text = format!("0,100,{hash},0.000\n30,61,{hash},1.001\n");
    let kept = Vpdq::from_text(&text).map(|video| video.to_bytes()).unwrap_or_default();
    vec![text.into_bytes(), format!("{hash},100,1.2e+02\n{hash},7,121.0\n").into_bytes(), kept]
}
