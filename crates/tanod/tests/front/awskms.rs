//! A key of a key management service opens the ring: against a local server that speaks AWS KMS.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tanod::accounts::{Role, Scope};
use tanod::evidence::{self, Opens, Ring};
use tanod::store::Recorded;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::bed::*;
use super::cases::*;

const REFUSAL: &str = "HTTP/1.1 400 Bad Request\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: 62\r\n\
                       connection: close\r\n\r\n{\"__type\":\"DisabledException\",\"message\":\"The key is disabled\"}";

/// What the way to the server does.
const CUT: u8 = 0;
const OPEN: u8 = 1;
/// Answers as the service does where a key is disabled; the local server opens with such a key all the same.
const DISABLED: u8 = 2;

/// The server, and a way to it that can be cut.
struct LocalKms {
    direct: String,
    address: String,
    way: Arc<AtomicU8>,
    _serving: tokio::task::JoinSet<()>,
}

impl LocalKms {
    async fn start() -> Self {
        let direct = variable("TANOD_TEST_S3").unwrap();
        let target = direct.strip_prefix("http://").unwrap().to_owned();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let way = Arc::new(AtomicU8::new(OPEN));
        let (mut serving, open) = (tokio::task::JoinSet::new(), way.clone());
        serving.spawn(async move {
            let mut running = tokio::task::JoinSet::new();
            loop {
                let (mut from, _) = listener.accept().await.unwrap();
                let (target, open) = (target.clone(), open.clone());
                running.spawn(async move {
                    if open.load(Ordering::SeqCst) == DISABLED {
                        let mut asked = [0; 8_192];
                        let _read = from.read(&mut asked).await;
                        let _written = from.write_all(REFUSAL.as_bytes()).await;
                        return;
                    }
                    let mut to = tokio::net::TcpStream::connect(target).await.unwrap();
                    let cut = async {
                        while open.load(Ordering::SeqCst) == OPEN {
                            tokio::time::sleep(Duration::from_millis(5)).await;
                        }
                    };
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut from, &mut to) => {}
                        () = cut => {}
                    }
                });
            }
        });
        Self { direct, address, way, _serving: serving }
    }

    async fn ask(&self, what: &str, body: Value) -> Value {
        let scope = "Credential=test/20261124/us-east-1/kms/aws4_request, SignedHeaders=host, Signature=none";
        let request = exchange::http::client().unwrap().post(&self.direct);
        let request = request
            .header("x-amz-target", format!("TrentService.{what}"))
            .header("content-type", "application/x-amz-json-1.1")
            .header("authorization", format!("AWS4-HMAC-SHA256 {scope}"))
            .body(body.to_string());
        let said = request.send().await.unwrap().error_for_status().unwrap().text().await.unwrap();
        serde_json::from_str(&said).unwrap_or_default()
    }

    async fn key(&self) -> String {
        self.ask("CreateKey", json!({})).await["KeyMetadata"]["Arn"].as_str().unwrap().to_owned()
    }

    fn named(&self, key: &str, ring: &std::path::Path) -> String {
        let endpoint: String = form_urlencoded::byte_serialize(self.address.as_bytes()).collect();
        format!("awskms:{key}?endpoint={endpoint}&ring={}", ring.display())
    }
}

fn credentials(settings: &mut tanod::config::Settings) {
    settings.kms.access_key = "test".into();
    settings.kms.secret_key = "test".into();
}

async fn opens(app: &tanod::plan::App, item: &str) -> Vec<u8> {
    let mut tx = app.db.read().await.unwrap();
    let exhibit = evidence::exhibit(&mut tx, item.parse().unwrap()).await.unwrap();
    app.vault.open(&exhibit).await.unwrap().to_vec()
}

