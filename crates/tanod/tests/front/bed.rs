//! What every test stands on.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use serde_json::{Value, json};
use sim::ncmec::{Settings as SimSettings, Simulator};
use sqlx::Connection as _;
use tanod::accounts::sessions::{Place, SecondFactor};
use tanod::accounts::{self, Caller, Role, Scope};
use tanod::care::Agreement;
use tanod::clock::{Clock, Random};
use tanod::config::Settings;
use tanod::plan::{self, App, Surroundings};
use tanod::roles;
use tanod::store::World;
use tower::ServiceExt as _;

pub(crate) use sim::pictures::{jpeg, picture, png, resized};

/// A running installation.
pub(crate) struct Bed {
    pub(crate) app: App,
    pub(crate) router: Router,
    pub(crate) sim: Simulator,
    pub(crate) clock: Clock,
    pub(crate) settings: Settings,
    folder: tempfile::TempDir,
    pub(crate) servers: tokio::task::JoinSet<()>,
}

/// An answer, read.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: StatusCode,
    pub(crate) headers: axum::http::HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Said {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|_| panic!("not JSON: {}", String::from_utf8_lossy(&self.bytes)))
    }

    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert!(self.status.is_success(), "{}: {}", self.status, String::from_utf8_lossy(&self.bytes));
        if self.bytes.is_empty() { Value::Null } else { self.json() }
    }

    /// The slug of a refusal, which must be problem+json with a remedy.
    #[track_caller]
    pub(crate) fn slug(&self) -> String {
        assert!(!self.status.is_success(), "{}", String::from_utf8_lossy(&self.bytes));
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json", "{self:?}");
        let problem = self.json();
        assert!(problem["remedy"].as_str().is_some_and(|remedy| remedy.len() > 10));
        assert_eq!(problem["status"], self.status.as_u16());
        problem["slug"].as_str().unwrap().to_owned()
    }
}

fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_tanod"))
}

#[expect(clippy::disallowed_methods, reason = "tests learn from the environment which servers were started")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Opens an installation with these settings.
pub(crate) async fn open(settings: Settings, clock: &Clock) -> Result<App, plan::PlanError> {
    let around = Surroundings { clock: clock.clone(), random: Random::seeded(7), program: program() };
    plan::open(settings, around).await
}

impl Bed {
    pub(crate) async fn new() -> Self {
        Self::with(|_, _| {}).await
    }

    /// With other settings, of ours or of the simulator.
    pub(crate) async fn with(change: impl FnOnce(&mut Settings, &mut SimSettings)) -> Self {
        // Settings are large, and so is what holds them while it waits.
        Box::pin(Self::made(change)).await
    }

    /// On the machine's clock: for what other programs do meanwhile.
    pub(crate) async fn in_time(change: impl FnOnce(&mut Settings, &mut SimSettings)) -> Self {
        Box::pin(Self::on(Clock::System, change)).await
    }

    async fn made(change: impl FnOnce(&mut Settings, &mut SimSettings)) -> Self {
        Self::on(Clock::fixed("2026-11-24T12:00:00Z".parse().unwrap()), change).await
    }

