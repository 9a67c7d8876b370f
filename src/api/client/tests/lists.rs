//! Lists: expanded, paged, or of ids.

use super::*;

/// A server of PoP configurations 0..count: `expands` says whether it honours the wish for objects,
/// `cap` how many it puts on a page.
fn pops_server(count: u64, expands: fn(u64) -> bool, cap: u64) -> impl Fn(&Request, usize) -> Outcome {
    move |request, _| {
        let object =
            |id: u64| serde_json::json!({"id": id, "interfaceId": 1, "type": "l2", "status": "active"});
        let last = request.url.rsplit('/').next().unwrap();
        if let Ok(id) = last.parse::<u64>() {
            return if id == 3 { respond(404, &[], "{}") } else { ok(object(id)) };
        }
        let wish = |name: &str| request.headers.get(name)?.to_str().ok()?.parse::<u64>().ok();
        let entry = |id: u64| if expands(id) { object(id) } else { id.into() };
        match (wish("x-pagination-number"), (0..count).any(expands)) {
            (Some(number), true) => {
                let from = (number - 1) * cap;
                let page: Vec<_> = (from..(from + cap).min(count)).map(entry).collect();
                respond(200, &[("X-Pagination-Elements", &count.to_string())], Value::from(page))
            }
            _ => ok(Value::from((0..count).map(Value::from).collect::<Vec<_>>())),
        }
    }
}

async fn read_pops(count: u64, expands: fn(u64) -> bool, cap: u64) -> (Vec<u64>, Arc<Fake>) {
    let (client, fake) = client(pops_server(count, expands, cap));
    let pops = client.pops(service()).await.unwrap();
    (pops.iter().map(|pop| pop.id).collect(), fake)
}

#[tokio::test]
async fn a_list_comes_in_one_expanded_request() {
    let (ids, fake) = read_pops(5, |_| true, 1000).await;
    assert_eq!(ids, [0, 1, 2, 3, 4]);
    assert_eq!(fake.lines().len(), 1);
    for (name, value) in [
        ("x-pagination-mode", "CachedObjectList-Pages"),
        ("x-pagination-size", "1000"),
        ("x-pagination-number", "1"),
        ("pragma", "no-cache"),
    ] {
        assert_eq!(fake.header(0, name).as_deref(), Some(value), "{name}");
    }
}

#[tokio::test]
async fn smaller_pages_than_asked_for_are_followed_to_the_end() {
    let (ids, fake) = read_pops(7, |_| true, 3).await;
    assert_eq!(ids, [0, 1, 2, 3, 4, 5, 6]);
    assert_eq!(fake.lines().len(), 3);
}

#[tokio::test]
async fn ids_are_read_one_by_one_in_order_and_what_is_gone_is_left_out() {
    let (ids, fake) = read_pops(6, |_| false, 1000).await;
    assert_eq!(ids, [0, 1, 2, 4, 5]);
    assert_eq!(fake.lines().len(), 7);
}

#[tokio::test]
async fn objects_and_ids_may_be_mixed() {
    let (ids, fake) = read_pops(6, |id| id % 2 == 0, 1000).await;
    assert_eq!(ids, [0, 1, 2, 4, 5]);
    assert_eq!(fake.lines().len(), 4);
}

#[tokio::test]
async fn pages_that_do_not_fit_together_give_way_to_ids() {
    let healthy = pops_server(3, |_| false, 1000);
    let (client, fake) = client(move |request, before| match request.headers.get("x-pagination-number") {
        Some(_) => respond(200, &[("x-pagination-elements", "9")], "[]"),
        None => healthy(request, before),
    });
    assert_eq!(client.pops(service()).await.unwrap().len(), 3);
    assert_eq!(fake.header(1, "x-pagination-mode"), None);
    assert_eq!(fake.header(1, "pragma").as_deref(), Some("no-cache"));
}

#[tokio::test]
async fn services_are_left_as_ids_where_the_server_says_ids() {
    let (client, fake) = client(|_, _| {
        ok(
            r#"[{"uuid":"00000000-0000-0000-0000-000000000001","status":"active"},"00000000-0000-0000-0000-000000000002"]"#,
        )
    });
    let services = client.services().await.unwrap();
    assert!(matches!(&services[0], Listed::Object(object) if object.uuid == service()), "{services:?}");
    assert_eq!(services[1], Listed::Id(Uuid::from_u128(2)));
    // Without a count, a page with an object in it is followed until nothing new comes.
    assert_eq!(fake.lines().len(), 2);
}

#[tokio::test]
async fn members_are_ids_in_either_form() {
    let (client, _) = client(|_, _| {
        respond(
            200,
            &[("x-pagination-elements", "2")],
            r#"[{"ovhCloudConnect":"00000000-0000-0000-0000-000000000001","vrack":"pn-1"},"00000000-0000-0000-0000-000000000002"]"#,
        )
    });
    assert_eq!(client.vrack_members("pn-1").await.unwrap(), [Uuid::from_u128(1), Uuid::from_u128(2)]);
}
