//! `tanod setup`: asks who the operator is and why uploads are looked at, and writes the settings file that says so.

use std::fmt::Write as _;
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::PathBuf;

use clap::ValueEnum;
use serde_json::json;

use super::{Context, Done, Trouble};
use crate::config::own_file;
use crate::operator::{self, AskedBy, Basis, Operator, Profile, ProviderClass, Surface};
use crate::store::{World, as_word};

/// Answer what must be answered before anything is looked at, and write it into a settings file.
#[derive(clap::Args)]
#[command(after_help = "\
Example:
  tanod setup --data /var/lib/tanod            asks, and writes /var/lib/tanod/tanod.toml
  tanod setup --data /var/lib/tanod --profile team --country PH --surface public --surface private \\
    --legal-basis \"our terms of service, section 4\" --asked-by operator")]
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
    /// Write over a file that is there.
    #[arg(long)]
    force: bool,
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

pub(super) fn run(context: &Context, args: Args) -> Done {
    let file = place(context)?;
    if file.exists() && !args.force {
        return Err(Trouble::Said(format!(
            "{} is there already; change it by hand, or write it anew with --force",
            file.display()
        )));
    }
    let (operator, why) = answers(args, std::io::stdin().is_terminal() && !context.json)?;
    if let Err(off) = operator::may_run(&operator, "hash_match", &why, World::Live, context.clock.now()) {
        return Err(Trouble::Said(format!("{off}\nNothing was written.")));
    }
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs_err::create_dir_all(folder)?;
    }
    fs_err::write(&file, text(&operator, &why))?;
    let remarks = operator::remarks(&operator);
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
    context.result(&json!({"file": file, "remarks": remarks, "next": next}), words);
    Ok(())
}

fn place(context: &Context) -> Result<PathBuf, Trouble> {
    match (&context.config, &context.data) {
        (Some(file), _) => Ok(file.clone()),
        (None, Some(data)) => Ok(own_file(data)),
        (None, None) => Err(Trouble::Said("say where: --data DIR for DIR/tanod.toml, or --config FILE".to_owned())),
    }
}

fn answers(args: Args, asks: bool) -> Result<(Operator, Basis), Trouble> {
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
    let also_in = args.also_in.iter().map(|text| country(text)).collect::<Result<Vec<_>, _>>().map_err(said)?;
    match (profile, own, legal_basis, asked_by) {
        (Some(profile), Some(own), Some(legal_basis), Some(asked_by)) if !surfaces.is_empty() => {
            let operator = Operator {
                profile,
                country: own,
                also_in,
                provider_class: args.provider_class.unwrap_or_default(),
                surfaces,
                ..Operator::default()
            };
            Ok((operator, Basis { legal_basis, asked_by }))
        }
        _ => Err(Trouble::Said(format!(
            "there is no terminal to ask at, so say it all: {} is missing",
            questions.open.join(", ")
        ))),
    }
}

/// The file, with its reasons.
fn text(operator: &Operator, why: &Basis) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let list = |words: Vec<String>| words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(", ");
    format!(
        "# Written by `tanod setup`. Every other setting, its default and its reason: tanod config --defaults\n\n\
         [operator]\nprofile = {}\ncountry = {}\nalso_in = [{}]\nprovider_class = {}\nsurfaces = [{}]\n\n\
         [detectors.hash_match]\nlegal_basis = {}\nasked_by = {}\n",
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
            fs_err::write(own_file(folder.path()), text(&operator, &why)).unwrap();
            let read = crate::config::Settings::load(Some(folder.path()), None).unwrap();
            assert_eq!((read.operator, read.detectors.hash_match), (operator, why));
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
            force: false,
        };
        let why = answers(nothing, false).unwrap_err().to_string();
        assert!(why.contains("--profile, --surface, --legal-basis, --asked-by is missing"), "{why}");
    }
}
