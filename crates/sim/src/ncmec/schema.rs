//! The destination's own checks: content models as its schema has them, then the rules of its documentation.
//!
//! A content model is a regular expression over the names of an element's children, each followed by a blank.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use jiff::Timestamp;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use regex::Regex;

use super::{Fault, rules};

/// An element with where it began.
#[derive(Default)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) text: String,
    pub(super) children: Vec<Element>,
    pub(super) place: usize,
}

impl Element {
    pub(super) fn has(&self, name: &str) -> bool {
        self.children.iter().any(|child| child.name == name)
    }

    pub(super) fn text_of(&self, name: &str) -> Option<&str> {
        self.get(name).map(|child| rules::collapsed(&child.text))
    }

    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

const PERSON: &str =
    "(firstName )?(lastName )?(phone )*(email )*(address )*(age )?(ageAssertionDiscrepancy )?(dateOfBirth )?";
const CONTACT: &str = "(firstName )?(lastName )?(phone )*(email )*(address )*";
const ACCOUNT: &str = "(espIdentifier )?(espService )?(compromisedAccount )?(screenName )?(displayName )*(profileUrl )*(profileBio )?(ipCaptureEvent )*(deviceId )*";
const ENDING: &str =
    "(accountTemporarilyDisabled )?(accountPermanentlyDisabled )?(estimatedLocation )?(allEmailsReported )?";

/// The content model of an element that has children; `None` for one that holds text.
fn model(name: &str, parent: &str) -> Option<String> {
    Some(match name {
        "report" => "(batchedReport )?incidentSummary (internetDetails )*(lawEnforcement )?reporter (personOrUserReported )*(intendedRecipient )*(victim )*(additionalInfo )?".to_owned(),
        "batchedReport" => String::new(),
        "incidentSummary" => "incidentType (platform )?(escalateToHighPriority )?(reportAnnotations )?incidentDateTime (incidentDateTimeDescription )?".to_owned(),
        "reportAnnotations" => "((sextortion|csamSolicitation|minorToMinorInteraction|spam|sadisticOnlineExploitation|informational|potentialAggravatingFactors|instrumentalUse) )*".to_owned(),
        "fileAnnotations" => "((animeDrawingVirtualHentai|potentialMeme|viral|possibleSelfProduction|physicalHarm|violenceGore|bestiality|liveStreaming|infant|generativeAi) )*".to_owned(),
        "internetDetails" => "(webPageIncident|emailIncident|newsgroupIncident|chatImIncident|onlineGamingIncident|cellPhoneIncident|nonInternetIncident|peer2peerIncident) ".to_owned(),
        "webPageIncident" => "(url )*(additionalInfo )?".to_owned(),
        "emailIncident" => "(emailAddress )*(content )?(additionalInfo )?".to_owned(),
        "newsgroupIncident" => "(name )?(emailAddress )*(content )?(additionalInfo )?".to_owned(),
        "chatImIncident" => "(chatClient )?(chatRoomName )?(content )?(additionalInfo )?".to_owned(),
        "onlineGamingIncident" => "(gameName )?(console )?(content )?(additionalInfo )?".to_owned(),
        "cellPhoneIncident" => "(phoneNumber )?(latitude )?(longitude )?(additionalInfo )?".to_owned(),
        "nonInternetIncident" => "(locationName )?(incidentAddress )*(additionalInfo )?".to_owned(),
        "peer2peerIncident" => "(client )?(ipCaptureEvent )*(fileNames )?(additionalInfo )?".to_owned(),
        "lawEnforcement" => "agencyName (caseNumber )?(officerContact )?(reportedToLe )?(servedLegalProcessDomestic )?(servedLegalProcessInternational )?".to_owned(),
        "reporter" => "reportingPerson (contactPerson )?(companyTemplate )?(termsOfService )?(legalURL )?".to_owned(),
        "reportingPerson" | "personOrUserReportedPerson" | "intendedRecipientPerson" | "victimPerson" => PERSON.to_owned(),
        "contactPerson" | "officerContact" => CONTACT.to_owned(),
        "personOrUserReported" => {
            let ids = ACCOUNT;
            format!("(personOrUserReportedPerson )?(vehicleDescription )?{ids}(thirdPartyUserReported )?(priorCTReports )*(groupIdentifier )?{ENDING}(associatedAccount )*(additionalInfo )?")
        }
        "intendedRecipient" => format!("(intendedRecipientPerson )?{ACCOUNT}(priorCTReports )*(groupIdentifier )?{ENDING}(additionalInfo )*"),
        "victim" => format!("victimPerson {ACCOUNT}(schoolName )?(priorCTReports )*{ENDING}(associatedAccount )*(additionalInfo )?"),
        "associatedAccount" => "(platform )?(firstName )?(middleName )?(lastName )?(approximateAge )?(ageAssertionDiscrepancy )?(dateOfBirth )?(phone )*(email )*(allEmailsReported )?(address )*(espService )?(espIdentifier )?(profileUrl )*(screenName )?(displayName )*(profileBio )?(groupIdentifier )?(compromisedAccount )?(accountTemporarilyDisabled )?(accountPermanentlyDisabled )?(ipCaptureEvent )*(deviceId )*(priorCTReport )*(additionalInfo )?".to_owned(),
        "ipCaptureEvent" => "ipAddress (eventName )?(dateTime )?(possibleProxy )?(port )?".to_owned(),
        "deviceId" => "idType idValue (eventName )?(dateTime )?".to_owned(),
        "incidentAddress" => "(address )?(city )?(zipCode )?(state )?(nonUsaState )?(country )?".to_owned(),
        // `address` is both the block and its first line.
        "address" if !is_line(name, parent) => "(address )?(city )?(zipCode )?(state )?(nonUsaState )?(country )?".to_owned(),
        "estimatedLocation" => "(city )?(region )?(countryCode )?".to_owned(),
        "fileDetails" => "reportId fileId (fileName )?(originalFileName )?(uploadedToEspTimestamp )?(locationOfFile )?(fileViewedByEsp )?(exifViewedByEsp )?(publiclyAvailable )?(fileRelevance )?((potentialMeme )|(fileAnnotations ))?(industryClassification )?(originalFileHash )*(ipCaptureEvent )?(deviceId )*(details )*(additionalInfo )*".to_owned(),
        "details" => "(nameValuePair )+".to_owned(),
        "nameValuePair" => "name value ".to_owned(),
        _ => return None,
    })
}

/// The first line of an address has the name of the whole.
fn is_line(name: &str, parent: &str) -> bool {
    name == "address" && matches!(parent, "address" | "incidentAddress")
}

/// Whether an element holds text and no elements.
pub(super) fn is_simple(name: &str, parent: &str) -> bool {
    fitting(name, parent).is_none()
}

/// A model as it is compared: all of a sequence of children, and how far one gets when nothing is required.
type Fitting = (Regex, Regex);

/// What came after the schema of November 2025.
const NEWER: [&str; 4] = ["informational", "ageAssertionDiscrepancy", "potentialAggravatingFactors", "instrumentalUse"];

fn fitting(name: &str, parent: &str) -> Option<Fitting> {
    type Known = Mutex<HashMap<(String, bool), Option<Fitting>>>;
    static KNOWN: LazyLock<Known> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let key = (name.to_owned(), is_line(name, parent));
    let made = known.entry(key).or_insert_with(|| {
        let model = model(name, parent)?;
        let loose = Regex::new(r"([A-Za-z0-9]+) ").ok()?.replace_all(&model, "(?:$1 )?").into_owned();
        Some((Regex::new(&format!("^(?:{model})$")).ok()?, Regex::new(&format!("^(?:{loose})")).ok()?))
    });
    made.clone()
}

/// Attributes an element may carry; those behind `!` it must.
fn attributes(name: &str) -> &'static [&'static str] {
    match name {
        "batchedReport" => &["!reason"],
        "webPageIncident" => &["thirdPartyHostedContent"],
        "servedLegalProcessInternational" => &["fleaCountry"],
        "address" | "incidentAddress" | "details" => &["type"],
        "phone" | "phoneNumber" => &["type", "verified", "verificationDate", "countryCallingCode", "extension"],
        "email" | "emailAddress" => &["type", "verified", "verificationDate"],
        "estimatedLocation" => &["verified", "timestamp"],
        "accountTemporarilyDisabled" => &["disabledDate", "userNotified", "userNotifiedDate", "reenabledDate"],
        "accountPermanentlyDisabled" => &["disabledDate", "userNotified", "userNotifiedDate"],
        "associatedAccount" => &["!type"],
        "platform" => &["thirdPartyUser"],
        "originalFileHash" => &["!hashType"],
        _ => &[],
    }
}

