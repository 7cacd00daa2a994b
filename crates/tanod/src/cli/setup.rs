//! `tanod setup`: asks who the operator is and why uploads are looked at, and writes the settings file that says so.

use std::fmt::Write as _;
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::PathBuf;

use clap::ValueEnum;
use serde_json::json;
use zeroize::Zeroizing;

use super::{Context, Done, Trouble};
use crate::config::own_file;
use crate::disks;
use crate::operator::{self, AskedBy, Basis, Operator, Profile, ProviderClass, Surface};
use crate::store::{World, as_word};

/// Answer what must be answered before anything is looked at, and write it into a settings file.
#[derive(clap::Args)]
#[command(after_help = "\
Example:
  tanod setup --data /var/lib/tanod            asks, and writes /var/lib/tanod/tanod.toml
  tanod setup --data /var/lib/tanod --profile team --country PH --surface public --surface private \\
    --legal-basis \"our terms of service, section 4\" --asked-by operator --recovery new")]
pub(super) struct Args {
    /// How the work is organised: one person, nobody who looks, or several people with roles.
    #[arg(long, value_enum)]
    profile: Option<Profile>,
    /// Where the operator is, two letters (ISO 3166-1).
    #[arg(long, value_name = "CC")]
    country: Option<String>,
    /// Another country whose duties it takes on; may be repeated.
    #[arg(long, value_name = "CC")]
    also_in: Vec<String>,
    /// What the operator is under 18 U.S.C. 2258E.
    #[arg(long, value_enum)]
    provider_class: Option<ProviderClass>,
    /// Where the uploads that are sent here were made; may be repeated.
    #[arg(long, value_enum)]
    surface: Vec<Surface>,
    /// Why uploads are looked at, in your own words.
    #[arg(long, value_name = "WORDS")]
    legal_basis: Option<String>,
    /// At whose wish.
    #[arg(long, value_enum)]
    asked_by: Option<AskedBy>,
    /// Whether Project Arachnid Shield is asked about what the lists do not know; hashes alone leave.
    #[arg(long, value_enum, value_name = "YES|NO")]
    arachnid_shield: Option<YesNo>,
    /// The user name that the Canadian Centre issued for it. Its password belongs into the environment, never into the file.
    #[arg(long, value_name = "NAME")]
    arachnid_username: Option<String>,
    /// Why hashes may leave for it, where the reason is another than for the lists.
    #[arg(long, value_name = "WORDS")]
    arachnid_legal_basis: Option<String>,
    /// Who can open the key ring where the secret is lost: a public key of age whose identity you keep on paper, `new` to make one
    /// now, or `none`.
    #[arg(long, value_name = "AGE1…|new|none")]
    recovery: Option<String>,
    /// Write over a file that is there.
    #[arg(long)]
    force: bool,
}

/// Where Shield's password is given: a file with it would travel with every copy of the settings.
const PASSWORD: &str = "TANOD_DETECTORS__ARACHNID_SHIELD__PASSWORD";

/// Yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum YesNo {
    Yes,
    No,
}

/// How Project Arachnid Shield is used.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Shield {
    username: String,
    why: Basis,
}

/// What was answered.
struct Answers {
    operator: Operator,
    why: Basis,
    shield: Option<Shield>,
    /// The public key of the recovery identity.
    recovery: Option<String>,
    /// The identity, where it was made now: shown once, and kept nowhere.
    identity: Option<Zeroizing<String>>,
}

/// Questions to somebody at a terminal; elsewhere what is not given stays open and is named.
struct Questions {
    asks: bool,
    open: Vec<&'static str>,
}

