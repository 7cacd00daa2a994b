//! What somebody's groups at a provider let them work as: looked at each time they come from there, and never more than an administrator
//! allowed. Who is in no group any more is nobody here, until they are in one again.

use exchange::oidc::token::Identity;
use sha2::{Digest as _, Sha256};

use super::{Settings, sessions_store, store};
use crate::accounts::{Role, check_name, store as accounts_store};
use crate::audit::{self, Entry};
use crate::refusal::{Kind, Result};
use crate::store::{PersonId, Recorded, SessionId, Tx};

/// In no group that works here.
pub(super) static NO_GROUP: Kind = Kind::new(
    403,
    "no-group",
    "Your account is in no group that works here.",
    "Ask whoever runs the provider to put you into your group again, and sign in anew.",
);
/// A password or passkey of ours, where groups decide.
pub(super) static WITH_PROVIDER: Kind = Kind::new(
    403,
    "with-provider",
    "You sign in with your account at the provider, which says what you work as.",
    "Choose it on the page for signing in. If the provider is lost, an administrator removes you and invites you anew.",
);

/// Refuses settings that would make more of somebody than they say.
pub(super) fn check(settings: &Settings) -> std::result::Result<(), String> {
    let Settings { name, groups_claim, roles, uninvited, .. } = settings;
    if groups_claim.is_empty() != roles.is_empty() {
        return Err(format!("sign_in.providers, {name}: groups_claim and roles go together"));
    }
    if uninvited.is_some() && roles.is_empty() {
        return Err(format!("sign_in.providers, {name}: uninvited needs groups_claim and roles"));
    }
    if *uninvited == Some(Role::Admin) {
        return Err(format!("sign_in.providers, {name}: an administrator is always invited"));
    }
    Ok(())
}

/// What these groups let somebody be who may be this at most: of several roles the one that holds the others.
fn role_of(settings: &Settings, groups: &[String], allowed: Role) -> Option<Role> {
    let mapped: Vec<Role> = groups.iter().filter_map(|group| settings.roles.get(group)).copied().collect();
    let fits: Vec<Role> =
        Role::ALL.into_iter().filter(|role| mapped.contains(role) && role.is_within(allowed)).collect();
    fits.iter().find(|role| fits.iter().all(|other| other == *role || !role.is_within(*other))).copied()
}

/// Makes somebody what their groups let them be, and ends the sessions in which they were something else. Where that is nothing, what
/// they were is over: what is given back is on record and is to be kept.
pub(super) async fn apply(
    tx: &mut Tx,
    settings: &Settings,
    person: PersonId,
    identity: &Identity,
    session: Option<SessionId>,
) -> Result<Option<Recorded>> {
    let (is, allowed) = store::role_of(tx, person).await?;
    let by = |kind, detail| Entry::by_tanod(kind).about(person).detail(detail);
    let Some(role) = role_of(settings, &identity.groups, allowed) else {
        store::end(tx, person).await?;
        let detail = serde_json::json!({"provider": settings.name, "was": is});
        return Ok(Some(audit::record(tx, by("person.role_ended", detail)).await?));
    };
    if role != is {
        store::set_role(tx, person, role).await?;
        sessions_store::remove_others(tx, person, session).await?;
        let detail = serde_json::json!({"provider": settings.name, "from": is, "to": role});
        audit::record(tx, by("person.role_set", detail)).await.map(drop)?;
    }
    Ok(None)
}

/// Lets somebody in again who is back in a group, or for the first time where the settings let people in whom nobody invited.
pub(super) async fn comes_in(tx: &mut Tx, settings: &Settings, identity: &Identity) -> Result<Option<PersonId>> {
    if !settings.maps() {
        return Ok(None);
    }
    if let Some(person) = store::ended(tx, &settings.name, &identity.subject).await? {
        let (_, allowed) = store::role_of(tx, person).await?;
        if role_of(settings, &identity.groups, allowed).is_none() {
            return Err((&NO_GROUP).into());
        }
        accounts_store::enable_person(tx, person).await?;
        let detail = serde_json::json!({"provider": settings.name});
        let entry = Entry::by_tanod("person.role_again").about(person).detail(detail);
        audit::record(tx, entry).await.map(drop)?;
        return Ok(Some(person));
    }
    let Some(allowed) = settings.uninvited else { return Ok(None) };
    let Some(role) = role_of(settings, &identity.groups, allowed) else { return Ok(None) };
    let name = name_for(tx, settings, identity).await?;
    let staff = tx.next_number("staff").await?;
    let person: PersonId = tx.id();
    accounts_store::insert_person(tx, person, staff, &name, allowed).await?;
    store::set_role(tx, person, role).await?;
    store::insert_identity(tx, &settings.name, &identity.subject, person).await?;
    let detail = serde_json::json!({"staff": staff, "role": role, "provider": settings.name});
    audit::record(tx, Entry::by_tanod("person.added").about(person).detail(detail)).await.map(drop)?;
    Ok(Some(person))
}

/// A name for somebody whom nobody named: their address where the provider made sure of it, else a word of its own.
async fn name_for(tx: &mut Tx, settings: &Settings, identity: &Identity) -> Result<String> {
    if let Some(email) = identity.email.as_ref().filter(|email| check_name(email).is_ok())
        && accounts_store::person_by_name(tx, email).await?.is_none()
    {
        return Ok(email.clone());
    }
    let of = Sha256::digest(format!("{} {}", settings.name, identity.subject));
    Ok(format!("{}-{}", settings.name, hex::encode(of.get(..8).unwrap_or_default())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_make_nobody_more_than_they_may_be() {
        let roles =
            [("watch", Role::Reviewer), ("heads", Role::Lead), ("rooms", Role::Admin), ("books", Role::Auditor)];
        let settings = Settings {
            name: "house".to_owned(),
            groups_claim: "groups".to_owned(),
            roles: roles.map(|(group, role)| (group.to_owned(), role)).into(),
            ..Settings::default()
        };
        let of = |groups: &[&str], allowed| {
            let groups: Vec<String> = groups.iter().map(|&group| group.to_owned()).collect();
            role_of(&settings, &groups, allowed)
        };
        assert_eq!(of(&["watch", "heads", "other"], Role::Lead), Some(Role::Lead));
        assert_eq!(of(&["watch", "heads"], Role::Reviewer), Some(Role::Reviewer), "never more than was allowed");
        assert_eq!(of(&["heads"], Role::Reviewer), None);
        assert_eq!(of(&["watch"], Role::Admin), None, "an administrator looks at nothing");
        assert_eq!(of(&["watch", "rooms", "books"], Role::Admin), Some(Role::Admin));
        assert_eq!(of(&[], Role::Lead), None);
    }
}