/// Reads and checks a document; every complaint comes with its line and column, as Xerces says it.
pub(super) fn check(xml: &str, root: &str, now: Timestamp, newer: bool) -> Result<Element, Fault> {
    let document = read(xml).ok_or(Fault::code(4_110))?;
    let mut complaints = Vec::new();
    if document.name == root {
        shape(&document, "", newer, &mut complaints);
        rules::values(&document, "", now, &mut complaints);
        rules::documented(&document, &mut complaints);
    } else {
        let message = format!("cvc-elt.1.a: Cannot find the declaration of element '{}'.", document.name);
        complaints.push((document.place, message));
    }
    if complaints.is_empty() {
        return Ok(document);
    }
    let lines: Vec<String> = complaints
        .into_iter()
        .map(|(place, message)| {
            let before = xml.get(..place).unwrap_or(xml);
            let line = before.matches('\n').count() + 1;
            let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1) + 1;
            format!("[{line},{column}] - {message}")
        })
        .collect();
    Err(Fault::said(4_100, &lines.join("\n")))
}

/// XML 1.0, section 2.2.
fn is_character(c: char) -> bool {
    !matches!(u32::from(c), 0..=8 | 0xb | 0xc | 0xe..=0x1f | 0xfffe | 0xffff)
}

fn read(xml: &str) -> Option<Element> {
    if !xml.chars().all(is_character) {
        return None;
    }
    let mut reader = quick_xml::Reader::from_str(xml);
    reader.config_mut().check_comments = true;
    let begin = |tag: &BytesStart<'_>, place: u64| {
        let attributes = tag
            .attributes()
            .map(|pair| {
                let pair = pair.ok()?;
                let value = pair.normalized_value(XmlVersion::Implicit1_0).ok()?.into_owned();
                (!pair.value.contains('<') && value.chars().all(is_character))
                    .then(|| (pair.key.as_ref().to_owned(), value))
            })
            .collect::<Option<Vec<_>>>()?;
        let place = usize::try_from(place).ok()?;
        Some(Element { name: tag.name().as_ref().to_owned(), attributes, place, ..Element::default() })
    };
    let mut open: Vec<Element> = Vec::new();
    loop {
        let place = reader.buffer_position();
        let done = match reader.read_event().ok()? {
            Event::Start(tag) if open.len() < 20 => {
                open.push(begin(&tag, place)?);
                None
            }
            Event::Empty(tag) => Some(begin(&tag, place)?),
            Event::End(_) => Some(open.pop()?),
            Event::Text(text) => {
                match open.last_mut() {
                    Some(element) => element.text += &text,
                    None if text.trim().is_empty() => {}
                    None => return None,
                }
                None
            }
            Event::CData(text) => {
                open.last_mut()?.text += &text;
                None
            }
            Event::GeneralRef(name) => {
                let resolved = match name.resolve_char_ref().ok()? {
                    Some(c) => Some(c).filter(|c| is_character(*c))?.to_string(),
                    None => quick_xml::escape::resolve_predefined_entity(&name)?.to_owned(),
                };
                open.last_mut()?.text += &resolved;
                None
            }
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => None,
            _ => return None,
        };
        if let Some(element) = done {
            match open.last_mut() {
                Some(parent) => parent.children.push(element),
                None => return rest_is_empty(reader).then_some(element),
            }
        }
    }
}

