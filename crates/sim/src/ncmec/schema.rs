//! The destination's own checks: content models as its schema has them, then the rules of its documentation.
//!
//! A content model is a regular expression over the names of an element's children, each followed by a blank.

use std::net::IpAddr;

use jiff::Timestamp;
use quick_xml::events::{BytesStart, Event};
use regex::Regex;

use super::Fault;

/// An element with where it began.
#[derive(Default)]
pub(super) struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<Element>,
    place: usize,
}

impl Element {
    pub(super) fn has(&self, name: &str) -> bool {
        self.children.iter().any(|child| child.name == name)
    }

    pub(super) fn text_of(&self, name: &str) -> Option<&str> {
        self.get(name).map(|child| child.text.trim())
    }

    fn get(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

const PERSON: &str = "(firstName )?(lastName )?(phone )*(email )*(address )*(age )?(dateOfBirth )?";
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
        "reportAnnotations" => "((sextortion|csamSolicitation|minorToMinorInteraction|spam|sadisticOnlineExploitation) )*".to_owned(),
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
        "intendedRecipient" => format!("(intendedRecipientPerson )?{ACCOUNT}(priorCTReports )*(groupIdentifier )?{ENDING}(additionalInfo )?"),
        "victim" => format!("victimPerson {ACCOUNT}(schoolName )?(priorCTReports )*{ENDING}(associatedAccount )*(additionalInfo )?"),
        "associatedAccount" => "(platform )?(firstName )?(middleName )?(lastName )?(approximateAge )?(dateOfBirth )?(phone )*(email )*(allEmailsReported )?(address )*(espService )?(espIdentifier )?(profileUrl )*(screenName )?(displayName )*(profileBio )?(groupIdentifier )?(compromisedAccount )?(accountTemporarilyDisabled )?(accountPermanentlyDisabled )?(ipCaptureEvent )*(deviceId )*(priorCTReport )*(additionalInfo )?".to_owned(),
        "ipCaptureEvent" => "ipAddress (eventName )?(dateTime )?(possibleProxy )?(port )?".to_owned(),
        "deviceId" => "idType idValue (eventName )?(dateTime )?".to_owned(),
        "incidentAddress" => "(address )?(city )?(zipCode )?(state )?(nonUsaState )?(country )?".to_owned(),
        // `address` is both the block and its first line.
        "address" if parent != "address" && parent != "incidentAddress" => "(address )?(city )?(zipCode )?(state )?(nonUsaState )?(country )?".to_owned(),
        "estimatedLocation" => "(city )?(region )?countryCode ".to_owned(),
        "fileDetails" => "reportId fileId (fileName )?(originalFileName )?(uploadedToEspTimestamp )?(locationOfFile )?(fileViewedByEsp )?(exifViewedByEsp )?(publiclyAvailable )?(fileRelevance )?((potentialMeme )|(fileAnnotations ))?(industryClassification )?(originalFileHash )*(ipCaptureEvent )?(deviceId )*(details )*(additionalInfo )*".to_owned(),
        "details" => "(nameValuePair )+".to_owned(),
        "nameValuePair" => "name value ".to_owned(),
        _ => return None,
    })
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

const INCIDENTS: [&str; 8] = [
    "Child Pornography (possession, manufacture, and distribution)",
    "Child Sex Trafficking",
    "Child Sex Tourism",
    "Child Sexual Molestation",
    "Misleading Domain Name",
    "Misleading Words or Digital Images on the Internet",
    "Online Enticement of Children for Sexual Acts",
    "Unsolicited Obscene Material Sent to a Child",
];
const EVENTS: [&str; 6] = ["Login", "Registration", "Purchase", "Upload", "Other", "Unknown"];
const STATES: &str = " AK AL AR AZ CA CO CT DC DE FL GA GU HI IA ID IL IN KS KY LA MA MD ME MI MN MO MS MT NC ND NE NH NJ NM NV NY OH OK OR PA PR RI SC SD TN TX UT VA VI VT WA WI WV WY ";
const COUNTRIES: &str = " A1 A2 O1 AD AE AF AG AI AL AM AN AO AP AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET EU FI FJ FK FM FO FR FX GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW ";