    async fn on(clock: Clock, change: impl FnOnce(&mut Settings, &mut SimSettings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        fs_err::create_dir_all(&data).unwrap();
        let hand = clock.clone();
        let mut sim = SimSettings::new("esp", "word", Arc::new(move || hand.now()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();

        let mut settings = Settings::load(Some(&data), None).unwrap();
        settings.world = Some(World::Demo);
        // Most tests move the clock by hours and are not about signing in; those that are say what they need.
        settings.sign_in.second_factor = SecondFactor::Offered;
        settings.sign_in.passkey_before_depictions = false;
        settings.sign_in.idle_minutes = 1_000_000;
        settings.sign_in.presence_minutes = 1_000_000;
        settings.sign_in.shift_hours = 100_000;
        settings.care.agreement = Agreement::Offered;
        settings.care.late_minutes = 0;
        settings.looking.least_seconds = 0;
        settings.intake.max_bytes = 1 << 20;
        settings.decode.children = 1;
        settings.reporting.ncmec = format!("http://{}/ispws", listener.local_addr().unwrap());
        settings.reporting.send_after_minutes = 0;
        settings.reporting.username = "esp".into();
        settings.reporting.password = "word".into();
        settings.reporting.about.platform = "Example".into();
        settings.reporting.about.email = "safety@platform.example".into();
        settings.reporting.about.mailing_address = "1 Example Street".into();
        settings.reporting.about.telephone = "+1 555 0100".into();
        settings.reporting.about.no_facsimile_because = "there never was one".into();
        scaled(&mut settings).await;
        change(&mut settings, &mut sim);

        let sim = Simulator::new(sim).unwrap();
        let mut server = tokio::task::JoinSet::new();
        let serving = sim.clone();
        server.spawn(async move { serving.serve(listener, std::future::pending()).await.unwrap() });
        let app = open(settings.clone(), &clock).await.unwrap();
        roles::prepare(&app).await.unwrap();
        app.lists.catch_up(&app.db).await.unwrap();
        let router = tanod::web::router::router(&app, true, true);
        Self { app, router, sim, clock, settings, folder, servers: server }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Another process on the same installation.
    pub(crate) async fn neighbour(&self) -> App {
        open(self.settings.clone(), &self.clock).await.unwrap()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Said {
        Self::answer(self.router.clone(), request).await
    }

    /// What some process answers.
    pub(crate) async fn answer(router: Router, request: Request<Body>) -> Said {
        let response: Response<Body> = router.oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Said { status: parts.status, headers: parts.headers, bytes }
    }

    /// How an answer begins that goes on for a while: its first parts.
    pub(crate) async fn begins(&self, request: Request<Body>, parts: usize) -> Said {
        use futures_util::StreamExt as _;
        let (head, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let parts: Vec<_> = body.into_data_stream().take(parts).collect().await;
        let bytes = parts.into_iter().flat_map(|part| part.unwrap().to_vec()).collect();
        Said { status: head.status, headers: head.headers, bytes }
    }

    pub(crate) async fn key(&self, scopes: &[Scope]) -> String {
        self.limited_key(scopes, None).await
    }

    pub(crate) async fn limited_key(&self, scopes: &[Scope], per_minute: Option<u32>) -> String {
        let mut tx = self.app.db.write().await.unwrap();
        let name = format!("k-{}", hex::encode(tx.random().bytes::<6>()));
        let (key, proof) = accounts::add_key(&mut tx, &Caller::Operator, &name, scopes, per_minute).await.unwrap();
        tx.commit(proof).await.unwrap();
        key.token
    }

    /// Somebody signed in.
    pub(crate) async fn person(&self, role: Role) -> String {
        self.named(role).await.0
    }

    /// Somebody signed in, and the name they sign in with.
    pub(crate) async fn named(&self, role: Role) -> (String, String) {
        let mut tx = self.app.db.write().await.unwrap();
        let name = format!("p-{}", hex::encode(tx.random().bytes::<6>()));
        let (invited, proof) = accounts::invite(&mut tx, &Caller::Operator, &name, role).await.unwrap();
        tx.commit(proof).await.unwrap();
        let mut tx = self.app.db.write().await.unwrap();
        // Hashing a password is slow on purpose and tested once; here nobody signs in by password.
        let (session, proof) =
            accounts::accept(&mut tx, &invited.invitation, "none", &self.app.settings.sign_in, &Place::default())
                .await
                .unwrap();
        tx.commit(proof).await.unwrap();
        (session.token, name)
    }

    pub(crate) fn request(method: &str, path: &str, token: &str) -> axum::http::request::Builder {
        let request = Request::builder().method(method).uri(path);
        if token.is_empty() { request } else { request.header(header::AUTHORIZATION, format!("Bearer {token}")) }
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Said {
        self.send(Self::request("GET", path, token).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn call(&self, method: &str, path: &str, token: &str, body: &Value) -> Said {
        self.send(Self::request(method, path, token).body(Body::from(body.to_string())).unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, token: &str, body: &Value) -> Said {
        self.call("POST", path, token, body).await
    }

    /// What the console answers somebody who is signed in; a form when there are fields.
    pub(crate) async fn console(&self, path: &str, token: &str, fields: &[(&str, &str)]) -> (u16, String) {
        let method = if fields.is_empty() { "GET" } else { "POST" };
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let cookie = format!("{}={token}", tanod::web::COOKIE);
        let request = Self::request(method, path, "").header("cookie", cookie).header("sec-fetch-site", "same-origin");
        let said = self.send(request.body(Body::from(body)).unwrap()).await;
        (said.status.as_u16(), String::from_utf8(said.bytes).unwrap())
    }

    /// The same with a form of parts, as a page with files sends it.
    pub(crate) async fn console_parts(&self, path: &str, token: &str, parts: &[(&str, &[u8])]) -> (u16, String) {
        let (kind, body) = form(parts);
        let cookie = format!("{}={token}", tanod::web::COOKIE);
        let request = Self::request("POST", path, "").header("cookie", cookie).header("sec-fetch-site", "same-origin");
        let said = self.send(request.header(header::CONTENT_TYPE, kind).body(Body::from(body)).unwrap()).await;
        (said.status.as_u16(), String::from_utf8(said.bytes).unwrap())
    }

    /// Sends an upload.
    pub(crate) async fn upload(&self, token: &str, item: &Value, media: &[u8]) -> Said {
        self.upload_once(token, item, media, None).await
    }

    pub(crate) async fn upload_once(&self, token: &str, item: &Value, media: &[u8], once: Option<&str>) -> Said {
        let (kind, body) = form(&[("item", item.to_string().as_bytes()), ("media", media)]);
        let mut request = Self::request("POST", "/v1/items", token).header(header::CONTENT_TYPE, kind);
        if let Some(key) = once {
            request = request.header("idempotency-key", key);
        }
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// A bank of this kind with these rows, which the process knows.
    pub(crate) async fn bank(&self, kind: &str, rows: &[(&str, String)]) -> String {
        let token = self.key(&[Scope::BanksWrite]).await;
        let name = format!("bank-{}", hex::encode(self.app.db.random().bytes::<5>()));
        let new = json!({"name": name, "kind": kind, "licence": "own", "source": "test"});
        let bank = self.post("/v1/banks", &token, &new).await.ok();
        let id = bank["id"].as_str().unwrap().to_owned();
        if !rows.is_empty() {
            self.import(&id, rows).await.ok();
        }
        self.app.lists.catch_up(&self.app.db).await.unwrap();
        id
    }

    pub(crate) async fn import(&self, bank: &str, rows: &[(&str, String)]) -> Said {
        let token = self.key(&[Scope::BanksWrite]).await;
        let csv: String = std::iter::once("signal,value,classification\n".to_owned())
            .chain(rows.iter().map(|(signal, value)| format!("{signal},{value},A1\n")))
            .collect();
        let request =
            Self::request("POST", &format!("/v1/banks/{bank}/import"), &token).header(header::CONTENT_TYPE, "text/csv");
        self.send(request.body(Body::from(csv)).unwrap()).await
    }

    /// PDQ of some media, as the child computes it.
    pub(crate) async fn pdq(&self, media: &[u8]) -> String {
        self.app.pool.look(media.to_vec().into(), decode::Wanted::default()).await.unwrap().frames[0].hash.to_string()
    }

    /// Does everything that is due, and what becomes due within so many hours.
    pub(crate) async fn work(&self, hours: u32) {
        for _ in 0..=hours {
            for lane in [
                "reports",
                "items",
                "expiry",
                "decisions",
                "appeals",
                "streams",
                "context",
                "actions",
                "webhooks",
                "pages",
            ] {
                // A job that fails comes again later; the clock stands still within the hour.
                for _ in 0..200 {
                    if !roles::next(&self.app, lane).await.unwrap() {
                        break;
                    }
                }
            }
            self.clock.advance(Duration::from_secs(if hours == 0 { 0 } else { 3_600 }));
            self.app.lists.catch_up(&self.app.db).await.unwrap();
        }
    }

    /// Counts rows of a table.
    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        let mut tx = self.app.db.read().await.unwrap();
        tx.row(sql, &[]).await.unwrap().unwrap().get("n").unwrap()
    }

    /// The database is gone, as when it is killed, until it is called back: on a server every connection ends and none is let in; a
    /// file can no longer be written.
    pub(crate) async fn without_database(&self) -> Away {
        let database = self.settings.database.clone();
        let Some(server) = variable("TANOD_TEST_POSTGRES") else {
            let mut locked = sqlx::SqliteConnection::connect(&database).await.unwrap();
            sqlx::query("BEGIN EXCLUSIVE").execute(&mut locked).await.unwrap();
            return Away::Locked(locked);
        };
        let mut server = sqlx::PgConnection::connect(&server).await.unwrap();
        let name = database.rsplit_once('/').unwrap().1.to_owned();
        Away::admits(&mut server, &name, false).await;
        let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1";
        sqlx::query(sql).bind(&name).execute(&mut server).await.unwrap();
        Away::Closed(server, name)
    }

    /// The ledger verifies, with every entry in its place.
    pub(crate) async fn ledger_verifies(&self) {
        roles::sequence_once(&self.app).await.unwrap();
        let mut tx = self.app.db.read().await.unwrap();
        let found = tanod::audit::verify(&mut tx, &self.app.signer.vkey(), None).await.unwrap().unwrap();
        assert_eq!(found.waiting, 0);
    }
}

/// A database that is away.
pub(crate) enum Away {
    Locked(sqlx::SqliteConnection),
    Closed(sqlx::PgConnection, String),
}

impl Away {
    pub(crate) async fn back(self) {
        match self {
            Self::Locked(locked) => locked.close().await.unwrap(),
            Self::Closed(mut server, name) => Self::admits(&mut server, &name, true).await,
        }
    }

    async fn admits(server: &mut sqlx::PgConnection, name: &str, yes: bool) {
        let sql = sqlx::AssertSqlSafe(format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS {yes}"));
        sqlx::query(sql).execute(server).await.unwrap();
    }
}

/// On a private server each test has a database and a bucket of its own.
async fn scaled(settings: &mut Settings) {
    let name = format!("test_{}", uuid_like());
    if let Some(server) = variable("TANOD_TEST_POSTGRES") {
        let (base, _) = server.rsplit_once('/').unwrap();
        let pool = sqlx::PgPool::connect(&server).await.unwrap();
        let sql = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::query(sql).execute(&pool).await.unwrap();
        settings.database = format!("{base}/{name}");
    }
    if let Some(endpoint) = variable("TANOD_TEST_S3") {
        let bucket = name.replace('_', "-");
        let http = exchange::http::client().unwrap();
        http.put(format!("{endpoint}/{bucket}")).send().await.unwrap().error_for_status().unwrap();
        settings.objects = format!("s3://{bucket}");
        settings.s3.endpoint = endpoint;
        settings.s3.access_key = "test".into();
        settings.s3.secret_key = "test".into();
    }
}

/// A name that no other test has.
fn uuid_like() -> String {
    let mut bytes = [0; 8];
    Random::System.fill(&mut bytes);
    hex::encode(bytes)
}

/// A form of parts.
pub(crate) fn form(parts: &[(&str, &[u8])]) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    for (name, bytes) in parts {
        body.extend_from_slice(
            format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"f\"\r\n\r\n").as_bytes(),
        );
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--edge--\r\n");
    ("multipart/form-data; boundary=edge".to_owned(), body)
}

/// What a platform says about an upload of this account.
pub(crate) fn facts(content: &str, account: &str) -> Value {
    json!({
        "content_id": content, "account": {"id": account, "screen_name": "shown"}, "surface": "post",
        "uploaded_at": "2026-11-24T11:59:00+01:00", "upload_ip": "192.0.2.10", "upload_port": 51_234, "public": true,
        "urls": [format!("https://platform.example/p/{content}")], "file_name": format!("{content}.jpg"),
    })
}

/// A picture of which lists know digest and PDQ.
pub(crate) async fn known(bed: &Bed, seed: u32) -> Vec<u8> {
    let media = jpeg(&picture(seed, 320, 240), 90);
    let digest = fingerprint::Digests::of(&media).sha256_hex();
    let pdq = bed.pdq(&media).await;
    bed.bank("csam", &[("sha256", digest), ("pdq", pdq)]).await;
    media
}
