//! The settings, as types; `config/default.toml` is their documentation. The only place that reads the environment.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::clock::Random;
use crate::matching::shield::Leaves;
use crate::operator::{AskedBy, Basis, Operator};
use crate::review::SecondApproval;
use crate::store::World;

/// Settings with their reasons, as they are compiled in.
pub const DEFAULTS: &str = include_str!("../../../config/default.toml");

/// Settings that cannot be used, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file or variable does not fit.
    #[error("the settings cannot be read: {0}")]
    Unreadable(String),
    /// No folder was named, and no setting says where things are.
    #[error(
        "say where the data is: --data DIR; or database, objects and keys in --config FILE or as TANOD_DATABASE, TANOD_OBJECTS, TANOD_KEYS"
    )]
    NoData,
    /// The key ring exists and nothing opens it.
    #[error(
        "the secret that opens the key ring is missing: set TANOD_SECRET, or put it into {}; without it nothing that was sealed can be opened",
        .0.display()
    )]
    NoSecret(PathBuf),
    /// The secret cannot be kept.
    #[error(transparent)]
    Disk(#[from] std::io::Error),
}

/// All settings.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Demo or live; without a word, what the database was made for, and live for a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub world: Option<World>,
    /// `sqlite:PATH` or `postgres://…`.
    pub database: String,
    /// `file:PATH` or `s3://BUCKET`.
    pub objects: String,
    /// `file:PATH`, or `awskms:ARN?…`.
    pub keys: String,
    /// A public key of age, or nothing.
    pub recovery_recipient: String,
    /// `file:PATH`, or nothing.
    pub index: String,
    /// `file:PATH`, or nothing.
    pub ledger: String,
    /// Why a disk will do on which no encryption is to be seen, or which is copied away.
    pub weaker_disk_because: String,
    /// Where the secret is read from, unless the environment has it.
    pub secret_file: String,
    /// Where to serve.
    pub listen: String,
    /// How others name it.
    pub public_url: String,
    /// Whether a proxy in front speaks TLS.
    pub behind_tls: bool,
    /// For `s3://`.
    pub s3: S3,
    /// For `awskms:`.
    pub kms: Kms,
    /// Who runs this.
    pub operator: Operator,
    /// What looks for known material, and why.
    pub detectors: Detectors,
    /// When people are asked who they are, and from where they may work.
    pub sign_in: crate::accounts::sessions::Settings,
    /// Limits on what arrives.
    pub intake: Intake,
    /// Limits on looking.
    pub decode: Decode,
    /// Who says when the record was as it was.
    pub time_stamps: crate::audit::StampSettings,
    /// How the people who look are cared for.
    pub care: crate::care::Settings,
    /// How decisions are made.
    pub review: Review,
    /// How pictures come to whoever looks.
    pub looking: Looking,
    /// What is outside our own backups.
    pub keeping: Keeping,
    /// Whom to call when a child may be in danger.
    #[serde(default)]
    pub danger: crate::numbers::Settings,
    /// How the door for people is kept.
    pub notices: crate::notices::Settings,
    /// How streams are kept.
    pub live: crate::livestream::Settings,
    /// Where reports go.
    pub reporting: Reporting,
    /// How long the platform may take to say what it knows around a case.
    pub context: crate::context::Settings,
    /// Who is told, and how.
    pub alarms: crate::alarms::Settings,
    /// Which endpoints of the platform hear what happens.
    #[serde(default)]
    pub webhooks: Vec<crate::webhooks::Settings>,
}

/// A secret setting: it is read, and never printed for debugging.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hidden(String);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hidden(…)")
    }
}

impl std::ops::Deref for Hidden {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Hidden {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// What holds the past of the database outside our own backups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keeping {
    /// For how many days archived logs and snapshots of PostgreSQL are kept.
    pub archive_days: i64,
}

/// How a bucket is reached.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct S3 {
    /// Empty for AWS.
    pub endpoint: String,
    /// The region.
    pub region: String,
    /// Who we are.
    pub access_key: String,
    /// How we prove it.
    pub secret_key: Hidden,
    /// Seconds that one call may take.
    pub seconds: u64,
}

/// How a key management service is reached.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kms {
    /// Who we are.
    pub access_key: String,
    /// How we prove it.
    pub secret_key: Hidden,
    /// With credentials that last for a while.
    pub session_token: Hidden,
    /// How long what the service gave is kept after it last said yes.
    pub minutes: i64,
}

/// What looks for known material. Each is off until its basis is answered (US-08).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detectors {
    /// The lists of this installation.
    pub hash_match: Basis,
    /// Project Arachnid Shield, asked after the lists.
    pub arachnid_shield: ArachnidShield,
}

