//! A notice joins the account's case or opens one, with the route of knowledge and what makes it urgent.

use super::{Kind, Notice, Reason, store};
use crate::context;
use crate::intake::addresses;
use crate::matching::Verdict;
use crate::refusal::Result;
use crate::review::{self, Ground, Joining, Route, SignalKind};
use crate::store::{CaseId, ItemId, Tx};

/// The case that a notice belongs to. An adult's intimate picture is no case of a child's abuse (US-60): such a notice stands
/// by itself, unless the content it names is in a case.
pub(super) async fn join(
    tx: &mut Tx,
    notice: &Notice,
    mark: Option<&str>,
    items: &[(ItemId, Verdict)],
) -> Result<Option<CaseId>> {
    let said = &notice.said;
    let mut contents = said.content_ids.clone();
    let mut unknown = false;
    for url in &said.urls {
        let seen = addresses::contents_at(tx, url).await?;
        unknown |= seen.is_empty();
        contents.extend(seen);
    }
    let mut case = None;
    for content in &contents {
        if case.is_none() {
            case = store::case_of_content(tx, content).await?;
        }
    }
    if said.reason == Reason::IntimateAdult && case.is_none() {
        return Ok(None);
    }
    let case = into_case(tx, notice, mark, items, case).await?;
    if unknown && !notice.gathered {
        // What is seen there only the platform can say.
        context::ask_where(tx, case, notice.id).await?;
    }
    Ok(Some(case))
}

/// An adult's intimate picture may be a child's after all: the request becomes a case (US-60).
pub(super) async fn escalate(tx: &mut Tx, notice: &Notice, items: &[(ItemId, Verdict)]) -> Result<CaseId> {
    into_case(tx, notice, None, items, None).await
}

async fn into_case(
    tx: &mut Tx,
    notice: &Notice,
    mark: Option<&str>,
    items: &[(ItemId, Verdict)],
    case: Option<CaseId>,
) -> Result<CaseId> {
    let said = &notice.said;
    let mut grounds = vec![match said.reason {
        Reason::LiveAbuse => Ground::NewMaterial,
        Reason::Enticement => Ground::Enticement,
        Reason::Sextortion => Ground::Sextortion,
        Reason::AdultWithAccess => Ground::AccessToChild,
        Reason::AbuseMaterial | Reason::OwnPicture | Reason::IntimateAdult | Reason::Other => Ground::Told,
    }];
    if items.iter().any(|(_, verdict)| *verdict != Verdict::Match) {
        grounds.push(Ground::NewMaterial);
    }
    if said.danger_now {
        grounds.push(if notice.danger_discounted { Ground::DangerToldOften } else { Ground::DangerTold });
    }
    let content = said.content_ids.iter().map(|id| format!("content:{id}"));
    let pages = said.urls.iter().map(|url| format!("link:{url}"));
    // Whoever sends very many is heard in one place, instead of filling the queue.
    let flood = mark.filter(|_| notice.gathered).map(|mark| format!("teller:{mark}"));
    let gathered_by: Vec<String> = content.chain(pages).chain(flood).collect();
    let mut joining = Joining {
        kind: SignalKind::Notice,
        item: None,
        notice: Some(notice.id),
        stream: None,
        route: match said.kind {
            Kind::User => Route::UserReport,
            Kind::Depicted | Kind::Representative => Route::PersonDepicted,
            Kind::Moderator => Route::Moderator,
            Kind::Hotline => Route::Hotline,
            Kind::Police => Route::Police,
        },
        account: said.account.as_ref(),
        gathered_by,
        case,
        grounds,
        language: None,
    };
    let Some((first, others)) = items.split_first() else { return review::join(tx, joining).await };
    joining.item = Some(first.0);
    let case = review::join(tx, joining.clone()).await?;
    for (item, _) in others {
        let again = Joining { item: Some(*item), case: Some(case), ..joining.clone() };
        review::join(tx, again).await.map(drop)?;
    }
    Ok(case)
}
