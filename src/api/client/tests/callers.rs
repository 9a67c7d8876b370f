//! Who calls, and at what time.

use super::*;

#[tokio::test]
async fn a_call_is_signed_with_the_apis_own_time() {
    let (client, fake) =
        client_of(
            application(),
            |request, _| {
                if request.url.ends_with("/auth/time") { ok(NOW + 100) } else { ok(TASK) }
            },
        );
    let answer = client.create_pop(service(), &new_pop()).await.unwrap();
    assert_eq!((answer.value.resource_id, answer.query_id.as_deref()), (Some(7), Some("EU.ext-1")));
    let route = "/ovhCloudConnect/00000000-0000-0000-0000-000000000001/config/pop";
    assert_eq!(fake.lines(), ["GET /auth/time".to_owned(), format!("POST {route}")]);
    assert_eq!(fake.header(0, "x-ovh-signature"), None);

    let body = r#"{"interfaceId":101,"type":"l2"}"#;
    assert_eq!(&*fake.log.lock().unwrap()[1].body, body.as_bytes());
    let url = format!("{BASE}{route}");
    let signature =
        auth::sign(&"hush-s".into(), &"hush-c".into(), &Method::POST, &url, body.as_bytes(), NOW + 100);
    let agent = concat!("ovhconnect/", env!("CARGO_PKG_VERSION"));
    for (name, value) in [
        ("x-ovh-application", "hush-k"),
        ("x-ovh-consumer", "hush-c"),
        ("x-ovh-timestamp", "1700000100"),
        ("x-ovh-signature", &signature),
        ("content-type", "application/json"),
        ("user-agent", agent),
    ] {
        assert_eq!(fake.header(1, name).as_deref(), Some(value), "{name}");
    }
}

#[tokio::test]
async fn many_first_calls_ask_for_the_time_once() {
    let (client, fake) =
        client_of(
            application(),
            |request, _| {
                if request.url.ends_with("/auth/time") { ok(NOW) } else { ok("[]") }
            },
        );
    let calls = (0..5).map(|_| client.vracks());
    futures_util::future::try_join_all(calls).await.unwrap();
    assert_eq!(fake.lines().iter().filter(|line| line.ends_with("/auth/time")).count(), 1);
    assert_eq!(client.stats(), Stats { get: 6, ..Stats::default() });
    assert_eq!(fake.header(1, "content-type"), None);
    assert_eq!(fake.header(1, "pragma").as_deref(), Some("no-cache"));
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_moved_is_asked_for_again_even_for_a_mutation() {
    let (client, fake) = client_of(application(), |request, before| match before {
        _ if request.url.ends_with("/auth/time") => ok(NOW + i64::try_from(before).unwrap()),
        1 => respond(400, &[], r#"{"errorCode":"QUERY_TIME_OUT","message":"Query out of time"}"#),
        _ => ok(TASK),
    });
    client.delete_pop(service(), 7).await.unwrap();
    let lines = fake.lines();
    assert_eq!(
        lines.iter().map(|line| line.split(' ').next().unwrap()).collect::<Vec<_>>(),
        ["GET", "DELETE", "GET", "DELETE"]
    );
    assert_eq!(fake.header(3, "x-ovh-timestamp").as_deref(), Some("1700000002"));
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_never_fits_ends() {
    let (client, fake) = client_of(application(), |request, _| {
        if request.url.ends_with("/auth/time") {
            ok(NOW)
        } else {
            respond(400, &[], r#"{"errorCode":"QUERY_TIME_OUT","message":"Query out of time"}"#)
        }
    });
    let error = client.vracks().await.unwrap_err();
    assert!(error.hint().unwrap().contains("clock"), "{error}");
    assert_eq!(fake.lines().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_lost_clock_before_a_mutation_is_not_a_lost_mutation() {
    let (client, fake) = client_of(application(), |_, _| lost(TransportErrorKind::Timeout));
    let error = client.delete_pop(service(), 7).await.unwrap_err();
    assert!(error.to_string().starts_with("GET /auth/time: "), "{error}");
    assert!(!error.maybe_landed());
    assert!(!fake.lines().iter().any(|line| line.starts_with("DELETE")));
}

#[tokio::test(start_paused = true)]
async fn a_service_account_gets_one_token_and_renews_it_before_its_end() {
    let (client, fake) =
        client_of(account(), |request, before| token_server(request, before).unwrap_or_else(|| ok("[]")));
    futures_util::future::try_join_all((0..4).map(|_| client.vracks())).await.unwrap();
    assert_eq!(client.stats().post, 1);
    assert_eq!(fake.header(0, "content-type").as_deref(), Some("application/x-www-form-urlencoded"));
    assert_eq!(
        &*fake.log.lock().unwrap()[0].body,
        b"grant_type=client_credentials&client_id=me&client_secret=hush-1&scope=all"
    );
    assert_eq!(fake.header(4, "authorization").as_deref(), Some("Bearer hush-0"));
    tokio::time::advance(Duration::from_secs(3539)).await;
    client.vracks().await.unwrap();
    assert_eq!(client.stats().post, 1);
    tokio::time::advance(Duration::from_secs(1)).await;
    client.vracks().await.unwrap();
    assert_eq!(client.stats().post, 2);
    assert_eq!(fake.header(7, "authorization").as_deref(), Some("Bearer hush-6"));
}

#[tokio::test(start_paused = true)]
async fn a_revoked_token_is_replaced_once() {
    let (client, fake) = client_of(account(), |request, before| {
        token_server(request, before).unwrap_or_else(|| {
            respond(401, &[], r#"{"class":"Client::Unauthorized","message":"bad token hush-0"}"#)
        })
    });
    let error = client.delete_pop(service(), 7).await.unwrap_err();
    assert_eq!(fake.lines().len(), 4);
    assert_eq!(error.status(), Some(401));
}

#[tokio::test(start_paused = true)]
async fn a_token_that_ends_on_its_way_costs_no_call() {
    let (client, fake) = client_of(account(), |request, before| {
        token_server(request, before).unwrap_or_else(|| match before {
            // The first token is good for one call, the second for the others.
            0..=1 => ok("[]"),
            2 => respond(401, &[], r#"{"class":"Client::Unauthorized","message":"expired"}"#),
            _ => ok(TASK),
        })
    });
    client.vracks().await.unwrap();
    let task = client.create_pop(service(), &new_pop()).await.unwrap().value;
    assert_eq!(task.resource_id, Some(7));
    let sent: Vec<_> =
        (0..fake.lines().len()).filter_map(|index| fake.header(index, "authorization")).collect();
    assert_eq!(sent, ["Bearer hush-0", "Bearer hush-0", "Bearer hush-3"]);
}

#[tokio::test(start_paused = true)]
async fn a_refused_service_account_is_explained() {
    let (client, fake) = client_of(account(), |_, _| {
        respond(
            401,
            &[],
            r#"{"error":"invalid_client","error_description":"no such client (secret hush-1)"}"#,
        )
    });
    let error = client.vracks().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "POST https://www.ovh.com/auth/oauth2/token: 401 invalid_client: no such client (secret [hidden]) (query id EU.ext-1)"
    );
    assert!(error.hint().unwrap().contains("OVH_CLIENT_SECRET"));
    assert_eq!(fake.lines().len(), 1);
}
