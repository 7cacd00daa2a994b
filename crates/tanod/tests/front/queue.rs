//! The queue: a job is one worker's at a time, comes back from dead hands, waits longer after each failure, and ends before a
//! person when it has failed too often.

use std::time::Duration;

use tanod::queue::{self, Done, LEASE, Leased, Work};
use tanod::store::{ItemId, Recorded, new_uuid};

use super::bed::*;

const PROOF: &str = "a test writes no record";

async fn pushed(bed: &Bed) -> Work {
    let work = Work::RetryItemV1 { item: ItemId(new_uuid(bed.clock.now(), bed.app.db.random())) };
    let mut tx = bed.app.db.write().await.unwrap();
    queue::push(&mut tx, &work, Duration::ZERO).await.unwrap();
    tx.commit(Recorded::unrecorded(PROOF)).await.unwrap();
    work
}

async fn lease(bed: &Bed) -> Option<Leased> {
    let mut tx = bed.app.db.write().await.unwrap();
    let job = queue::lease(&mut tx, "items").await.unwrap();
    tx.commit(Recorded::unrecorded(PROOF)).await.unwrap();
    job
}

async fn settle(bed: &Bed, job: &Leased, done: Done, tries: i64) {
    let mut tx = bed.app.db.write().await.unwrap();
    let proof = queue::settle(&mut tx, job, done, tries).await.unwrap();
    tx.commit(proof).await.unwrap();
}

async fn counts(bed: &Bed) -> (i64, i64, i64) {
    let mut tx = bed.app.db.read().await.unwrap();
    let counts = queue::counts(&mut tx).await.unwrap();
    (counts.waiting, counts.leased, counts.dead)
}

#[tokio::test]
async fn a_job_is_written_with_its_record_or_not_at_all() {
    let bed = Bed::new().await;
    let mut tx = bed.app.db.write().await.unwrap();
    let work = Work::RetryItemV1 { item: ItemId(new_uuid(bed.clock.now(), bed.app.db.random())) };
    queue::push(&mut tx, &work, Duration::ZERO).await.unwrap();
    drop(tx);
    assert_eq!(counts(&bed).await, (0, 0, 0));
    let work = pushed(&bed).await;
    let mut tx = bed.app.db.write().await.unwrap();
    queue::push(&mut tx, &work, Duration::ZERO).await.unwrap();
    tx.commit(Recorded::unrecorded(PROOF)).await.unwrap();
    assert_eq!(counts(&bed).await, (1, 0, 0), "the same work twice is one job");
}

#[tokio::test]
async fn a_job_is_one_workers_and_comes_back_from_dead_hands() {
    let bed = Bed::new().await;
    pushed(&bed).await;
    let first = lease(&bed).await.unwrap();
    assert!(lease(&bed).await.is_none());
    // Kept alive, it stays; then the worker falls silent.
    let nearly = LEASE.saturating_sub(Duration::from_secs(1));
    bed.clock.advance(nearly);
    let mut tx = bed.app.db.write().await.unwrap();
    assert!(queue::keep(&mut tx, &first).await.unwrap());
    tx.commit(Recorded::unrecorded(PROOF)).await.unwrap();
    bed.clock.advance(nearly);
    assert!(lease(&bed).await.is_none());
    bed.clock.advance(Duration::from_secs(2));
    let second = lease(&bed).await.unwrap();
    assert_eq!((second.id, &second.work), (first.id, &first.work));
    // Whoever was silent hears that it is not theirs any more, and settling it changes nothing.
    let mut tx = bed.app.db.write().await.unwrap();
    assert!(!queue::keep(&mut tx, &first).await.unwrap());
    drop(tx);
    settle(&bed, &first, Done::Finished, 9).await;
    assert_eq!(counts(&bed).await, (0, 1, 0));
    settle(&bed, &second, Done::Finished, 9).await;
    assert_eq!(counts(&bed).await, (0, 0, 0));
}

#[tokio::test]
async fn a_failing_job_waits_twice_as_long_each_time_and_then_for_a_person() {
    let bed = Bed::new().await;
    let work = pushed(&bed).await;
    for wait in [2, 4, 8] {
        let job = lease(&bed).await.unwrap();
        settle(&bed, &job, Done::Failed("the store does not answer".to_owned()), 4).await;
        bed.clock.advance(Duration::from_secs(wait - 1));
        assert!(lease(&bed).await.is_none(), "before {wait} s");
        bed.clock.advance(Duration::from_secs(1));
    }
    let job = lease(&bed).await.unwrap();
    settle(&bed, &job, Done::Failed("the store does not answer".to_owned()), 4).await;
    assert_eq!(counts(&bed).await, (0, 0, 1));
    bed.clock.advance(Duration::from_hours(24));
    assert!(lease(&bed).await.is_none(), "a dead job waits for a person");
    let mut tx = bed.app.db.write().await.unwrap();
    queue::revive(&mut tx, &work).await.unwrap();
    tx.commit(Recorded::unrecorded(PROOF)).await.unwrap();
    assert_eq!(lease(&bed).await.unwrap().attempts, 0);
}

/// "Not now" is no failure, however often it is said.
#[tokio::test]
async fn later_is_not_a_failure() {
    let bed = Bed::new().await;
    pushed(&bed).await;
    for _ in 0..5 {
        let job = lease(&bed).await.unwrap();
        assert_eq!(job.attempts, 0);
        settle(&bed, &job, Done::Later(Duration::from_mins(10)), 2).await;
        assert!(lease(&bed).await.is_none());
        bed.clock.advance(Duration::from_mins(10));
    }
}