fn rest_is_empty(mut reader: quick_xml::Reader<&[u8]>) -> bool {
    loop {
        match reader.read_event() {
            Ok(Event::Eof) => return true,
            Ok(Event::Comment(_) | Event::PI(_)) => {}
            Ok(Event::Text(text)) if text.trim().is_empty() => {}
            _ => return false,
        }
    }
}

pub(super) type Complaints = Vec<(usize, String)>;

fn shape(element: &Element, parent: &str, newer: bool, complaints: &mut Complaints) {
    let name = element.name.as_str();
    for (key, value) in &element.attributes {
        let known = attributes(name).iter().any(|allowed| allowed.trim_start_matches('!') == key);
        let about_schema = key.starts_with("xmlns:")
            || (key == "xmlns" && value.is_empty())
            || matches!(key.as_str(), "xsi:noNamespaceSchemaLocation" | "xsi:schemaLocation");
        // The first line of an address has no type.
        if (!known || is_line(name, parent)) && !about_schema {
            let message =
                format!("cvc-complex-type.3.2.2: Attribute '{key}' is not allowed to appear in element '{name}'.");
            complaints.push((element.place, message));
        }
    }
    for required in attributes(name).iter().filter_map(|allowed| allowed.strip_prefix('!')) {
        if element.attribute(required).is_none() {
            let message = format!("cvc-complex-type.4: Attribute '{required}' must appear on element '{name}'.");
            complaints.push((element.place, message));
        }
    }
    let Some((model, loose)) = fitting(name, parent) else {
        if let Some(child) = element.children.first() {
            let message = format!(
                "cvc-type.3.1.2: Element '{name}' is a simple type, so it must have no element information item [children]: '{}'.",
                child.name
            );
            complaints.push((element.place, message));
        }
        return;
    };
    let names: String = element.children.iter().flat_map(|child| [child.name.as_str(), " "]).collect();
    let too_new = !newer && element.children.iter().any(|child| NEWER.contains(&child.name.as_str()));
    let fits = model.is_match(&names) && !too_new;
    let flags = name == "reportAnnotations" || name == "fileAnnotations";
    let twice = flags
        && element
            .children
            .iter()
            .enumerate()
            .any(|(n, child)| element.children.iter().skip(n + 1).any(|other| other.name == child.name));
    if !fits || twice {
        let message = match first_unexpected(&loose, &names) {
            Some(child) => {
                format!("cvc-complex-type.2.4.a: Invalid content was found starting with element '{child}'.")
            }
            None => format!("cvc-complex-type.2.4.b: The content of element '{name}' is not complete."),
        };
        complaints.push((element.place, message));
    }
    let empty = name == "batchedReport" && !element.text.is_empty();
    if empty || !rules::collapsed(&element.text).is_empty() {
        complaints
            .push((element.place, format!("cvc-complex-type.2.3: Element '{name}' cannot have character [children].")));
    }
    for child in &element.children {
        shape(child, name, newer, complaints);
    }
}

/// The first child that the model cannot take, were nothing in it required. None: what is required is missing.
fn first_unexpected(loose: &Regex, names: &str) -> Option<String> {
    let fits = loose.find(names).map_or(0, |found| found.end());
    names.get(fits..)?.split_whitespace().next().map(str::to_owned)
}