/// Reads and checks a document; every complaint comes with its line and column, as Xerces says it.
pub(super) fn check(xml: &str, root: &str, now: Timestamp) -> Result<Element, Fault> {
    let document = read(xml).ok_or(Fault::code(4_110))?;
    let mut complaints = Vec::new();
    if document.name == root {
        shape(&document, "", &mut complaints);
        values(&document, "", now, &mut complaints);
        rules(&document, &mut complaints);
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

/// Whether a file's details may stand in a batched report.
pub(super) fn fits_batched(details: &Element) -> bool {
    let forbidden = [
        "originalFileName",
        "locationOfFile",
        "originalFileHash",
        "ipCaptureEvent",
        "deviceId",
        "details",
        "additionalInfo",
    ];
    let flags: Vec<&str> = details
        .get("fileAnnotations")
        .map(|flags| flags.children.iter().map(|flag| flag.name.as_str()).collect())
        .unwrap_or_default();
    !flags.is_empty()
        && flags.iter().all(|flag| matches!(*flag, "viral" | "potentialMeme"))
        && !forbidden.iter().any(|name| details.has(name))
        && details.text_of("fileRelevance").is_none_or(|relevance| relevance == "Reported")
}

fn read(xml: &str) -> Option<Element> {
    let mut reader = quick_xml::Reader::from_str(xml);
    let begin = |tag: &BytesStart<'_>, place: u64| {
        let attributes = tag
            .attributes()
            .map(|pair| pair.ok().map(|pair| (pair.key.as_ref().to_owned(), pair.value.into_owned())))
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
                    Some(c) => c.to_string(),
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

type Complaints = Vec<(usize, String)>;

fn shape(element: &Element, parent: &str, complaints: &mut Complaints) {
    let name = element.name.as_str();
    for (key, _) in &element.attributes {
        let known = attributes(name).iter().any(|allowed| allowed.trim_start_matches('!') == key);
        let about_schema = key.starts_with("xmlns") || key.starts_with("xsi:");
        // The first line of an address has no type.
        let line = name == "address" && matches!(parent, "address" | "incidentAddress");
        if (!known || line) && !about_schema {
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
    let Some(model) = model(name, parent) else {
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
    let fits = Regex::new(&format!("^(?:{model})$")).is_ok_and(|model| model.is_match(&names));
    let flags = name == "reportAnnotations" || name == "fileAnnotations";
    let twice = flags
        && element
            .children
            .iter()
            .enumerate()
            .any(|(n, child)| element.children.iter().skip(n + 1).any(|other| other.name == child.name));
    if !fits || twice {
        let message = match first_unexpected(&model, element) {
            Some(child) => {
                format!("cvc-complex-type.2.4.a: Invalid content was found starting with element '{child}'.")
            }
            None => format!("cvc-complex-type.2.4.b: The content of element '{name}' is not complete."),
        };
        complaints.push((element.place, message));
    }
    if !element.text.trim().is_empty() {
        complaints
            .push((element.place, format!("cvc-complex-type.2.3: Element '{name}' cannot have character [children].")));
    }
    for child in &element.children {
        shape(child, name, complaints);
    }
}

/// The first child that the model cannot take, were nothing in it required. None: what is required is missing.
fn first_unexpected(model: &str, element: &Element) -> Option<String> {
    let loose = Regex::new(r"([A-Za-z0-9]+) ").ok()?.replace_all(model, "(?:$1 )?").into_owned();
    let names: String = element.children.iter().flat_map(|child| [child.name.as_str(), " "]).collect();
    let fits = Regex::new(&format!("^(?:{loose})")).ok()?.find(&names).map_or(0, |found| found.end());
    names.get(fits..)?.split_whitespace().next().map(str::to_owned)
}

fn values(element: &Element, parent: &str, now: Timestamp, complaints: &mut Complaints) {
    let (name, text) = (element.name.as_str(), element.text.trim());
    let mut complain = |message: String| complaints.push((element.place, message));
    let listed = |words: &[&str]| {
        (!words.contains(&text)).then(|| format!("cvc-enumeration-valid: Value '{text}' is not facet-valid."))
    };
    let time = |text: &str| match text.parse::<Timestamp>() {
        Ok(at) if at > now => Some(format!("'{text}' must be in the past.")),
        Ok(_) => None,
        Err(_) => Some(format!("cvc-datatype-valid.1.2.1: '{text}' is not a valid value for 'dateTime'.")),
    };
    let whole = |least: i64, most: i64| match text.parse::<i64>() {
        Ok(number) if (least..=most).contains(&number) => None,
        _ => Some(format!("cvc-datatype-valid.1.2.1: '{text}' is not a valid value between {least} and {most}.")),
    };
    let flag = matches!(parent, "reportAnnotations" | "fileAnnotations");
    let complaint = match name {
        _ if flag => (!matches!(text, "" | "true"))
            .then(|| "cvc-elt.5.2.2.2.2: The value does not match the fixed value 'true'.".to_owned()),
        "incidentType" => listed(&INCIDENTS),
        "eventName" => listed(&EVENTS),
        "fileRelevance" => listed(&["Reported", "Supplemental Reported"]),
        "industryClassification" => listed(&["A1", "A2", "B1", "B2"]),
        "state" => (!STATES.contains(&format!(" {text} ")) && !text.is_empty())
            .then(|| format!("cvc-enumeration-valid: Value '{text}' is not facet-valid.")),
        "country" | "countryCode" => (!COUNTRIES.contains(&format!(" {text} ")) && !text.is_empty())
            .then(|| format!("cvc-enumeration-valid: Value '{text}' is not facet-valid.")),
        "incidentDateTime" | "dateTime" | "uploadedToEspTimestamp" => time(text),
        "dateOfBirth" => text
            .parse::<jiff::civil::Date>()
            .err()
            .map(|_| format!("cvc-datatype-valid.1.2.1: '{text}' is not a valid value for 'date'.")),
        "reportId" | "priorCTReports" | "priorCTReport" => whole(1, i64::MAX),
        "port" => whole(1, 65_535),
        "age" | "approximateAge" => whole(0, 150),
        "latitude" | "longitude" => text
            .parse::<f64>()
            .err()
            .map(|_| format!("cvc-datatype-valid.1.2.1: '{text}' is not a valid value for 'double'.")),
        "ipAddress" => text.parse::<IpAddr>().err().map(|_| format!("'{text}' is not a valid IP address.")),
        "url" | "legalURL" | "profileUrl" | "locationOfFile" => {
            let spaced = text.chars().any(|c| c.is_whitespace() || c.is_control());
            (spaced || text.is_empty() || text.chars().count() > 2_083).then(|| format!("'{text}' is not a valid URL."))
        }
        "email" | "emailAddress" => {
            let fits = text
                .split_once('@')
                .is_some_and(|(local, host)| !local.is_empty() && local.len() <= 64 && host.contains('.'));
            (!fits || text.len() > 255).then(|| format!("'{text}' is not a well-formed email address."))
        }
        "fileViewedByEsp"
        | "exifViewedByEsp"
        | "publiclyAvailable"
        | "possibleProxy"
        | "potentialMeme"
        | "compromisedAccount"
        | "allEmailsReported"
        | "thirdPartyUserReported"
        | "reportedToLe"
        | "servedLegalProcessDomestic"
        | "servedLegalProcessInternational"
        | "accountTemporarilyDisabled"
        | "accountPermanentlyDisabled" => (!matches!(text, "true" | "false" | "0" | "1"))
            .then(|| format!("cvc-datatype-valid.1.2.1: '{text}' is not a valid value for 'boolean'.")),
        "escalateToHighPriority" => (text.is_empty() || text.chars().count() > 3_000)
            .then(|| "must not be blank, and at most 3000 characters".to_owned()),
        "platform" | "screenName" => (text.chars().count() > 256).then(|| "at most 256 characters".to_owned()),
        "espIdentifier" | "displayName" => (text.chars().count() > 256).then(|| "at most 255 characters".to_owned()),
        "originalFileName" => (text.chars().count() > 2_056).then(|| "at most 2056 characters".to_owned()),
        _ => None,
    };
    if let Some(message) = complaint {
        complain(message);
    }
    for (key, value) in &element.attributes {
        let value = value.as_str();
        let digits =
            |text: &str, most: usize| (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        let fits = match key.as_str() {
            "reason" => value == "VIRAL_POTENTIAL_MEME",
            "countryCallingCode" => value.strip_prefix('+').is_some_and(|rest| digits(rest, 3)),
            "extension" => digits(value, 10),
            "verified" | "userNotified" | "thirdPartyUser" | "thirdPartyHostedContent" => {
                matches!(value, "true" | "false" | "0" | "1")
            }
            "verificationDate" | "disabledDate" | "userNotifiedDate" | "timestamp" => time(value).is_none(),
            "fleaCountry" => COUNTRIES.contains(&format!(" {value} ")),
            "type" => match name {
                "address" | "incidentAddress" => {
                    ["Home", "Business", "Billing", "Shipping", "Technical"].contains(&value)
                }
                "phone" | "phoneNumber" => {
                    ["Mobile", "Home", "Business", "Work", "Fax", "Internet", "Recovery"].contains(&value)
                }
                "email" | "emailAddress" => ["Home", "Work", "Business", "Recovery"].contains(&value),
                "associatedAccount" => {
                    ["Billing", "Linked", "Business", "Creator", "Parent/Guardian", "Other"].contains(&value)
                }
                "details" => ["EXIF", "HASH"].contains(&value),
                _ => true,
            },
            _ => true,
        };
        if !fits {
            complain(format!(
                "cvc-attribute.3: The value '{value}' of attribute '{key}' on element '{name}' is not valid."
            ));
        }
    }
    for child in &element.children {
        values(child, name, now, complaints);
    }
}

/// Rules that the documentation adds to the schema.
fn rules(document: &Element, complaints: &mut Complaints) {
    let mut complain = |message: &str| complaints.push((document.place, message.to_owned()));
    if document.name == "fileDetails" {
        let yes = |name| matches!(document.text_of(name), Some("true" | "1"));
        if yes("exifViewedByEsp") && !yes("fileViewedByEsp") {
            complain("exifViewedByEsp can be true only if fileViewedByEsp is true.");
        }
        let meme = document.get("fileAnnotations").is_some_and(|flags| flags.has("potentialMeme"));
        if document.text_of("fileRelevance") == Some("Supplemental Reported")
            && (meme || document.has("industryClassification"))
        {
            complain("A supplemental file has neither potentialMeme nor industryClassification.");
        }
        return;
    }
    let batched = document.has("batchedReport");
    let accounts: Vec<&Element> =
        document.children.iter().filter(|child| child.name == "personOrUserReported").collect();
    if accounts.len() > 1 && !batched {
        complain("Only one personOrUserReported is allowed.");
    }
    if document
        .get("reporter")
        .and_then(|reporter| reporter.get("reportingPerson"))
        .is_some_and(|person| !person.has("email"))
    {
        complain("reportingPerson needs an email.");
    }
    if batched {
        let forbidden = ["internetDetails", "lawEnforcement", "intendedRecipient", "victim", "additionalInfo"];
        let escalated = document.get("incidentSummary").is_some_and(|summary| summary.has("escalateToHighPriority"));
        let more = accounts.iter().any(|account| account.children.iter().any(|child| child.name != "espIdentifier"));
        if escalated || more || forbidden.iter().any(|name| document.has(name)) {
            complain("Not allowed in a batched report.");
        }
    }
}