impl Questions {
    /// Asks until the answer fits.
    fn ask<T>(
        &mut self,
        flag: &'static str,
        question: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, Trouble> {
        if !self.asks {
            self.open.push(flag);
            return Ok(None);
        }
        loop {
            write!(std::io::stderr(), "{question}\n> ")?;
            std::io::stderr().flush()?;
            let mut line = String::new();
            if std::io::stdin().lock().read_line(&mut line)? == 0 {
                self.open.push(flag);
                return Ok(None);
            }
            match read(line.trim()) {
                Ok(answer) => return Ok(Some(answer)),
                Err(why) => writeln!(std::io::stderr(), "{why}")?,
            }
        }
    }

    fn choose<T: ValueEnum>(&mut self, flag: &'static str, question: &str) -> Result<Option<T>, Trouble> {
        self.ask(flag, &format!("{question}\n  one of: {}", choices::<T>()), choice)
    }
}

fn choices<T: ValueEnum>() -> String {
    let names = T::value_variants().iter().filter_map(ValueEnum::to_possible_value);
    names.map(|name| name.get_name().to_owned()).collect::<Vec<_>>().join(", ")
}

fn choice<T: ValueEnum>(text: &str) -> Result<T, String> {
    T::from_str(text, true).map_err(|_| format!("\"{text}\" is none of: {}", choices::<T>()))
}

fn country(text: &str) -> Result<String, String> {
    let fits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    if fits {
        Ok(text.to_ascii_uppercase())
    } else {
        Err(format!("\"{text}\" is no country of two letters; write it as ISO 3166 does, such as PH"))
    }
}

fn basis(text: &str) -> Result<String, String> {
    if text.trim().chars().count() >= 8 { Ok(text.trim().to_owned()) } else { Err("say it in a few words".to_owned()) }
}

/// What was answered about recovery.
enum Recovery {
    Known(String),
    New,
    None,
}

fn recovery(text: &str) -> Result<Recovery, String> {
    match text.trim() {
        "new" => Ok(Recovery::New),
        "none" => Ok(Recovery::None),
        recipient if vault::is_recipient(recipient) => Ok(Recovery::Known(recipient.to_owned())),
        other => Err(format!("\"{other}\" is no public key of age (age1…), and neither new nor none")),
    }
}

pub(super) fn run(context: &Context, args: Args) -> Done {
    let file = place(context)?;
    if file.exists() && !args.force {
        return Err(Trouble::Said(format!(
            "{} is there already; change it by hand, or write it anew with --force",
            file.display()
        )));
    }
    let answers = answers(args, std::io::stdin().is_terminal() && !context.json)?;
    let Answers { operator, why, shield, recovery, identity } = &answers;
    let detectors = [("hash_match", Some(why)), ("arachnid_shield", shield.as_ref().map(|shield| &shield.why))];
    for (name, basis) in detectors {
        let Some(basis) = basis else { continue };
        if let Err(off) = operator::may_run(operator, name, basis, World::Live, context.clock.now()) {
            return Err(Trouble::Said(format!("{off}\nNothing was written.")));
        }
    }
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs_err::create_dir_all(folder)?;
    }
    fs_err::write(&file, text(&answers))?;
    let mut remarks = operator::remarks(operator);
    remarks.push(match shield {
        Some(_) => format!(
            "Project Arachnid Shield: the Canadian Centre issues user name and password together. Give the password to the \
             service as {PASSWORD}; it is not written into a file. Without it Shield refuses, and what no list knows stays unscanned."
        ),
        None => "Project Arachnid Shield is not asked. It costs nothing and needs an account: tanod source ls says how to get one; \
                 then detectors.arachnid_shield in the settings."
            .to_owned(),
    });
    remarks.push(match (recovery, identity) {
        (_, Some(identity)) => format!(
            "The recovery identity, which opens the key ring where the secret is lost:\n\n  {}\n\n{}",
            identity.as_str(),
            super::keys::PAPER
        ),
        (Some(recipient), None) => format!("Where the secret is lost, the identity of {recipient} opens the key ring."),
        (None, None) => {
            "There is no recovery recipient: whoever loses the secret loses everything that was sealed, and \
                         `tanod doctor` says so until there is one (tanod keys recovery)."
                .to_owned()
        }
    });
    remarks.extend(disk(context));
    let how = match (&context.data, &context.config) {
        (_, Some(file)) => format!("--config {}", file.display()),
        (Some(data), None) => format!("--data {}", data.display()),
        (None, None) => String::new(),
    };
    let next = [
        format!("tanod user add NAME --role lead {how}"),
        format!("tanod key add --role client --name uploads {how}"),
        format!("tanod source ls {how}"),
        format!("tanod bank create NAME --kind csam {how}"),
        format!("tanod bank import NAME FILE {how}"),
        format!("tanod doctor {how}"),
        format!("tanod serve {how}"),
    ];
    let mut words = format!("wrote {}\n", file.display());
    for remark in &remarks {
        let _fits = write!(words, "\n{remark}\n");
    }
    let _fits = write!(words, "\nNext:\n  {}", next.join("\n  "));
    let identity = identity.as_ref().map(|identity| identity.as_str());
    context.result(&json!({"file": file, "remarks": remarks, "next": next, "recovery_identity": identity}), words);
    Ok(())
}

