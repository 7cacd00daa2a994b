//! Who took part in a stream, from its events: pure. Whoever watched and paid is no bystander.

use jiff::Timestamp;

use super::events::{Event, Kind};
use crate::context::{Message, Participant, Payment, Place, Visit};

/// Everybody of whom an event tells, in the order in which they appeared.
pub(super) fn of(events: &[Event]) -> Vec<Participant> {
    let mut all: Vec<Participant> = Vec::new();
    let mut known = std::collections::HashMap::new();
    for event in events {
        let told = &event.told;
        let name = match (&told.account, told.address) {
            (Some(account), _) => format!("account {account}"),
            (None, Some(address)) => format!("address {address}"),
            (None, None) => continue,
        };
        let nth = *known.entry(name).or_insert_with(|| {
            all.push(Participant { account: told.account.clone(), ..Participant::default() });
            all.len() - 1
        });
        let Some(one) = all.get_mut(nth) else { continue };
        if let Some(address) = told.address {
            let place = Place { address, port: told.port, at: event.at };
            if one.places.iter().all(|known| (known.address, known.port) != (place.address, place.port)) {
                one.places.push(place);
            }
        }
        match told.kind {
            Kind::Join => one.visits.push(Visit { joined_at: Some(event.at), left_at: None }),
            Kind::Leave => leave(one, event.at),
            Kind::Payment => one.payments.push(Payment {
                reference: told.reference.clone(),
                instrument: told.instrument.clone(),
                amount_minor: told.amount_minor,
                currency: told.currency.clone(),
                at: event.at,
            }),
            Kind::Report => one.reported = true,
            Kind::Chat | Kind::Classifier => {}
        }
    }
    all
}

/// Ends the latest visit that has no end yet. Who leaves and was never seen coming was there before.
fn leave(one: &mut Participant, at: Timestamp) {
    match one.visits.iter_mut().rev().find(|visit| visit.left_at.is_none()) {
        Some(visit) => visit.left_at = Some(at),
        None => one.visits.push(Visit { joined_at: None, left_at: Some(at) }),
    }
}

/// What was written.
pub(super) fn chat(events: &[Event]) -> Vec<Message> {
    let chat = events.iter().filter(|event| event.told.kind == Kind::Chat);
    chat.map(|event| Message {
        sender: event.told.account.clone().unwrap_or_default(),
        at: event.at,
        text: event.told.text.clone().unwrap_or_default(),
        content_ids: Vec::new(),
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::events::Told;
    use super::*;
    use crate::store::StreamEventId;

    fn event(kind: Kind, account: &str, second: i64) -> Event {
        let told = serde_json::from_value::<Told>(serde_json::json!({"kind": kind, "account": account})).unwrap();
        Event { id: StreamEventId(uuid::Uuid::nil()), at: Timestamp::from_second(second).unwrap(), told }
    }

    proptest! {
        /// Nobody is lost, nobody is there twice, and every coming and going is somewhere.
        #[test]
        fn everybody_of_whom_an_event_tells_takes_part(steps in proptest::collection::vec((0_u8..5, 0_u8..3), 0..60)) {
            let kinds = [Kind::Join, Kind::Leave, Kind::Payment];
            let events: Vec<Event> = (0..).zip(&steps)
                .map(|(second, (who, what))| event(kinds[usize::from(*what)], &format!("u{who}"), second)).collect();
            let all = of(&events);
            let mut accounts: Vec<_> = all.iter().map(|one| one.account.clone().unwrap()).collect();
            accounts.sort_unstable();
            let mut told: Vec<_> = steps.iter().map(|(who, _)| format!("u{who}")).collect();
            told.sort_unstable();
            told.dedup();
            prop_assert_eq!(accounts, told);
            let count = |kind: Kind| events.iter().filter(|event| event.told.kind == kind).count();
            let visits = || all.iter().flat_map(|one| &one.visits);
            prop_assert_eq!(visits().filter(|visit| visit.joined_at.is_some()).count(), count(Kind::Join));
            prop_assert_eq!(visits().filter(|visit| visit.left_at.is_some()).count(), count(Kind::Leave));
            prop_assert_eq!(all.iter().map(|one| one.payments.len()).sum::<usize>(), count(Kind::Payment));
            for visit in visits() {
                prop_assert!(visit.joined_at.zip(visit.left_at).is_none_or(|(came, left)| came <= left));
            }
        }
    }
}
