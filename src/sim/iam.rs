//! The IAM actions that each route asks for.
//!
//! Written down once more, from the published API's `x-iam-actions`, apart from what the client knows of
//! its calls: a wrong name on one side shows on the other.

/// A route of the API and the actions that its caller needs.
pub(super) struct Route {
    pub(super) method: &'static str,
    /// With its parameters in braces.
    pub(super) path: &'static str,
    pub(super) actions: &'static [&'static str],
}

const fn route(method: &'static str, path: &'static str, actions: &'static [&'static str]) -> Route {
    Route { method, path, actions }
}

/// Every route that asks for an action. Source: published API.
pub(super) static ROUTES: &[Route] = &[
    route("GET", "/ovhCloudConnect", &["ovhCloudConnect:apiovh:get"]),
    route("GET", "/ovhCloudConnect/{s}", &["ovhCloudConnect:apiovh:get"]),
    route("PUT", "/ovhCloudConnect/{s}", &["ovhCloudConnect:apiovh:edit"]),
    route("GET", "/ovhCloudConnect/{s}/config/pop", &["ovhCloudConnect:apiovh:config/pop/get"]),
    route("POST", "/ovhCloudConnect/{s}/config/pop", &["ovhCloudConnect:apiovh:config/pop/create"]),
    route("GET", "/ovhCloudConnect/{s}/config/pop/{p}", &["ovhCloudConnect:apiovh:config/pop/get"]),
    route("DELETE", "/ovhCloudConnect/{s}/config/pop/{p}", &["ovhCloudConnect:apiovh:config/pop/delete"]),
    // Not under `config/pop`, unlike its neighbours.
    route("GET", "/ovhCloudConnect/{s}/config/pop/{p}/status", &["ovhCloudConnect:apiovh:config/status/get"]),
    route(
        "GET",
        "/ovhCloudConnect/{s}/config/pop/{p}/statistics",
        &["ovhCloudConnect:apiovh:config/pop/statistics/get"],
    ),
    route(
        "GET",
        "/ovhCloudConnect/{s}/config/pop/{p}/datacenter",
        &["ovhCloudConnect:apiovh:config/pop/datacenter/get"],
    ),
    route(
        "POST",
        "/ovhCloudConnect/{s}/config/pop/{p}/datacenter",
        &["ovhCloudConnect:apiovh:config/pop/datacenter/create"],
    ),
    route(
        "GET",
        "/ovhCloudConnect/{s}/config/pop/{p}/datacenter/{d}",
        &["ovhCloudConnect:apiovh:config/pop/datacenter/get"],
    ),
    route(
        "DELETE",
        "/ovhCloudConnect/{s}/config/pop/{p}/datacenter/{d}",
        &["ovhCloudConnect:apiovh:config/pop/datacenter/delete"],
    ),
    route(
        "GET",
        "/ovhCloudConnect/{s}/config/pop/{p}/datacenter/{d}/extra",
        &["ovhCloudConnect:apiovh:config/pop/datacenter/extra/get"],
    ),
    route(
        "POST",
        "/ovhCloudConnect/{s}/config/pop/{p}/datacenter/{d}/extra",
        &["ovhCloudConnect:apiovh:config/pop/datacenter/extra/create"],
    ),
    route(
        "GET",
        "/ovhCloudConnect/{s}/config/pop/{p}/datacenter/{d}/extra/{e}",
        &["ovhCloudConnect:apiovh:config/pop/datacenter/extra/get"],
    ),
    route(
        "DELETE",
        "/ovhCloudConnect/{s}/config/pop/{p}/datacenter/{d}/extra/{e}",
        &["ovhCloudConnect:apiovh:config/pop/datacenter/extra/delete"],
    ),
    route("GET", "/ovhCloudConnect/{s}/datacenter", &["ovhCloudConnect:apiovh:datacenter/get"]),
    route("GET", "/ovhCloudConnect/{s}/datacenter/{d}", &["ovhCloudConnect:apiovh:datacenter/get"]),
    route("GET", "/ovhCloudConnect/{s}/diagnostic", &["ovhCloudConnect:apiovh:diagnostic/get"]),
    route("POST", "/ovhCloudConnect/{s}/diagnostic", &["ovhCloudConnect:apiovh:diagnostic/create"]),
    route("GET", "/ovhCloudConnect/{s}/diagnostic/{d}", &["ovhCloudConnect:apiovh:diagnostic/get"]),
    route("GET", "/ovhCloudConnect/{s}/incident", &["ovhCloudConnect:apiovh:incident/get"]),
    route("GET", "/ovhCloudConnect/{s}/incident/{i}", &["ovhCloudConnect:apiovh:incident/get"]),
    route("GET", "/ovhCloudConnect/{s}/interface", &["ovhCloudConnect:apiovh:interface/get"]),
    route("GET", "/ovhCloudConnect/{s}/interface/{i}", &["ovhCloudConnect:apiovh:interface/get"]),
    route("POST", "/ovhCloudConnect/{s}/interface/{i}/lock", &["ovhCloudConnect:apiovh:interface/lock"]),
    route("POST", "/ovhCloudConnect/{s}/interface/{i}/unlock", &["ovhCloudConnect:apiovh:interface/unlock"]),
    route(
        "GET",
        "/ovhCloudConnect/{s}/interface/{i}/status",
        &["ovhCloudConnect:apiovh:interface/status/get"],
    ),
    route(
        "GET",
        "/ovhCloudConnect/{s}/interface/{i}/statistics",
        &["ovhCloudConnect:apiovh:interface/statistics/get"],
    ),
    route("GET", "/ovhCloudConnect/{s}/monitoring", &["ovhCloudConnect:apiovh:monitoring/get"]),
    route("POST", "/ovhCloudConnect/{s}/monitoring", &["ovhCloudConnect:apiovh:monitoring/create"]),
    route("DELETE", "/ovhCloudConnect/{s}/monitoring", &["ovhCloudConnect:apiovh:monitoring/delete"]),
    route("GET", "/ovhCloudConnect/{s}/task", &["ovhCloudConnect:apiovh:task/get"]),
    route("GET", "/ovhCloudConnect/{s}/task/{t}", &["ovhCloudConnect:apiovh:task/get"]),
    route("GET", "/vrack", &["vrack:apiovh:get"]),
    route("GET", "/vrack/{v}", &["vrack:apiovh:get"]),
    route("PUT", "/vrack/{v}", &["vrack:apiovh:put"]),
    // It lists services of other products as well. Assumed: their actions are for those.
    route(
        "GET",
        "/vrack/{v}/allowedServices",
        &["vrack:apiovh:allowedServices/get", "ovhCloudConnect:apiovh:vrack/attach"],
    ),
    route("GET", "/vrack/{v}/ovhCloudConnect", &["vrack:apiovh:ovhCloudConnect/get"]),
    // Two actions, one on each of the two things that are joined.
    route(
        "POST",
        "/vrack/{v}/ovhCloudConnect",
        &["vrack:apiovh:ovhCloudConnect/attach", "ovhCloudConnect:apiovh:vrack/attach"],
    ),
    route("GET", "/vrack/{v}/ovhCloudConnect/{s}", &["vrack:apiovh:ovhCloudConnect/get"]),
    route("DELETE", "/vrack/{v}/ovhCloudConnect/{s}", &["vrack:apiovh:ovhCloudConnect/detach"]),
    route("GET", "/vrack/{v}/task", &["vrack:apiovh:task/get"]),
    route("GET", "/vrack/{v}/task/{t}", &["vrack:apiovh:task/get"]),
];

