//! Where on the internet, or off it: eight kinds, and each element holds one.

use serde::{Deserialize, Serialize};

use super::super::sample::Random;
use super::super::xml::Node;
use super::account::IpEvent;
use super::element::{Value, element};
use super::person::{Email, Phone};
use super::place::{Address, Degrees};

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident: $type:ident = $element:literal,)*) => {
        /// Where it happened.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum InternetDetails {
            $($(#[$doc])* $kind($type),)*
        }

        impl Value for InternetDetails {
            fn write(&self, node: &mut Node) {
                match self {
                    $(Self::$kind(details) => super::element::Field::put(details, node, $element),)*
                }
            }

            fn read(node: &Node) -> Option<Self> {
                let [only] = node.children.as_slice() else { return None };
                match only.name.as_str() {
                    $($element => $type::read(only).map(Self::$kind),)*
                    _ => None,
                }
            }

            fn sample(random: &mut Random, _: &str) -> Self {
                let kinds: &[fn(&mut Random) -> Self] = &[$(|random| Self::$kind($type::sample(random, $element)),)*];
                random.of(kinds)(random)
            }
        }
    };
}

kinds! {
    /// On a page.
    WebPage: WebPage = "webPageIncident",
    /// By e-mail.
    Email: EmailIncident = "emailIncident",
    /// In a newsgroup.
    Newsgroup: Newsgroup = "newsgroupIncident",
    /// In a chat or by messages.
    Chat: Chat = "chatImIncident",
    /// In a game.
    Gaming: Gaming = "onlineGamingIncident",
    /// By telephone.
    CellPhone: CellPhone = "cellPhoneIncident",
    /// Not on the internet.
    Offline: Offline = "nonInternetIncident",
    /// From peer to peer.
    PeerToPeer: PeerToPeer = "peer2peerIncident",
}

element! {
    /// A page.
    #[derive(Default)]
    #[serde(default)]
    WebPage (
        /// Whether somebody else hosts it.
        third_party_hosted: Option<bool> = "thirdPartyHostedContent",
    ) {
        /// Its addresses.
        urls: Vec<String> = "url",
        /// Anything else.
        additional_info: Option<String> = "additionalInfo",
    }
}

element! {
    /// An e-mail.
    #[derive(Default)]
    #[serde(default)]
    EmailIncident {
        /// Addresses, each of which also stands with somebody in the report.
        addresses: Vec<Email> = "emailAddress",
        /// Headers, subject, body.
        content: Option<String> = "content",
        /// Anything else.
        additional_info: Option<String> = "additionalInfo",
    }
}

element! {
    /// A newsgroup.
    #[derive(Default)]
    #[serde(default)]
    Newsgroup {
        /// Its name.
        name: Option<String> = "name",
        /// Addresses, each of which also stands with somebody in the report.
        addresses: Vec<Email> = "emailAddress",
        /// What was posted.
        content: Option<String> = "content",
        /// Anything else.
        additional_info: Option<String> = "additionalInfo",
    }
}

element! {
    /// A chat, or messages.
    #[derive(Default)]
    #[serde(default)]
    Chat {
        /// The program.
        client: Option<String> = "chatClient",
        /// The room.
        room: Option<String> = "chatRoomName",
        /// The log.
        content: Option<String> = "content",
        /// Anything else.
        additional_info: Option<String> = "additionalInfo",
    }
}

element! {
    /// A game.
    #[derive(Default)]
    #[serde(default)]
    Gaming {
        /// Its name.
        game: Option<String> = "gameName",
        /// What it was played on.
        console: Option<String> = "console",
        /// What was said.
        content: Option<String> = "content",
        /// Anything else.
        additional_info: Option<String> = "additionalInfo",
    }
}

element! {
    /// A telephone.
    #[derive(Default)]
    #[serde(default)]
    CellPhone {
        /// Its number.
        phone: Option<Phone> = "phoneNumber",
        /// Where it was, from south to north.
        latitude: Option<Degrees> = "latitude",
        /// Where it was, from west to east.
        longitude: Option<Degrees> = "longitude",
        /// Anything else.
        additional_info: Option<String> = "additionalInfo",
    }
}

element! {
    /// A place off the internet.
    #[derive(Default)]
    #[serde(default)]
    Offline {
        /// What the place is called.
        location: Option<String> = "locationName",
        /// Where it is.
        addresses: Vec<Address> = "incidentAddress",
        /// Anything else.
        additional_info: Option<String> = "additionalInfo",
    }
}

element! {
    /// From peer to peer.
    #[derive(Default)]
    #[serde(default)]
    PeerToPeer {
        /// The program.
        client: Option<String> = "client",
        /// Addresses seen.
        ip_events: Vec<IpEvent> = "ipCaptureEvent",
        /// Names of files.
        file_names: Option<String> = "fileNames",
        /// Anything else.
        additional_info: Option<String> = "additionalInfo",
    }
}
