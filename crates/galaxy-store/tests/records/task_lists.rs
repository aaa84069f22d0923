use std::time::Duration;

use galaxy_base::Timestamp;
use galaxy_domain::{
    Kind,
    task::{Priority, TaskRow},
};
use galaxy_store::tasks::{NewTask, TaskChange, TaskFilter, TaskSort, TaskStatus};
use galaxy_testkit::store::{START, Someone, StoreFixture};

use crate::tasks::{all, make, titled};

async fn filters_narrow_the_list(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let bob = store.someone("bob@example.org").await;
    let tagged = |title: &str, tags: &[&str]| NewTask {
        tags: tags.iter().map(|it| (*it).to_owned()).collect(),
        ..titled(title)
    };
    let milk = make(store, ada, tagged("Buy MILK 100%_", &["shop", "say \"hi\""])).await;
    make(store, ada, tagged("Crème brûlée", &["Shop-list"])).await;
    let due = NewTask { due_at: Some(START), priority: Priority::High, ..titled("Pay rent") };
    make(store, ada, due).await;
    make(store, bob, titled("Bob's milk")).await;
    let done = TaskChange { completed: Some(true), ..TaskChange::default() };
    store.change_task(ada.may(milk.id), done).await.unwrap();

    let filter = TaskFilter::default;
    let text = |text: &str| TaskFilter { text: Some(text.to_owned()), ..filter() };
    let tag = |tag: &str| TaskFilter { tag: Some(tag.to_owned()), ..filter() };
    let list = |filter| all(store, ada, filter);
    assert_eq!(list(text("milk")).await, ["Buy MILK 100%_"]);
    assert_eq!(list(text("CREME BRULEE")).await, ["Crème brûlée"]);
    assert_eq!(list(text("%_")).await, ["Buy MILK 100%_"]);
    assert_eq!(list(text("'; DROP TABLE tasks; --\0")).await, Vec::<String>::new());
    assert_eq!(list(text("")).await.len(), 3);
    assert_eq!(list(tag("shop")).await, ["Buy MILK 100%_"]);
    assert_eq!(list(tag("say \"hi\"")).await, ["Buy MILK 100%_"]);
    assert_eq!(list(tag("SHOP")).await, Vec::<String>::new());
    let status = |status| TaskFilter { status, ..filter() };
    assert_eq!(list(status(TaskStatus::Completed)).await, ["Buy MILK 100%_"]);
    assert_eq!(list(status(TaskStatus::Pending)).await, ["Crème brûlée", "Pay rent"]);
    let high = TaskFilter { priority: Some(Priority::High), ..filter() };
    assert_eq!(list(high).await, ["Pay rent"]);
    let before = |at| TaskFilter { due_before: Some(at), ..filter() };
    assert_eq!(list(before(START.after(Duration::from_millis(1)))).await, ["Pay rent"]);
    assert_eq!(list(before(START)).await, Vec::<String>::new());
}

async fn every_order_pages_without_loss(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let titles = ["pear", "Äpfel", "apple", "Zoo", "zebra", "苹果", "apple", "_", "10", "9"];
    for (idx, title) in (0_i64..).zip(titles) {
        let due_at = (idx % 3 != 0).then(|| Timestamp::from_millis(1_000 - idx));
        let priority = if idx % 2 == 0 { Priority::High } else { Priority::Low };
        make(store, ada, NewTask { due_at, priority, ..titled(title) }).await;
    }
    let sorts =
        [TaskSort::Created, TaskSort::Updated, TaskSort::Due, TaskSort::Priority, TaskSort::Title];
    for sort in sorts {
        let whole = TaskFilter { sort, limit: 200, ..TaskFilter::default() };
        let ascending = store.tasks(ada.may_here(), &whole).await.unwrap();
        assert_eq!((ascending.items.len(), ascending.next), (titles.len(), None));
        for descending in [false, true] {
            let mut expected = ascending.items.clone();
            if descending {
                expected.reverse();
            }
            let filter = TaskFilter { limit: 3, descending, ..whole.clone() };
            assert_eq!(walk(store, ada, filter).await, expected, "{sort:?} {descending}");
        }
    }
    let by_title = TaskFilter { sort: TaskSort::Title, ..TaskFilter::default() };
    let sorted = all(store, ada, by_title).await;
    assert_eq!(sorted, ["10", "9", "_", "Äpfel", "apple", "apple", "pear", "zebra", "Zoo", "苹果"],);
}

async fn walk(store: &StoreFixture, who: Someone, mut filter: TaskFilter) -> Vec<TaskRow> {
    let mut items = Vec::new();
    loop {
        let page = store.tasks(who.may_here(), &filter).await.unwrap();
        items.extend(page.items);
        filter.cursor = page.next;
        if filter.cursor.is_none() {
            return items;
        }
    }
}

async fn pages_stay_put_while_tasks_come_and_go(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let mut made = Vec::new();
    for idx in 0..9 {
        store.clock.advance(Duration::from_millis(5));
        made.push(make(store, ada, titled(&format!("task {idx}"))).await);
    }
    let mut filter = TaskFilter { descending: true, limit: 3, ..TaskFilter::default() };
    let mut seen = Vec::new();
    for round in 0..3 {
        let page = store.tasks(ada.may_here(), &filter).await.unwrap();
        seen.extend(page.items.into_iter().map(|it| it.title));
        filter.cursor = page.next;
        // A newer task appears, and the last one of the page goes.
        store.clock.advance(Duration::from_millis(5));
        make(store, ada, titled("newer")).await;
        store.delete_task(ada.may(made[6 - 3 * round].id)).await.unwrap();
    }
    let expected: Vec<String> = (0..9).rev().map(|idx| format!("task {idx}")).collect();
    assert_eq!(seen, expected);
    assert_eq!(filter.cursor, None);
}

async fn a_foreign_cursor_is_refused(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    for cursor in ["", "x", "c", "'; --", &"c".repeat(10_000)] {
        let filter = TaskFilter { cursor: Some(cursor.to_owned()), ..TaskFilter::default() };
        let refused = store.tasks(ada.may_here(), &filter).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::NotFound, "{cursor}");
    }
}

galaxy_testkit::on_both_engines! {
    filters_narrow_the_list,
    every_order_pages_without_loss,
    pages_stay_put_while_tasks_come_and_go,
    a_foreign_cursor_is_refused,
}
