//! THE place that turns settings into backends. Nothing else reads a backend's address.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use decode::{Limits as DecodeLimits, Pool};
use exchange::arachnid;
use exchange::mail::{Mailer, Tls};
use exchange::ncmec::{Client, Credentials};
use exchange::webhooks::{Secret, Secrets, may_call};
use fs_err as fs;
use jiff::SignedDuration;
use ledger::Signer;
use tokio::sync::{Notify, Semaphore};
use vault::{KeyRing, Kms, KmsKey, Objects};

use crate::accounts::sessions::providers::Providers;
use crate::audit;
use crate::clock::{Clock, Random};
use crate::config::{self, Settings};
use crate::evidence::{KeysError, Opens, Ring, Vault};
use crate::intake::Arrivals;
use crate::livestream;
use crate::matching::shield::Shield;
use crate::matching::{Lists, SharedLists};
use crate::operator;
use crate::reporting::credentials::{self, Environment};
use crate::roles::Tasks;
use crate::store::{Db, ProcessId, World, new_uuid};
use crate::web::Limits;
use crate::webhooks::{Endpoint, Resting};

/// Everything that a role works with. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// Demo or live, as the database was stamped.
    pub world: World,
    /// This process, among those of the installation.
    pub process: ProcessId,
    /// The records.
    pub db: Db,
    /// The lists, as this process knows them.
    pub lists: SharedLists,
    /// The decoder.
    pub pool: Pool,
    /// Sealed media.
    pub vault: Vault,
    /// Project Arachnid Shield, unless it is off.
    pub shield: Option<Arc<Shield>>,
    /// The CyberTipline, unless it is off.
    pub ncmec: Option<Arc<Client>>,
    /// The platform's endpoints.
    pub endpoints: Arc<[Endpoint]>,
    /// Those that are left alone for a moment.
    pub resting: Arc<Resting>,
    /// What posts to them.
    pub webhooks: exchange::webhooks::Client,
    /// What hands e-mail over, unless there is no server.
    pub mailer: Option<Mailer>,
    /// What signs the ledger's checkpoints.
    pub signer: Arc<Signer>,
    /// Who puts a time to the ledger's checkpoints, if anybody.
    pub stamps: Option<Arc<crate::audit::Authority>>,
    /// Where the ledger's files are written, if anywhere.
    pub ledger: Option<Arc<Path>>,
    /// What was counted last for the figures.
    pub counted: Arc<crate::figures::Counted>,
    /// Rules over streams, read.
    pub rules: Arc<[livestream::rules::Rule]>,
    /// The streams that this process looks at.
    pub watching: Arc<livestream::watching::Watching>,
    /// Words of the operator, as far as anybody knows them.
    pub vocabularies: Arc<livestream::vocabulary::Vocabularies>,
    /// The settings.
    pub settings: Arc<Settings>,
    /// Where people may sign in instead of here.
    pub providers: Arc<Providers>,
    /// Limits on how often a key may call.
    pub limits: Arc<Limits>,
    /// Places for uploads that only films may be.
    pub large: Arc<Semaphore>,
    /// Places for uploads that are being looked at.
    pub places: Arc<Semaphore>,
    /// Uploads that wait to be written.
    pub arrivals: Arc<Arrivals>,
    /// What goes on behind the requests; joined at the end.
    pub tasks: Tasks,
    /// Wakes the workers of this process; losing a nudge costs a moment, never a job.
    pub nudge: Arc<Notify>,
}

impl App {
    /// What a look must find out.
    pub fn wanted(&self) -> decode::Wanted {
        decode::Wanted { sampling: self.settings.decode.film_sampling, ..self.lists.with(Lists::wanted) }
    }

    /// Whether uploads may be compared with the lists now.
    pub fn may_match(&self) -> Result<(), operator::Off> {
        let Settings { operator, detectors, .. } = &*self.settings;
        operator::may_run(operator, "hash_match", &detectors.hash_match, self.world, self.db.clock().now())
    }

