//! Figures of the house, and what a page hears while somebody looks at it.

use std::time::Duration;

use axum::body::Body;
use futures_util::StreamExt as _;
use serde_json::json;
use tanod::accounts::Role;
use tower::ServiceExt as _;

use super::bed::*;
use super::cases::*;

#[tokio::test]
async fn figures_count_what_came_what_was_decided_and_which_list_was_wrong() {
    let bed = Bed::with(|settings, _| settings.review.second_approval = tanod::review::SecondApproval::Off).await;
    let lead = bed.person(Role::Lead).await;
    for (n, hours) in [(1, 0), (2, 2), (3, 30)] {
        let media = known(&bed, n).await;
        let (case, item) = matched(&bed, &media, &format!("a{n}")).await;
        bed.clock.advance(Duration::from_hours(hours));
        lease(&bed, &lead, &case).await;
        look(&bed, &lead, &case, &item, false).await;
        let body = if n == 2 {
            json!({"outcome": "no_violation", "reason": "a drawing of a tree, nothing else"})
        } else {
            report(&[&item])
        };
        decide(&bed, &lead, &case, &body).await.ok();
        bed.work(0).await;
    }
    let media = known(&bed, 4).await;
    let (case, _) = matched(&bed, &media, "a4").await;
    lease(&bed, &lead, &case).await;
    let figures = bed.get("/v1/figures", &lead).await.ok();
    let days = figures["days"].as_array().unwrap();
    assert_eq!(days.len(), 30);
    let sum = |what: &str| days.iter().map(|day| day[what].as_i64().unwrap()).sum::<i64>();
    assert_eq!((sum("opened"), sum("decided")), (4, 3));
    assert_eq!(days[29]["day"], "2026-11-25");
    let spread = json!({"hour": 1, "four_hours": 1, "day": 0, "three_days": 1, "longer": 0});
    assert_eq!(figures["to_decision"], spread);
    assert_eq!(figures["to_report"], json!({"hour": 1, "four_hours": 0, "day": 0, "three_days": 1, "longer": 0}));
    let on_time = figures["on_time"].as_array().unwrap().iter();
    let on_time: Vec<_> = on_time.map(|one| (&one["hours"], &one["reports"], &one["in_time"])).collect();
    let kept = [(1, 0, 0), (24, 2, 1), (72, 2, 2)].map(|(hours, all, kept)| (json!(hours), json!(all), json!(kept)));
    assert_eq!(on_time, kept.each_ref().map(|(hours, all, kept)| (hours, all, kept)));
    let lists = figures["lists"].as_array().unwrap();
    assert_eq!(lists.len(), 4);
    assert_eq!(lists.iter().map(|list| list["wrong"].as_i64().unwrap()).sum::<i64>(), 1);
    assert_eq!(figures["load"], json!([{"staff": 1, "cases": 1}]));
    let (status, page) = bed.console("/console/figures", &lead, &[]).await;
    assert!(status == 200 && page.contains("100.0 %") && page.contains("Decisions: 3."), "{page}");
    assert_eq!(bed.get("/v1/figures", &bed.person(Role::Reviewer).await).await.slug(), "not-allowed");

    // A process that serves counts in the background and says when; what waits, and with whom, is of now.
    tanod::figures::count_now(&bed.app).await.unwrap();
    bed.clock.advance(Duration::from_mins(5));
    let media = known(&bed, 5).await;
    let (another, _) = matched(&bed, &media, "a5").await;
    lease(&bed, &lead, &another).await;
    let kept = bed.get("/v1/figures", &lead).await.ok();
    assert_eq!((&kept["days"], &kept["counted_at"]), (&figures["days"], &figures["counted_at"]));
    assert_eq!((&kept["open"], &kept["load"]), (&json!(2), &json!([{"staff": 1, "cases": 2}])));
    tanod::figures::count_now(&bed.app).await.unwrap();
    let anew = bed.get("/v1/figures", &lead).await.ok();
    assert_eq!(anew["lists"].as_array().unwrap().len(), 5);
    assert_ne!(anew["counted_at"], figures["counted_at"]);
}

#[tokio::test]
async fn a_page_hears_of_cases_of_a_lost_lease_and_of_its_sessions_end() {
    let bed = Bed::new().await;
    let (lead, other) = (bed.person(Role::Lead).await, bed.person(Role::Lead).await);
    let media = known(&bed, 1).await;
    let (case, _) = matched(&bed, &media, "a1").await;
    lease(&bed, &lead, &case).await;
    let cookie = format!("{}={lead}", tanod::web::COOKIE);
    let request = Bed::request("GET", "/console/live", "").header("cookie", cookie).body(Body::empty()).unwrap();
    let answer = bed.router.clone().oneshot(request).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let mut events = answer.into_body().into_data_stream();
    let mut next = async || String::from_utf8(events.next().await.unwrap().unwrap().to_vec()).unwrap();

    let more = known(&bed, 2).await;
    bed.clock.advance(Duration::from_secs(1));
    matched(&bed, &more, "a2").await;
    assert_eq!(next().await, "event: cases\ndata: changed\n\n");
    bed.clock.advance(Duration::from_mins(16));
    lease(&bed, &other, &case).await;
    assert_eq!(next().await, format!("event: lease\ndata: {case}\n\n"));
    bed.call("DELETE", "/v1/sessions", &lead, &json!({})).await;
    assert!(next().await.starts_with("event: shut\n"));
    assert!(events.next().await.is_none());
}