/// How Project Arachnid Shield is asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArachnidShield {
    /// `off`, `production`, or a simulator's address.
    pub address: String,
    /// As the Canadian Centre issued it.
    pub username: String,
    /// As the Canadian Centre issued it.
    pub password: Hidden,
    /// What may leave.
    pub leaves: Leaves,
    /// Seconds to wait for an answer.
    pub seconds: u64,
    /// As for every detector.
    pub legal_basis: String,
    /// As for every detector.
    pub asked_by: AskedBy,
}

impl ArachnidShield {
    /// Why it runs.
    pub fn basis(&self) -> Basis {
        Basis { legal_basis: self.legal_basis.clone(), asked_by: self.asked_by }
    }
}

/// Limits on what arrives.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intake {
    /// Bytes of one upload.
    pub max_bytes: usize,
    /// Bytes of a film.
    pub max_film_bytes: usize,
    /// Uploads larger than `max_bytes` at one time.
    pub max_films_at_once: usize,
    /// Uploads at one time.
    pub max_at_once: usize,
    /// For a key without its own limit.
    pub requests_per_minute: u32,
}

/// Limits on looking.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decode {
    /// 0: one for each processor.
    pub children: usize,
    /// Of one frame.
    pub max_pixels: u64,
    /// Of one animation.
    pub max_frames: u32,
    /// Of one child, in bytes.
    pub max_memory: u64,
    /// Of one look.
    pub seconds: u64,
    /// Which frames of a film are looked at.
    pub film_sampling: decode::Sampling,
    /// Of one film.
    pub film_frames: u32,
    /// Of one look at a film.
    pub film_seconds: u64,
    /// Take real uploads although the kernel does not filter the decoder's system calls.
    pub weaker_confinement: bool,
}

/// How decisions are made.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// Which need a second person.
    pub second_approval: SecondApproval,
    /// Hours until a decision is carried out that nobody else can approve.
    pub alone_hours: u64,
    /// Days in which a closed case can be appealed; then its sealed copies are destroyed.
    pub appeal_days: u32,
    /// So many accounts make a file viral.
    pub viral_accounts: i64,
    /// Looks at depictions a minute that one person can do.
    pub looks_per_minute: u32,
    /// More looks of one person in an hour page somebody.
    pub looks_in_an_hour: i64,
    /// More looks of one person at one upload in a day page somebody.
    pub looks_at_one: i64,
    /// More people who can see depictions page somebody.
    pub most_who_look: usize,
    /// Reasons that people often give; a decision can be given any other.
    pub reasons: Vec<String>,
    /// Whose category vouches for a file, as the entries of lists name their source.
    pub hotlines: Vec<String>,
}

/// How pictures come to whoever looks. What a person chooses for themselves is stricter, never less so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Looking {
    /// How thick the veil is at least, from 1 to 4.
    pub veil: u8,
    /// Whether a picture comes as its lines alone, until somebody asks for more.
    pub edges: bool,
    /// A look counts as a viewing of the whole when so many seconds have passed since the picture came.
    pub least_seconds: u32,
}

/// Where reports go.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reporting {
    /// Where a report goes when its decision does not say.
    pub destination: crate::reporting::Destination,
    /// Minutes in which a decided report can be taken back before it is sent.
    pub send_after_minutes: u64,
    /// Which of its elements NCMEC's schema knows.
    pub schema_level: exchange::ncmec::document::Level,
    /// `off`, `production`, `exttest`, or a simulator's address.
    pub ncmec: String,
    /// As NCMEC issued it.
    pub username: String,
    /// As NCMEC issued it; empty where `tanod report credentials` keeps it sealed.
    pub password: Hidden,
    /// What every report says about the operator.
    pub about: crate::provider::Provider,
}

impl Settings {
    /// Reads defaults, then a file, then the environment. Each may say where things are; the folder fills in what none says.
    /// Without a file it is the folder's own, if there is one.
    pub fn load(data: Option<&Path>, file: Option<&Path>) -> Result<Self, ConfigError> {
        let own = data.map(own_file).filter(|own| own.exists());
        let file = file.or(own.as_deref());
        let mut builder =
            config::Config::builder().add_source(config::File::from_str(DEFAULTS, config::FileFormat::Toml));
        if let Some(file) = file {
            builder = builder.add_source(config::File::from(file).format(config::FileFormat::Toml));
        }
        let environment = config::Environment::with_prefix("TANOD")
            .separator("__")
            .prefix_separator("_")
            .try_parsing(true)
            .list_separator(",")
            .with_list_parse_key("operator.surfaces")
            .with_list_parse_key("operator.also_in")
            .with_list_parse_key("sign_in.networks")
            .with_list_parse_key("care.severe")
            .with_list_parse_key("live.sources")
            .source(Some(variables()));
        Self::built(builder.add_source(environment), data)
    }