/// The actions that a call needs, by its method and its path without a version. `None` where no action
/// allows it.
#[must_use]
pub fn actions(method: &str, path: &str) -> Option<&'static [&'static str]> {
    let is_of = |route: &&Route| route.method == method && matches(route.path, path);
    ROUTES.iter().find(is_of).map(|route| route.actions)
}

/// Whether a path is one of a route's.
fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, path) = (pattern.trim_matches('/').split('/'), path.trim_matches('/').split('/'));
    pattern.clone().count() == path.clone().count()
        && pattern.zip(path).all(|(pattern, segment)| pattern.starts_with('{') || pattern == segment)
}

#[cfg(test)]
mod tests {
    use axum::http::Method;

    use super::super::route;
    use super::*;

    const SERVICE: &str = "6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01";

    /// A path of a route, with something in the place of each parameter.
    fn sample(route: &Route) -> String {
        let segments = route.path.split('/').map(|segment| match segment {
            "{s}" => SERVICE,
            "{v}" => "pn-1",
            parameter if parameter.starts_with('{') => "1",
            fixed => fixed,
        });
        segments.collect::<Vec<_>>().join("/")
    }

    #[test]
    fn every_row_is_a_route_of_the_simulator() {
        for row in ROUTES {
            let path = sample(row);
            let endpoint = route::parse(&path).unwrap_or_else(|| panic!("{path} is no route")).unwrap();
            assert!(endpoint.takes(&row.method.parse::<Method>().unwrap()), "{} {path}", row.method);
        }
    }

    #[test]
    fn every_route_of_the_simulator_has_a_row() {
        let paths: std::collections::BTreeSet<String> = ROUTES.iter().map(sample).collect();
        for path in paths {
            let endpoint = route::parse(&path).unwrap().unwrap();
            for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE] {
                let (takes, has) = (endpoint.takes(&method), actions(method.as_str(), &path).is_some());
                assert_eq!(takes, has, "{method} {path}");
            }
        }
    }
}