    /// Whether Project Arachnid Shield may be asked now.
    pub fn may_ask_shield(&self) -> Result<(), operator::Off> {
        let Settings { operator, detectors, .. } = &*self.settings;
        let basis = detectors.arachnid_shield.basis();
        operator::may_run(operator, "arachnid_shield", &basis, self.world, self.db.clock().now())
    }
}

impl App {
    /// The endpoint of this name.
    pub fn endpoint(&self, name: &str) -> Option<&Endpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.name == name)
    }
}

/// Settings that lead nowhere, in words, with what to do.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// A backend that is none of ours.
    #[error("{setting} = \"{value}\" is not understood; use {expected}")]
    Address {
        /// Which setting.
        setting: &'static str,
        /// What it says.
        value: String,
        /// What it may say.
        expected: &'static str,
    },
    /// The two worlds would mix.
    #[error("a {world} database cannot report to {destination}; {remedy}")]
    WrongDestination {
        /// This world.
        world: World,
        /// That destination.
        destination: String,
        /// What to do.
        remedy: &'static str,
    },
    /// The two worlds would mix.
    #[error("a {world} database cannot ask {matcher}; {remedy}")]
    WrongMatcher {
        /// This world.
        world: World,
        /// That matcher.
        matcher: String,
        /// What to do.
        remedy: &'static str,
    },
    /// Sealed media of another installation.
    #[error(
        "{objects} holds the sealed media of another installation; name the database it belongs to, or another place"
    )]
    OthersObjects {
        /// The place.
        objects: String,
    },
    /// The key ring is gone, and a new one would open nothing.
    #[error("the key ring {} is missing, and what was sealed opens with nothing else: bring it back from a backup", path.display())]
    LostKeys {
        /// Where it was.
        path: PathBuf,
    },
    /// Two processes on one file.
    #[error("another process serves {database}; SQLite takes one, PostgreSQL takes many")]
    Served {
        /// The database.
        database: String,
    },
    /// An endpoint that cannot be used.
    #[error("webhooks, {name:?}: {why}")]
    Webhook {
        /// Which.
        name: String,
        /// What is wrong, and what to do. Never the secret.
        why: String,
    },
    /// Nobody would be told.
    #[error("alarms: {why}")]
    Alarms {
        /// What is wrong, and what to do.
        why: String,
    },
    /// Pictures would cross a network in the clear.
    #[error(
        "{listen} is open to other machines; put a proxy that speaks TLS in front and say behind_tls = true, or listen on 127.0.0.1"
    )]
    InTheClear {
        /// The address.
        listen: String,
    },
    /// The settings.
    #[error(transparent)]
    Config(#[from] config::ConfigError),
    /// The database.
    #[error("the database cannot be used: {0}")]
    Store(#[from] crate::store::StoreError),
    /// The objects.
    #[error("the object store cannot be used: {0}")]
    Objects(#[from] vault::ObjectsError),
    /// The key ring.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// What is derived from it.
    #[error("the key ring cannot be used: {0}")]
    KeyRing(#[from] vault::KeyRingError),
    /// The disk.
    #[error(transparent)]
    Disk(#[from] std::io::Error),
    /// Something else of ours.
    #[error("{0}")]
    Other(String),
}

/// What is given from outside besides the settings.
pub struct Surroundings {
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
    /// The program that is started again as the decoder, with `decode-child` as its first word.
    pub program: PathBuf,
}

/// Opens everything that the settings name.
pub async fn open(settings: Settings, around: Surroundings) -> Result<App, PlanError> {
    let Surroundings { clock, random, program } = around;
    let db = database(&settings, clock, random.clone()).await?;
    let (world, mark) = db.born(settings.world).await?;
    let shield = shield(&settings, world)?;
    let endpoints = endpoints(&settings)?;
    let mailer = mailer(&settings)?;
    settings.live.frames.check().map_err(PlanError::Other)?;
    let rules = livestream::rules::read(&settings.live.rules).map_err(PlanError::Other)?;
    let watching = livestream::watching::Watching::of(&settings.live).map_err(PlanError::Other)?;
    told(&settings, &endpoints)?;
    let http = exchange::http::client().map_err(|error| PlanError::Other(error.to_string()))?;
    let stamps = stamps(&settings, world, &http)?;
    let providers = Providers::open(&settings.sign_in.providers, http.clone()).map_err(PlanError::Other)?;
    let ring = Box::pin(ring(&settings, &db, &random)).await?;
    let ncmec = ncmec(&settings, world, &db, &*ring.now()?).await?;
    let objects = objects(&settings)?;
    objects.claim(mark).await.map_err(|error| match error {
        vault::ObjectsError::Exists => PlanError::OthersObjects { objects: settings.objects.clone() },
        other => other.into(),
    })?;
    let seed = ring.now()?.derived("tanod ledger checkpoints")?;
    // A log's name is its own (C2SP tlog-checkpoint): no two installations share one, and a restored one keeps it.
    let signer = Signer::from_seed(&format!("tanod/{}", mark.simple()), &seed)
        .map_err(|error| PlanError::Other(error.to_string()))?;
    let words = livestream::vocabulary::Key::new(ring.now()?.derived("tanod vocabularies")?.as_slice());
    let decode = &settings.decode;
    let children = match decode.children {
        0 => std::thread::available_parallelism().map_or(2, usize::from),
        children => children,
    };
    let limits = DecodeLimits {
        max_pixels: decode.max_pixels,
        max_frames: decode.max_frames,
        max_memory_bytes: decode.max_memory,
        time: Duration::from_secs(decode.seconds),
        max_film_frames: decode.film_frames,
        film_time: Duration::from_secs(decode.film_seconds),
    };
    let process = new_uuid(db.clock().now(), &random).into();
    Ok(App {
        world,
        process,
        lists: SharedLists::kept(folder("index", &settings.index)?),
        pool: Pool::new(program, vec!["decode-child".into()], children, limits),
        vault: Vault { objects: Arc::new(objects), ring: Arc::new(ring), random },
        shield: shield.map(Arc::new),
        ncmec: ncmec.map(Arc::new),
        endpoints: endpoints.into(),
        resting: Arc::default(),
        webhooks: exchange::webhooks::Client::new(http, exchange::webhooks::TIME),
        mailer,
        signer: Arc::new(signer),
        counted: Arc::default(),
        rules: rules.into(),
        watching: Arc::new(watching),
        vocabularies: Arc::new(livestream::vocabulary::Vocabularies::new(words)),
        stamps,
        ledger: folder("ledger", &settings.ledger)?.map(Into::into),
        providers: Arc::new(providers),
        limits: Arc::new(Limits::new(
            settings.intake.requests_per_minute,
            settings.notices.per_address_per_hour,
            settings.review.looks_per_minute,
        )),
        large: Arc::new(Semaphore::new(settings.intake.max_films_at_once)),
        places: Arc::new(Semaphore::new(settings.intake.max_at_once.max(1))),
        arrivals: Arc::default(),
        tasks: Tasks::new(),
        nudge: Arc::new(Notify::new()),
        settings: Arc::new(settings),
        db,
    })
}

/// Whether anything is on record yet.
async fn begun(db: &Db) -> Result<bool, PlanError> {
    let mut tx = db.read().await?;
    let newest = audit::page(&mut tx, None, None, 1).await;
    newest.map(|rows| !rows.is_empty()).map_err(|error| PlanError::Other(error.to_string()))
}

/// A place on this machine that may be left out.
fn folder(setting: &'static str, address: &str) -> Result<Option<PathBuf>, PlanError> {
    match address.strip_prefix("file:") {
        Some(path) => Ok(Some(PathBuf::from(path))),
        None if address.is_empty() => Ok(None),
        None => Err(unknown(setting, address, "file:PATH, or nothing")),
    }
}

/// Opens the database alone, for commands that need nothing else.
pub async fn database(settings: &Settings, clock: Clock, random: Random) -> Result<Db, PlanError> {
    let address = settings.database.as_str();
    if let Some(path) = address.strip_prefix("sqlite:") {
        let path = Path::new(path);
        if let Some(folder) = path.parent() {
            make_private(folder)?;
        }
        return Ok(Db::sqlite(path, clock, random).await?.of(settings.operator.clone()));
    }
    if address.starts_with("postgres://") || address.starts_with("postgresql://") {
        return Ok(Db::postgres(address, clock, random).await?.of(settings.operator.clone()));
    }
    Err(unknown("database", address.split(':').next().unwrap_or_default(), "sqlite:PATH or postgres://…"))
}

/// Keeps other serving processes from a database that takes one alone. It lasts as long as what is returned, and ends with
/// the process, however that ends.
pub fn sole(settings: &Settings) -> Result<Option<std::fs::File>, PlanError> {
    let Some(path) = settings.database.strip_prefix("sqlite:") else { return Ok(None) };
    let file = fs::OpenOptions::new().create(true).append(true).open(format!("{path}.lock"))?.into_file();
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(std::fs::TryLockError::WouldBlock) => Err(PlanError::Served { database: settings.database.clone() }),
        Err(std::fs::TryLockError::Error(error)) => Err(error.into()),
    }
}

/// Refuses to serve other machines without TLS in front: what a reviewer sees never crosses a network in the clear.
pub fn reachable(settings: &Settings) -> Result<(), PlanError> {
    let loopback = match (settings.listen.parse::<std::net::SocketAddr>(), settings.listen.rsplit_once(':')) {
        (Ok(address), _) => address.ip().is_loopback(),
        (Err(_), Some((host, port))) if !host.is_empty() && port.parse::<u16>().is_ok() => host == "localhost",
        _ => return Err(unknown("listen", &settings.listen, "ADDRESS:PORT, for instance 127.0.0.1:8080")),
    };
    let streams = &settings.live.rtmp_listen;
    let within = streams.parse::<std::net::SocketAddr>().map_or(true, |at| at.ip().is_loopback());
    if settings.behind_tls || (loopback && within) {
        return Ok(());
    }
    Err(PlanError::InTheClear { listen: if loopback { streams } else { &settings.listen }.clone() })
}

pub(crate) fn objects(settings: &Settings) -> Result<Objects, PlanError> {
    if let Some(path) = settings.objects.strip_prefix("file:") {
        return Ok(Objects::folder(Path::new(path))?);
    }
    let bucket = bucket(settings).ok_or_else(|| unknown("objects", &settings.objects, "file:PATH or s3://BUCKET"))?;
    Ok(Objects::s3(bucket)?)
}

/// The bucket that the settings name, if it is one.
pub(crate) fn bucket(settings: &Settings) -> Option<vault::S3> {
    let bucket = settings.objects.strip_prefix("s3://")?;
    let s3 = &settings.s3;
    Some(vault::S3 {
        endpoint: Some(s3.endpoint.clone()).filter(|endpoint| !endpoint.is_empty()),
        bucket: bucket.to_owned(),
        region: s3.region.clone(),
        access_key: s3.access_key.clone(),
        secret_key: s3.secret_key.to_string(),
        time: Duration::from_secs(s3.seconds.clamp(1, 300)),
    })
}

/// Where the key ring is kept, and which key of a key management service opens it, unless the secret does.
fn keys(settings: &Settings) -> Result<(PathBuf, Option<Kms>), PlanError> {
    if let Some(path) = settings.keys.strip_prefix("file:") {
        return Ok((PathBuf::from(path), None));
    }
    let expected = "file:PATH, or awskms:ARN?ring=PATH with region=… and endpoint=… if need be";
    let wrong = || unknown("keys", &settings.keys, expected);
    let (key, rest) = settings.keys.strip_prefix("awskms:").and_then(|rest| rest.split_once('?')).ok_or_else(wrong)?;
    let (mut region, mut endpoint, mut ring) = (key.split(':').nth(3).map(str::to_owned), None, None);
    for (name, value) in form_urlencoded::parse(rest.as_bytes()) {
        let place = match &*name {
            "region" => &mut region,
            "endpoint" => &mut endpoint,
            "ring" => &mut ring,
            _ => return Err(wrong()),
        };
        *place = Some(value.into_owned());
    }
    // What opens everything crosses no network in the clear.
    let fine = |endpoint: &String| endpoint.starts_with("https://") || is_loopback(endpoint);
    if key.is_empty() || !endpoint.as_ref().is_none_or(fine) {
        return Err(wrong());
    }
    let (Some(region), Some(ring)) = (region, ring) else { return Err(wrong()) };
    let own = &settings.kms;
    let to = KmsKey {
        key: key.to_owned(),
        region,
        endpoint,
        access_key: own.access_key.clone(),
        secret_key: own.secret_key.to_string(),
        session_token: Some(own.session_token.to_string()).filter(|token| !token.is_empty()),
    };
    Ok((PathBuf::from(ring), Some(Kms::new(to))))
}

/// What is kept on this machine, by setting.
pub(crate) fn places(settings: &Settings) -> Vec<(&'static str, PathBuf)> {
    let database = settings.database.strip_prefix("sqlite:").map(PathBuf::from);
    let objects = settings.objects.strip_prefix("file:").map(PathBuf::from);
    let places = [("database", database), ("objects", objects), ("keys", ring_file(settings).ok())];
    places.into_iter().filter_map(|(setting, place)| Some((setting, place?))).collect()
}

/// Where the key ring is kept.
pub(crate) fn ring_file(settings: &Settings) -> Result<PathBuf, PlanError> {
    keys(settings).map(|(path, _)| path)
}

/// Opens the key ring, or makes it.
async fn ring(settings: &Settings, db: &Db, random: &Random) -> Result<Ring, PlanError> {
    let (path, kms) = keys(settings)?;
    let (found, clock) = (path.exists(), db.clock());
    if !found && begun(db).await? {
        return Err(PlanError::LostKeys { path });
    }
    if let Some(folder) = path.parent() {
        make_private(folder)?;
    }
    let Some(kms) = kms else {
        let opens = Opens::Secret(config::secret(settings, found, random)?);
        return Ok(if found {
            Ring::open(&path, opens, random, clock).await
        } else {
            Ring::make(&path, opens, random, clock).await
        }?);
    };
    let opens = || Opens::Kms(kms.clone(), SignedDuration::from_mins(settings.kms.minutes.clamp(2, 24 * 60)));
    if !found {
        return Ok(Ring::make(&path, opens(), random, clock).await?);
    }
    match Ring::open(&path, opens(), random, clock).await {
        // A ring that the secret alone opened so far: from here on this key does, too.
        Err(KeysError::OtherKey) => {
            let secret = Opens::Secret(config::secret(settings, true, random)?);
            Ring::open(&path, secret, random, clock).await?.adopt(&kms, random).await?;
            tracing::warn!(
                "the key of the key management service opens the key ring from now on; the secret does as well"
            );
            Ok(Ring::open(&path, opens(), random, clock).await?)
        }
        opened => Ok(opened?),
    }
}

/// The CyberTipline's environments. A live database reaches production alone, a demo never does.
async fn ncmec(settings: &Settings, world: World, db: &Db, ring: &KeyRing) -> Result<Option<Client>, PlanError> {
    let reporting = &settings.reporting;
    let wrong = |remedy| Err(PlanError::WrongDestination { world, destination: reporting.ncmec.clone(), remedy });
    let base = match (reporting.ncmec.as_str(), world) {
        ("off" | "", _) => return Ok(None),
        ("production", World::Live) => "https://report.cybertip.org/ispws",
        ("production", World::Demo) => return wrong("use a live database, or a simulator"),
        ("exttest", World::Demo) => "https://exttest.cybertip.org/ispws",
        ("exttest", World::Live) => return wrong("use `production`, or a demo database for trying out"),
        (address, World::Demo) if is_loopback(address) => address,
        (address, World::Live) if is_loopback(address) => {
            return wrong("a simulator belongs to a demo database");
        }
        (address, _) => {
            let expected = "off, production, exttest, or http://127.0.0.1:PORT/ispws";
            return Err(unknown("reporting.ncmec", address, expected));
        }
    };
    let http = exchange::http::client().map_err(|error| PlanError::Other(error.to_string()))?;
    let mut credentials =
        Credentials { username: reporting.username.clone(), password: reporting.password.to_string().into() };
    if credentials.password.is_empty() {
        let kept = async { credentials::kept(&mut db.read().await?, environment(settings), ring).await };
        if let Some(kept) = kept.await.map_err(|error| PlanError::Other(error.to_string()))? {
            credentials = kept;
        }
    }
    Ok(Some(Client::new(base, credentials, http)))
}

/// Which of the CyberTipline's environments the settings name.
pub fn environment(settings: &Settings) -> Environment {
    match settings.reporting.ncmec.as_str() {
        "production" => Environment::Production,
        "exttest" => Environment::Exttest,
        _ => Environment::Simulator,
    }
}

/// Project Arachnid Shield. A live database reaches the service alone, a demo only a simulator on this machine.
fn shield(settings: &Settings, world: World) -> Result<Option<Shield>, PlanError> {
    let shield = &settings.detectors.arachnid_shield;
    let wrong = |remedy| Err(PlanError::WrongMatcher { world, matcher: shield.address.clone(), remedy });
    let base = match (shield.address.as_str(), world) {
        ("off" | "", _) => return Ok(None),
        ("production", World::Live) => "https://shield.projectarachnid.com",
        ("production", World::Demo) => return wrong("use a live database, or a simulator"),
        (address, World::Demo) if is_loopback(address) => address,
        (address, World::Live) if is_loopback(address) => return wrong("a simulator belongs to a demo database"),
        (address, _) => {
            return Err(unknown(
                "detectors.arachnid_shield.address",
                address,
                "off, production, or http://127.0.0.1:PORT",
            ));
        }
    };
    let http = exchange::http::client().map_err(|error| PlanError::Other(error.to_string()))?;
    let credentials =
        arachnid::Credentials { username: shield.username.clone(), password: shield.password.to_string().into() };
    let time = Duration::from_secs(shield.seconds.clamp(1, 30));
    Ok(Some(Shield::new(arachnid::Client::new(base, credentials, http, time), shield.leaves)))
}

/// Who stamps the ledger's checkpoints. A demo asks a simulator on this machine.
fn stamps(
    settings: &Settings,
    world: World,
    http: &reqwest::Client,
) -> Result<Option<Arc<crate::audit::Authority>>, PlanError> {
    let given = &settings.time_stamps;
    let address = given.authority.trim();
    let web = address.starts_with("https://") || address.starts_with("http://");
    match (address, world) {
        ("", _) => return Ok(None),
        (_, World::Live) if web => {}
        (_, World::Demo) if is_loopback(address) => {}
        _ => return Err(unknown("time_stamps.authority", address, "https://…, or in a demo http://127.0.0.1:PORT/…")),
    }
    let other = |why: &dyn std::fmt::Display| PlanError::Other(format!("time_stamps.root: {why}"));
    let pem = fs_err::read_to_string(&given.root).map_err(|error| other(&error))?;
    let roots = ledger::stamp::Roots::pem(&pem).map_err(|error| other(&error))?;
    Ok(Some(Arc::new(crate::audit::Authority { address: address.to_owned(), roots, http: http.clone() })))
}

/// The platform's endpoints. What is checked here is what is called, and nothing else ever is.
fn endpoints(settings: &Settings) -> Result<Vec<Endpoint>, PlanError> {
    let mut endpoints: Vec<Endpoint> = Vec::new();
    for given in &settings.webhooks {
        let wrong = |why: &str| Err(PlanError::Webhook { name: given.name.clone(), why: why.to_owned() });
        if given.name.trim().is_empty() || given.name.len() > 64 {
            return wrong("give it a name of at most 64 bytes");
        }
        if endpoints.iter().any(|endpoint| endpoint.name == given.name) {
            return wrong("two have this name");
        }
        if !may_call(&given.url) {
            return wrong("its url must be https://…, or http:// to this machine, without a name or password in it");
        }
        let parse = |what: &str, text: &str| {
            Secret::parse(text).map_err(|error| PlanError::Webhook {
                name: given.name.clone(),
                why: format!("its {what} is not usable: {error}; make one of 32 random bytes"),
            })
        };
        let before = match (given.old_secret.as_str(), given.old_secret_until) {
            ("", None) => None,
            ("", Some(_)) => return wrong("it says old_secret_until and no old_secret"),
            (_, None) => return wrong("say with old_secret_until until when the old secret signs as well"),
            (old, Some(until)) => Some((parse("old secret", old)?, until)),
        };
        let secrets = Secrets { now: parse("secret", &given.secret)?, before };
        let (name, url, events) = (given.name.clone(), given.url.clone(), given.events.clone());
        endpoints.push(Endpoint { name, url, secrets, events });
    }
    Ok(endpoints)
}

/// Where e-mail is handed over. In the clear to this machine only.
fn mailer(settings: &Settings) -> Result<Option<Mailer>, PlanError> {
    let smtp = &settings.alarms.smtp;
    if smtp.host.is_empty() {
        return Ok(None);
    }
    let here = smtp.host == "localhost" || smtp.host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if smtp.tls == Tls::None && !here {
        let why = "smtp.tls = \"none\" is for a server on this machine; use \"starttls\" or \"implicit\"".to_owned();
        return Err(PlanError::Alarms { why });
    }
    Mailer::new(&smtp.host, smtp.port, smtp.tls, &smtp.username, &smtp.password, &smtp.from)
        .map(Some)
        .map_err(|error| PlanError::Alarms { why: format!("smtp: {error}") })
}

/// Whether everybody on call can be reached.
fn told(settings: &Settings, endpoints: &[Endpoint]) -> Result<(), PlanError> {
    let alarms = &settings.alarms;
    let wrong = |why: String| Err(PlanError::Alarms { why });
    if !alarms.heartbeat_url.is_empty() && !may_call(&alarms.heartbeat_url) {
        return wrong("heartbeat_url must be https://…, or http:// to this machine".to_owned());
    }
    for person in &alarms.on_call {
        let name = &person.name;
        if name.trim().is_empty() || (person.email.is_empty() && person.webhook.is_empty()) {
            return wrong(format!("on_call {name:?}: give a name, and an email or a webhook"));
        }
        if !person.email.is_empty() && !exchange::mail::is_address(&person.email) {
            return wrong(format!("on_call {name:?}: the email is not an address"));
        }
        if !person.email.is_empty() && alarms.smtp.host.is_empty() {
            return wrong(format!("on_call {name:?} is to get e-mail, and smtp.host names no server"));
        }
        if !person.webhook.is_empty() && endpoints.iter().all(|endpoint| endpoint.name != person.webhook) {
            return wrong(format!(
                "on_call {name:?}: no endpoint under [[webhooks]] has the name {:?}",
                person.webhook
            ));
        }
    }
    Ok(())
}

fn is_loopback(address: &str) -> bool {
    let rest = address.strip_prefix("http://").and_then(|rest| rest.split('/').next());
    rest.and_then(|host| host.parse::<std::net::SocketAddr>().ok()).is_some_and(|host| host.ip().is_loopback())
}

fn unknown(setting: &'static str, value: &str, expected: &'static str) -> PlanError {
    PlanError::Address { setting, value: value.to_owned(), expected }
}

/// Makes a folder that only its owner reads.
fn make_private(folder: &Path) -> Result<(), PlanError> {
    use std::os::unix::fs::PermissionsExt as _;
    if !folder.exists() {
        fs::create_dir_all(folder)?;
        fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}