    /// The defaults in a folder of their own: nothing that is set for another installation reaches them.
    pub fn fresh(data: &Path) -> Result<Self, ConfigError> {
        let defaults = config::File::from_str(DEFAULTS, config::FileFormat::Toml);
        Self::built(config::Config::builder().add_source(defaults), Some(data))
    }

    fn built(
        builder: config::ConfigBuilder<config::builder::DefaultState>,
        data: Option<&Path>,
    ) -> Result<Self, ConfigError> {
        let unreadable = |error: config::ConfigError| ConfigError::Unreadable(error.to_string());
        let built = builder.build().map_err(unreadable)?;
        let mut settings: Self = built.try_deserialize().map_err(unreadable)?;
        if let Some(data) = data {
            let folder = data.to_string_lossy();
            let folder = folder.trim_end_matches('/');
            for place in [
                &mut settings.database,
                &mut settings.objects,
                &mut settings.keys,
                &mut settings.index,
                &mut settings.ledger,
                &mut settings.secret_file,
            ] {
                *place = place.replace("{data}", folder);
            }
        }
        if [&settings.database, &settings.objects, &settings.keys].iter().any(|place| place.contains("{data}")) {
            return Err(ConfigError::NoData);
        }
        for place in [&mut settings.index, &mut settings.ledger] {
            if place.contains("{data}") {
                // Without a folder of ours the index is made anew at each start, and the ledger's files are not written.
                place.clear();
            }
        }
        Ok(settings)
    }

    /// The settings for reading aloud: passwords and keys are left out.
    #[must_use]
    pub fn without_secrets(&self) -> Self {
        let mut shown = self.clone();
        let webhooks = shown.webhooks.iter_mut().flat_map(|webhook| [&mut webhook.secret, &mut webhook.old_secret]);
        let passwords = [
            &mut shown.reporting.password.0,
            &mut shown.s3.secret_key.0,
            &mut shown.kms.secret_key.0,
            &mut shown.kms.session_token.0,
            &mut shown.detectors.arachnid_shield.password.0,
            &mut shown.alarms.smtp.password,
        ];
        // Whoever knows a watcher's address can keep it quiet.
        for secret in passwords.into_iter().chain([&mut shown.alarms.heartbeat_url]).chain(webhooks) {
            if !secret.is_empty() {
                "(set)".clone_into(secret);
            }
        }
        if let Some((head, place)) = shown.database.clone().rsplit_once('@')
            && let Some((scheme, _)) = head.split_once("://")
        {
            shown.database = format!("{scheme}://(set)@{place}");
        }
        shown
    }
}

/// The settings file of a folder, as `tanod setup` writes it.
pub fn own_file(data: &Path) -> PathBuf {
    data.join("tanod.toml")
}

/// Our variables. Those that only tests read are not settings, and the secret is read where it is needed.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn variables() -> HashMap<String, String> {
    let not_settings = ["TANOD_SECRET", "TANOD_TEST_", "TANOD_LOG"];
    std::env::vars()
        .filter(|(name, _)| name.starts_with("TANOD_") && !not_settings.iter().any(|other| name.starts_with(other)))
        .collect()
}

/// The secret that opens the key ring: from the environment, else from its file. A new one is made only where there is no
/// key ring yet.
pub fn secret(settings: &Settings, ring_exists: bool, random: &Random) -> Result<Zeroizing<String>, ConfigError> {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    if let Ok(secret) = std::env::var("TANOD_SECRET") {
        return Ok(Zeroizing::new(secret));
    }
    let file = PathBuf::from(&settings.secret_file);
    if file.exists() {
        return Ok(Zeroizing::new(fs_err::read_to_string(&file)?.trim().to_owned()));
    }
    if ring_exists || settings.secret_file.contains("{data}") {
        return Err(ConfigError::NoSecret(file));
    }
    let secret = Zeroizing::new(hex::encode(random.bytes::<32>()));
    keep_secret(&file, &secret)?;
    tracing::warn!(
        file = %file.display(),
        "made the secret that opens the key ring; keep a copy elsewhere, for without it nothing that was sealed can be opened"
    );
    Ok(secret)
}

/// Writes a secret where there is none, for its owner alone.
pub fn keep_secret(file: &Path, secret: &str) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        fs_err::create_dir_all(folder)?;
    }
    let mut options = fs_err::OpenOptions::new();
    options.write(true).create_new(true);
    {
        use fs_err::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut to = options.open(file)?;
    std::io::Write::write_all(&mut to, secret.as_bytes())?;
    to.sync_all()
}

/// How much is logged: `TANOD_LOG`, as `RUST_LOG` would be written.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
pub fn log_filter() -> String {
    std::env::var("TANOD_LOG").unwrap_or_else(|_| "warn,tanod=info".to_owned())
}