/// What a live service would say of the disk.
fn disk(context: &Context) -> Option<String> {
    let settings = context.settings().ok()?;
    let faults = disks::faults(&settings, &disks::Machine::default());
    let open = !faults.is_empty() && disks::reason(&settings).is_none();
    open.then(|| format!("`tanod serve` will not start here as it is:\n{}\n{}", faults.join("\n"), disks::REMEDY))
}

fn place(context: &Context) -> Result<PathBuf, Trouble> {
    match (&context.config, &context.data) {
        (Some(file), _) => Ok(file.clone()),
        (None, Some(data)) => Ok(own_file(data)),
        (None, None) => Err(Trouble::Said("say where: --data DIR for DIR/tanod.toml, or --config FILE".to_owned())),
    }
}

fn answers(args: Args, asks: bool) -> Result<Answers, Trouble> {
    let said = |why: String| Trouble::Said(why);
    let mut questions = Questions { asks, open: Vec::new() };
    let profile = match args.profile {
        Some(profile) => Some(profile),
        None => questions.choose("--profile", "How is the work organised? (no-look: nobody sees depictions)")?,
    };
    let own = match args.country {
        Some(text) => Some(country(&text).map_err(said)?),
        None => questions.ask("--country", "In which country are you? (two letters)", country)?,
    };
    let surfaces = if args.surface.is_empty() {
        let question =
            "Where were the uploads made that will be sent here? (public, private, encrypted; several with commas)";
        let given = questions.ask("--surface", question, |text| {
            let words = text.split([',', ' ']).filter(|word| !word.is_empty());
            let all = words.map(choice).collect::<Result<Vec<Surface>, _>>()?;
            if all.is_empty() { Err("name at least one".to_owned()) } else { Ok(all) }
        })?;
        given.unwrap_or_default()
    } else {
        args.surface
    };
    let legal_basis = match args.legal_basis {
        Some(text) => Some(basis(&text).map_err(said)?),
        None => {
            questions.ask("--legal-basis", "Why may uploads be compared with the lists? In your own words.", basis)?
        }
    };
    let asked_by = match args.asked_by {
        Some(asked_by) => Some(asked_by),
        None => questions.choose("--asked-by", "At whose wish? (statute: a law for every service of your kind)")?,
    };
    let shield = shield(
        &mut questions,
        (args.arachnid_shield, args.arachnid_username, args.arachnid_legal_basis),
        legal_basis.as_deref().unwrap_or_default(),
        asked_by.unwrap_or_default(),
    );
    let recovery = match args.recovery {
        Some(text) => Some(recovery(&text).map_err(said)?),
        None => questions.ask(
            "--recovery",
            "Who can open the key ring where the secret is lost? A public key of age (age1…) whose identity you keep on paper; \
             new: make one now and show it once; none: nobody, and a lost secret is the loss of everything",
            recovery,
        )?,
    };
    let also_in = args.also_in.iter().map(|text| country(text)).collect::<Result<Vec<_>, _>>().map_err(said)?;
    match (profile, own, legal_basis, asked_by, recovery) {
        (Some(profile), Some(own), Some(legal_basis), Some(asked_by), Some(recovery)) if !surfaces.is_empty() => {
            let operator = Operator {
                profile,
                country: own,
                also_in,
                provider_class: args.provider_class.unwrap_or_default(),
                surfaces,
                ..Operator::default()
            };
            let why = Basis { legal_basis, asked_by };
            let shield = shield?;
            let (recovery, identity) = match recovery {
                Recovery::None => (None, None),
                Recovery::Known(recipient) => (Some(recipient), None),
                Recovery::New => {
                    let (identity, recipient) = vault::recovery_identity();
                    (Some(recipient), Some(identity))
                }
            };
            Ok(Answers { operator, why, shield, recovery, identity })
        }
        _ => Err(Trouble::Said(format!(
            "there is no terminal to ask at, so say it all: {} is missing",
            questions.open.join(", ")
        ))),
    }
}

