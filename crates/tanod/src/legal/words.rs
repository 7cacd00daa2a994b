//! What a person reads in a package, in the language that was asked for. The certificate stands in English too, whatever the
//! language.

use jiff::Timestamp;

use crate::store::PackageId;
use crate::web::languages::Language;

/// How a package is checked, step by step.
pub(super) const STEPS: [&str; 5] =
    ["package-step-1", "package-step-2", "package-step-3", "package-step-4", "package-step-5"];

/// The file that a person opens first.
pub(super) fn read_me(language: Language) -> String {
    let steps: Vec<String> =
        STEPS.iter().zip(1..).map(|(step, nth)| format!("{nth}. {}\n", language.say(*step))).collect();
    let [title, no_pictures, check] =
        ["package-title", "package-no-pictures", "package-check"].map(|key| language.say(key));
    format!("{title}\n\n{no_pictures}\n\n{check}\n\n{}", steps.concat())
}

/// The certificate of the person who answers for the records (FRE 902(11), (14)), to be completed and signed.
pub(super) fn certificate(
    language: Language,
    package: PackageId,
    case: i64,
    operator: &str,
    made: Timestamp,
) -> String {
    let paragraphs = [
        "package-certificate-1",
        "package-certificate-2",
        "package-certificate-3",
        "package-certificate-4",
        "package-certificate-5",
    ];
    let paragraphs = paragraphs.map(|key| {
        let said = language.say(key).with("operator", operator).with("case", case.to_string());
        format!("{}\n\n", said.with("package", package.to_string()).with("made", made.to_string()))
    });
    let lines = ["package-sign-name", "package-sign-function", "package-sign-place", "package-sign-signature"];
    let lines = lines.map(|key| format!("{}: ________________________________\n\n", language.say(key)));
    paragraphs.concat() + &lines.concat()
}