#[tokio::test]
#[ignore = "needs TANOD_TEST_S3, a server that is KMS as well; script/test runs it"]
async fn awskms_opens_the_ring_and_nothing_is_lost_while_it_is_away() {
    let service = LocalKms::start().await;
    let key = service.key().await;
    let (identity, recipient) = vault::recovery_identity();
    let bed = Bed::with(|settings, _| {
        let ring = std::path::Path::new(&settings.secret_file).with_file_name("ring.json");
        settings.keys = service.named(&key, &ring);
        settings.recovery_recipient = recipient;
        credentials(settings);
    })
    .await;
    assert!(!std::path::Path::new(&bed.settings.secret_file).exists(), "there is no secret");
    let media = known(&bed, 1).await;
    let (case, item) = matched(&bed, &media, "u").await;
    // Another process asks the service for itself, and a new wrapping key touches no object.
    let object = bed.app.vault.objects.list().await.unwrap()[0];
    let before = bed.app.vault.objects.get(object).await.unwrap();
    let other = bed.neighbour().await;
    bed.app.vault.ring.change(|ring| ring.rotate(bed.app.db.random())).unwrap();
    let mut tx = bed.app.db.write().await.unwrap();
    assert_eq!(evidence::rewrap(&mut tx, &bed.app.vault.ring, None).await.unwrap().0, 1);
    tx.commit(Recorded::unrecorded("the command writes the entry")).await.unwrap();
    assert_eq!(bed.app.vault.objects.get(object).await.unwrap(), before);
    assert_eq!((opens(&bed.app, &item).await, opens(&other, &item).await), (media.clone(), media));

    // Away: for half an hour nobody notices, and after an hour nothing is sealed or opened, which is said.
    service.way.store(CUT, Ordering::SeqCst);
    let client = bed.key(&[Scope::ItemsWrite]).await;
    let second = known(&bed, 2).await;
    let lead = bed.person(Role::Lead).await;
    lease(&bed, &lead, &case).await;
    bed.clock.advance(Duration::from_mins(35));
    bed.upload(&client, &facts("b", "v"), &known(&bed, 3).await).await.ok();
    bed.clock.advance(Duration::from_mins(26));
    bed.app.lists.catch_up(&bed.app.db).await.unwrap();
    let said = bed.upload_once(&client, &facts("c", "w"), &second, Some("once")).await;
    assert_eq!((said.status.as_u16(), said.slug().as_str()), (503, "keys-away"));
    lease(&bed, &lead, &case).await;
    assert_eq!(look(&bed, &lead, &case, &item, true).await.slug(), "keys-away");
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM views").await, 0, "nobody looked");
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM exhibits").await, 2);
    let refused = open(bed.settings.clone(), &bed.clock).await.err().unwrap().to_string();
    assert!(refused.contains("key management service does not answer"), "{refused}");

    // Back: the same request is done, and what was sealed opens.
    service.way.store(OPEN, Ordering::SeqCst);
    assert_eq!(bed.upload_once(&client, &facts("c", "w"), &second, Some("once")).await.ok()["verdict"], "match");
    assert!(look(&bed, &lead, &case, &item, true).await.status.is_success());

    // A key that is disabled is felt at the next question, whatever is in memory.
    service.way.store(DISABLED, Ordering::SeqCst);
    bed.clock.advance(Duration::from_mins(31));
    lease(&bed, &lead, &case).await;
    let said = look(&bed, &lead, &case, &item, true).await;
    assert!(said.json()["detail"].as_str().unwrap().contains("Disabled"), "{said:?}");
    assert_eq!(said.slug(), "keys-away");
    service.way.store(OPEN, Ordering::SeqCst);
    assert!(look(&bed, &lead, &case, &item, true).await.status.is_success());

    // The key is gone for good: the recovery identity opens the ring without the service.
    let with = Opens::Secret(identity);
    let ring = Ring::open(bed.app.vault.ring.file(), with, bed.app.db.random(), &bed.clock).await.unwrap();
    assert_eq!(ring.now().unwrap().len(), 2);
    bed.ledger_verifies().await;
}

/// A ring that the secret opened is taken over, once the secret opens it a last time.
#[tokio::test]
#[ignore = "needs TANOD_TEST_S3, a server that is KMS as well; script/test runs it"]
async fn awskms_takes_over_a_ring_in_use() {
    let (service, bed) = (LocalKms::start().await, Bed::new().await);
    let media = known(&bed, 1).await;
    let (_, item) = matched(&bed, &media, "u").await;
    let mut settings = bed.settings.clone();
    settings.keys = service.named(&service.key().await, bed.app.vault.ring.file());
    credentials(&mut settings);
    let app = open(settings.clone(), &bed.clock).await.unwrap();
    assert_eq!(opens(&app, &item).await, media);
    app.vault.ring.change(|ring| ring.without_secret(app.db.random())).unwrap();
    fs_err::remove_file(&bed.settings.secret_file).unwrap();
    let app = open(settings.clone(), &bed.clock).await.unwrap();
    assert_eq!(opens(&app, &item).await, media);
    settings.keys = service.named(&service.key().await, bed.app.vault.ring.file());
    let refused = open(settings.clone(), &bed.clock).await.err().unwrap().to_string();
    assert!(refused.contains("TANOD_SECRET"), "a stranger's key opens nothing: {refused}");
    for wrong in
        ["awskms:", "awskms:key?ring=x", "awskms:arn:aws:kms:eu-central-1:1:key/2?ring=x&endpoint=http://192.0.2.1"]
    {
        settings.keys = wrong.to_owned();
        assert!(open(settings.clone(), &bed.clock).await.err().unwrap().to_string().contains("awskms:ARN"), "{wrong}");
    }
}