/// Whether Shield is asked, and with which account. Where nobody can be asked, silence is no.
fn shield(
    questions: &mut Questions,
    (used, username, words): (Option<YesNo>, Option<String>, Option<String>),
    of_lists: &str,
    asked_by: AskedBy,
) -> Result<Option<Shield>, Trouble> {
    let used = match used {
        None if questions.asks => questions.choose(
            "--arachnid-shield",
            "Is Project Arachnid Shield asked about what the lists do not know? (hashes alone leave; needs an account of the \
             Canadian Centre for Child Protection)",
        )?,
        given => given,
    };
    if used != Some(YesNo::Yes) {
        return Ok(None);
    }
    let name = |text: &str| {
        if text.trim().is_empty() {
            Err("it stands in the letter of the Centre".to_owned())
        } else {
            Ok(text.trim().to_owned())
        }
    };
    let username = match username {
        Some(text) => Some(name(&text).map_err(Trouble::Said)?),
        None => questions.ask("--arachnid-username", "Which user name did the Canadian Centre issue?", name)?,
    };
    let legal_basis = match words {
        Some(text) => basis(&text).map_err(Trouble::Said)?,
        None if questions.asks => {
            let question = "Why may hashes leave for it? (empty: for the same reason as the lists)";
            let given = questions.ask("--arachnid-legal-basis", question, |text| {
                if text.is_empty() { Ok(of_lists.to_owned()) } else { basis(text) }
            })?;
            given.unwrap_or_else(|| of_lists.to_owned())
        }
        None => of_lists.to_owned(),
    };
    let username =
        username.ok_or_else(|| Trouble::Said("Project Arachnid Shield needs --arachnid-username".to_owned()))?;
    Ok(Some(Shield { username, why: Basis { legal_basis, asked_by } }))
}

