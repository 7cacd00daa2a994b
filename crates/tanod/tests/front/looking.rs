//! How pictures come to whoever looks: veiled first, stricter where somebody chose so, and whole only when it was whole.

use std::time::Duration;

use serde_json::{Value, json};
use tanod::accounts::Role;

use super::bed::*;
use super::cases::{decide, lease, matched, report};

async fn view(bed: &Bed, token: &str, case: &str, body: &Value) -> Said {
    bed.post(&format!("/v1/cases/{case}/views"), token, body).await
}

/// How much brightness changes from pixel to pixel.
fn detail(jpeg: &[u8]) -> u64 {
    let grey = sim::pictures::read(jpeg).unwrap().to_luma8();
    let (width, height) = grey.dimensions();
    let at = |x, y| u64::from(grey.get_pixel(x, y).0[0]);
    let sum: u64 =
        (0..height).flat_map(|y| (1..width).map(move |x| (x, y))).map(|(x, y)| at(x, y).abs_diff(at(x - 1, y))).sum();
    sum * 1_000 / u64::from(width * height)
}

#[tokio::test]
async fn the_veil_is_as_thick_as_the_strictest_of_all_who_have_a_say() {
    let bed = Bed::with(|settings, _| settings.looking.veil = 2).await;
    let reviewer = bed.person(Role::Reviewer).await;
    let (case, item) = matched(&bed, &known(&bed, 1).await, "one").await;
    lease(&bed, &reviewer, &case).await;
    let veiled = async |veil: Value| {
        let said = view(&bed, &reviewer, &case, &json!({"item": item, "purpose": "review", "veil": veil})).await;
        assert_eq!((said.status.as_u16(), &said.headers["x-tanod-whole"]), (200, &"false".parse().unwrap()));
        detail(&said.bytes)
    };
    let (usual, thin, thick) = (veiled(Value::Null).await, veiled(json!(1)).await, veiled(json!(4)).await);
    assert_eq!(usual, thin, "nobody asks for a thinner veil than the organisation's");
    assert!(thick < usual, "{thick} of {usual}");
    // What somebody chose for themselves holds wherever they look; laxer than the organisation's it has no effect.
    let choose = async |veil: &str, edges: &str| {
        let form = [("do", "looking"), ("veil", veil), ("edges", edges)];
        assert_eq!(bed.console("/console/care", &reviewer, &form).await.0, 303);
    };
    choose("4", "yes").await;
    assert_eq!(veiled(json!(1)).await, thick);
    let page = bed.console(&format!("/console/cases/{case}"), &reviewer, &[]).await.1;
    assert!(page.contains("edges=true") && !page.contains("veiled=false"), "{page}");
    let page = bed.console(&format!("/console/cases/{case}?open={item}&as=veil"), &reviewer, &[]).await.1;
    assert!(page.contains("veiled=true&amp;veil=4") && page.contains("min=\"4\""), "{page}");
    choose("1", "no").await;
    assert_eq!(veiled(json!(1)).await, usual);
    let page = bed.console("/console/care", &reviewer, &[]).await.1;
    assert!(
        !page.contains("name=\"veil\" value=\"1\"") && page.contains("name=\"veil\" value=\"2\" checked"),
        "{page}"
    );
}

#[tokio::test]
async fn lines_a_part_and_a_glimpse_are_no_viewing_of_the_whole() {
    let bed = Bed::with(|settings, _| settings.looking.least_seconds = 2).await;
    let reviewer = bed.person(Role::Reviewer).await;
    let (case, item) = matched(&bed, &known(&bed, 1).await, "one").await;
    lease(&bed, &reviewer, &case).await;
    let look = async |more: Value| {
        let mut body = json!({"item": item, "purpose": "review"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        view(&bed, &reviewer, &case, &body).await
    };
    let lines = look(json!({"edges": true, "veiled": false})).await;
    let part = look(json!({"part": 5, "veiled": false})).await;
    let glimpse = look(json!({"glimpse": true, "veiled": false})).await;
    for said in [&lines, &part, &glimpse] {
        assert_eq!((said.status.as_u16(), &said.headers["x-tanod-whole"]), (200, &"false".parse().unwrap()));
    }
    let size = |said: &Said| {
        let picture = sim::pictures::read(&said.bytes).unwrap();
        (picture.width(), picture.height())
    };
    assert_eq!((size(&part), size(&glimpse)), ((214, 160), (320, 240)));
    assert_eq!(look(json!({"part": 10})).await.slug(), "no-such-part");
    // A picture that is very small is made larger, so that the mark can be read. Lines count as veiled, a part and a glimpse do not: care counts what was seen.
    let views = "SELECT COUNT(*) AS n FROM views WHERE NOT whole AND NOT veiled";
    assert_eq!(bed.count(views).await, 2);
    assert_eq!(decide(&bed, &reviewer, &case, &report(&[&item])).await.slug(), "not-viewed");

    // Whole is whole when it was there long enough.
    let whole = look(json!({"veiled": false})).await;
    assert_eq!(whole.headers["x-tanod-whole"], "true");
    let said = decide(&bed, &reviewer, &case, &report(&[&item])).await;
    assert!(said.slug() == "not-viewed" && said.json()["detail"].as_str().unwrap().contains("only just"), "{said:?}");
    bed.clock.advance(Duration::from_secs(2));
    decide(&bed, &reviewer, &case, &report(&[&item])).await.ok();
    bed.ledger_verifies().await;
}
