use super::*;

fn throttle() -> (Throttle, Clock) {
    let clock = Clock::fixed(Timestamp::from_millis(0));
    (Throttle::new(clock.clone()), clock)
}

fn attempt(account: &str, address: &str) -> Attempt {
    Attempt::new(account, Some(address.parse().unwrap()))
}

fn fail(throttle: &Throttle, attempt: &Attempt, times: u32) {
    for _ in 0..times {
        throttle.failed(attempt);
    }
}

#[test]
fn five_failures_are_free_and_then_every_one_doubles_the_wait() {
    let (throttle, clock) = throttle();
    let ana = attempt("ana", "192.0.2.1");
    for _ in 0..FREE {
        assert_eq!(throttle.check(&ana), Ok(()));
        throttle.failed(&ana);
    }
    for expected in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
        let wait = Duration::from_secs(expected);
        assert_eq!(throttle.check(&ana), Err(wait));
        clock.advance(wait - Duration::from_millis(1));
        assert_eq!(throttle.check(&ana), Err(Duration::from_millis(1)));
        clock.advance(Duration::from_millis(1));
        assert_eq!(throttle.check(&ana), Ok(()));
        throttle.failed(&ana);
    }
    clock.advance(FORGOTTEN + Duration::from_secs(1));
    throttle.failed(&ana);
    assert_eq!(throttle.check(&ana), Ok(()), "an hour later it begins anew");
}

#[test]
fn an_account_is_counted_across_addresses_and_an_address_across_accounts() {
    let (throttle, _) = throttle();
    for last in 1..=5 {
        throttle.failed(&attempt("ana", &format!("192.0.2.{last}")));
    }
    assert!(throttle.check(&attempt("ana", "192.0.2.99")).is_err());
    assert_eq!(throttle.check(&attempt("bob", "192.0.2.99")), Ok(()));
    for account in ["a", "b", "c", "d", "e"] {
        throttle.failed(&attempt(account, "2001:db8:1:2:3:4:5:6"));
    }
    assert!(throttle.check(&attempt("z", "2001:db8:1:2:ffff::1")).is_err(), "the same network");
    assert_eq!(throttle.check(&attempt("z", "2001:db8:1:3::1")), Ok(()));
    fail(&throttle, &attempt("f", "::ffff:198.51.100.1"), 5);
    assert!(throttle.check(&attempt("z", "198.51.100.1")).is_err(), "the same address");
}

#[test]
fn strangers_cannot_lock_a_person_out_of_where_they_signed_in_before() {
    let (throttle, _) = throttle();
    let home = attempt("ana", "192.0.2.1");
    throttle.succeeded(&home);
    for last in 1..=200 {
        throttle.failed(&attempt("ana", &format!("198.51.100.{last}")));
    }
    assert!(throttle.check(&attempt("ana", "203.0.113.1")).is_err());
    assert_eq!(throttle.check(&home), Ok(()));
    fail(&throttle, &home, 5);
    assert!(throttle.check(&home).is_err(), "it is no way around the limit");
}

#[test]
fn signing_in_clears_the_account_but_not_the_address() {
    let (throttle, _) = throttle();
    let own = attempt("mallory", "192.0.2.1");
    fail(&throttle, &attempt("ana", "192.0.2.1"), 4);
    throttle.succeeded(&own);
    throttle.failed(&attempt("ana", "192.0.2.1"));
    assert!(throttle.check(&attempt("bob", "192.0.2.1")).is_err());

    let inside = Attempt::new("ana's password", None);
    fail(&throttle, &inside, 4);
    throttle.succeeded(&inside);
    throttle.failed(&inside);
    assert_eq!(throttle.check(&inside), Ok(()));
}

#[test]
fn memory_is_bounded_and_the_worst_are_remembered() {
    let (throttle, _) = throttle();
    let worst = attempt("ana", "192.0.2.1");
    fail(&throttle, &worst, 8);
    for number in 0..REMEMBERED {
        throttle.failed(&Attempt::new(&number.to_string(), None));
    }
    let remembered = throttle.locked(|state| state.counts.len());
    assert!(remembered <= REMEMBERED, "{remembered}");
    assert!(throttle.check(&worst).is_err());
}