/// The file, with its reasons.
fn text(Answers { operator, why, shield, recovery, .. }: &Answers) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let list = |words: Vec<String>| words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(", ");
    let shield = shield.as_ref().map_or_else(String::new, |shield| {
        format!(
            "\n# The password is given in the environment: {PASSWORD}.\n[detectors.arachnid_shield]\naddress = \"production\"\n\
             username = {}\nleaves = \"hashes\"\nlegal_basis = {}\nasked_by = {}\n",
            quoted(&shield.username),
            quoted(&shield.why.legal_basis),
            quoted(&as_word(&shield.why.asked_by)),
        )
    });
    let recovery = recovery.as_ref().map_or_else(String::new, |recipient| {
        format!(
            "# Its identity opens the key ring where the secret is lost.\nrecovery_recipient = {}\n\n",
            quoted(recipient)
        )
    });
    format!(
        "# Written by `tanod setup`. Every other setting, its default and its reason: tanod config --defaults\n\n\
         {recovery}[operator]\nprofile = {}\ncountry = {}\nalso_in = [{}]\nprovider_class = {}\nsurfaces = [{}]\n\n\
         [detectors.hash_match]\nlegal_basis = {}\nasked_by = {}\n{shield}",
        quoted(&as_word(&operator.profile)),
        quoted(&operator.country),
        list(operator.also_in.clone()),
        quoted(&as_word(&operator.provider_class)),
        list(operator.surfaces.iter().map(as_word).collect()),
        quoted(&why.legal_basis),
        quoted(&as_word(&why.asked_by)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back_whatever_the_words_are() {
        for words in ["our terms of service", "\"quoted\"\nand = [broken]", "back\\slash \u{1f600}"] {
            let operator = Operator {
                profile: Profile::Solo,
                country: "PH".to_owned(),
                also_in: vec!["US".to_owned(), "DE".to_owned()],
                surfaces: vec![Surface::Public, Surface::Private],
                ..Operator::default()
            };
            let why = Basis { legal_basis: words.to_owned(), asked_by: AskedBy::Statute };
            let folder = tempfile::tempdir().unwrap();
            let shield = Some(Shield { username: words.to_owned(), why: why.clone() });
            for shield in [None, shield] {
                let recovery = shield.as_ref().map(|_| vault::recovery_identity().1);
                let answers =
                    Answers { operator: operator.clone(), why: why.clone(), shield, recovery, identity: None };
                fs_err::write(own_file(folder.path()), text(&answers)).unwrap();
                let read = crate::config::Settings::load(Some(folder.path()), None).unwrap();
                assert_eq!((&read.operator, &read.detectors.hash_match), (&answers.operator, &answers.why));
                assert_eq!(read.recovery_recipient, answers.recovery.clone().unwrap_or_default());
                let own = read.detectors.arachnid_shield;
                let read =
                    (own.address == "production").then(|| Shield { username: own.username.clone(), why: own.basis() });
                assert_eq!((read, own.password.is_empty()), (answers.shield, true));
            }
        }
    }

    #[test]
    fn without_a_terminal_every_open_question_is_named_at_once() {
        let nothing = Args {
            profile: None,
            country: Some("ph".to_owned()),
            also_in: Vec::new(),
            provider_class: None,
            surface: Vec::new(),
            legal_basis: None,
            asked_by: None,
            arachnid_shield: Some(YesNo::Yes),
            arachnid_username: None,
            arachnid_legal_basis: None,
            recovery: None,
            force: false,
        };
        let why = answers(nothing, false).err().map(|trouble| trouble.to_string()).unwrap_or_default();
        assert!(
            why.contains("--profile, --surface, --legal-basis, --asked-by, --arachnid-username, --recovery is missing"),
            "{why}"
        );
    }

    #[test]
    fn shield_is_used_where_somebody_says_so_with_an_account_and_its_own_basis() {
        let given = |shield, username: Option<&str>, words: Option<&str>| Args {
            profile: Some(Profile::Team),
            country: Some("ph".to_owned()),
            also_in: Vec::new(),
            provider_class: None,
            surface: vec![Surface::Public],
            legal_basis: Some("our terms of service".to_owned()),
            asked_by: Some(AskedBy::Operator),
            arachnid_shield: shield,
            arachnid_username: username.map(str::to_owned),
            arachnid_legal_basis: words.map(str::to_owned),
            recovery: Some("none".to_owned()),
            force: false,
        };
        let used = |args| answers(args, false).map(|answers| answers.shield).map_err(|trouble| trouble.to_string());
        assert_eq!(used(given(None, None, None)), Ok(None));
        assert_eq!(used(given(Some(YesNo::No), Some("esp"), None)), Ok(None));
        assert!(used(given(Some(YesNo::Yes), None, None)).unwrap_err().contains("--arachnid-username"));
        assert!(used(given(Some(YesNo::Yes), Some("esp"), Some("short"))).is_err());
        let basis = |words: &str| Basis { legal_basis: words.to_owned(), asked_by: AskedBy::Operator };
        let shield = |words| Some(Shield { username: "esp".to_owned(), why: basis(words) });
        assert_eq!(used(given(Some(YesNo::Yes), Some("esp"), None)), Ok(shield("our terms of service")));
        let own = Some("a reason of its own");
        assert_eq!(used(given(Some(YesNo::Yes), Some("esp"), own)), Ok(shield("a reason of its own")));
    }
}
