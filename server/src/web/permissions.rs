//! Who may come through which door: every route and every server function, in one table.
//!
//! Says nothing of rows and columns (`policy`, kept in `lake`), and the rooms behind ask again. Invariant: a route or function that does not stand here
//! answers as if it were not there, so that a forgotten line shuts a door and never opens one.

use super::{entry, session};
use crate::house::House;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use contract::failure::FailureKind;
use contract::{Failure, Principal};
use policy::Role;
use std::sync::Arc;

/// Who may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum May {
    /// Also whoever is not signed in: what is behind looks after itself (a link, a signature), or tells nothing.
    Anyone,
    SignedIn,
    /// Whoever looks after sources.
    Stewards,
    /// Whoever manages people.
    Managers,
}

const CALLS: &str = "/_fn/{*name}";

const ROUTES: &[(&str, May)] = &[
    ("/healthz", May::Anyone),
    ("/readyz", May::Anyone),
    ("/metrics", May::Anyone),
    ("/preferencias", May::Anyone),
    ("/sw.js", May::Anyone),
    ("/sem-conexao", May::Anyone),
    ("/entrar", May::Anyone),
    ("/entrar/link", May::Anyone),
    ("/entrar/codigo", May::Anyone),
    ("/convite", May::Anyone),
    ("/comecar", May::Anyone),
    ("/hooks/{source}", May::Anyone),
    ("/sair", May::SignedIn),
    ("/", May::SignedIn),
    ("/painel/{id}", May::SignedIn),
    ("/indicadores", May::SignedIn),
    ("/indicador/{metric}", May::SignedIn),
    ("/edicao/ao-vivo", May::SignedIn),
    ("/fatias/{id}", May::SignedIn),
    ("/acessos", May::SignedIn),
    ("/acessos/encerrar", May::SignedIn),
    ("/acessos/senha", May::SignedIn),
    ("/acessos/codigo", May::SignedIn),
    ("/acessos/codigo/confirmar", May::SignedIn),
    ("/acessos/codigo/tirar", May::SignedIn),
    ("/comece-aqui", May::Stewards),
    ("/pessoas", May::Managers),
    ("/pessoas/{id}", May::Managers),
    ("/pessoas/{id}/link", May::Managers),
    ("/pessoas/{id}/sem-codigo", May::Managers),
    ("/pessoas/{id}/remover", May::Managers),
    ("/dados", May::Stewards),
    ("/dados/ao-vivo", May::Stewards),
    ("/dados/nova", May::Stewards),
    ("/dados/nova/{kind}", May::Stewards),
    ("/dados/planilha", May::Stewards),
    ("/dados/planilha/{id}", May::Stewards),
    ("/dados/fonte/{name}", May::Stewards),
    ("/dados/fonte/{name}/ajustes", May::Stewards),
    ("/dados/fonte/{name}/ao-vivo", May::Stewards),
    ("/dados/fonte/{name}/sincronizar", May::Stewards),
    ("/dados/fonte/{name}/parar", May::Stewards),
    ("/dados/fonte/{name}/remover", May::Stewards),
    ("/dados/fonte/{name}/fluxos", May::Stewards),
    ("/dados/fonte/{name}/de-novo", May::Stewards),
    ("/dados/fonte/{name}/aceitar", May::Stewards),
    ("/dados/fonte/{name}/repousar", May::Stewards),
    ("/dados/fonte/{name}/arquivo", May::Stewards),
    ("/dados/fonte/{name}/arquivo/{id}", May::Stewards),
    ("/dados/fonte/{name}/painel", May::Stewards),
    ("/dados/fonte/{name}/painel/ao-vivo", May::Stewards),
    ("/api", May::SignedIn),
    ("/api/", May::SignedIn),
    ("/api/{*unknown}", May::SignedIn),
    ("/api/v1/openapi.json", May::SignedIn),
    ("/api/v1/query", May::SignedIn),
    ("/api/v1/metrics", May::SignedIn),
    ("/api/v1/metrics/{name}/origin", May::SignedIn),
    ("/api/v1/boards", May::SignedIn),
    ("/api/v1/boards/{id}", May::SignedIn),
    ("/api/v1/editions", May::SignedIn),
    ("/api/v1/status", May::SignedIn),
    ("/api/v1/runs", May::SignedIn),
    ("/api/v1/sources", May::Stewards),
    ("/api/v1/sources/{name}", May::Stewards),
    ("/api/v1/sources/{name}/syncs", May::Stewards),
    ("/api/v1/sources/{name}/cancel", May::Stewards),
    // Each function says for itself, below.
    (CALLS, May::SignedIn),
];

const FUNCTIONS: &[(&str, May)] = &[
    ("/_fn/principal/name", May::SignedIn),
    ("/_fn/boards/list", May::SignedIn),
    ("/_fn/boards/open", May::SignedIn),
    ("/_fn/editions/status", May::SignedIn),
    ("/_fn/metrics/ask", May::SignedIn),
    ("/_fn/metrics/catalogue", May::SignedIn),
    ("/_fn/metrics/members", May::SignedIn),
    ("/_fn/metrics/origin", May::SignedIn),
    ("/_fn/runs/list", May::SignedIn),
    ("/_fn/slices/manifest", May::SignedIn),
    ("/_fn/slices/sliced", May::SignedIn),
    ("/_fn/people/account", May::SignedIn),
    ("/_fn/people/list", May::Managers),
    ("/_fn/people/show", May::Managers),
    ("/_fn/people/start", May::Stewards),
    ("/_fn/sources/list", May::Stewards),
    ("/_fn/sources/new", May::Stewards),
    ("/_fn/sources/settings", May::Stewards),
    ("/_fn/sources/show", May::Stewards),
    ("/_fn/uploads/columns", May::Stewards),
    ("/_fn/uploads/compare", May::Stewards),
    ("/_fn/uploads/making", May::Stewards),
    ("/_fn/uploads/send", May::Stewards),
];

impl May {
    fn lets(self, principal: &Principal) -> bool {
        let any = |is: fn(Role) -> bool| Role::of(principal).into_iter().any(is);
        match self {
            May::Anyone | May::SignedIn => true,
            May::Stewards => any(Role::looks_after_sources),
            May::Managers => any(Role::manages_people),
        }
    }
}

fn declared(route: &str, path: &str) -> Option<May> {
    let (table, name) = if route == CALLS { (FUNCTIONS, path) } else { (ROUTES, route) };
    table.iter().find(|(known, _)| *known == name).map(|(_, may)| *may)
}

/// The one door of every route: lets a request pass with its `Principal`, or refuses it.
pub async fn door(State(house): State<Arc<House>>, mut request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|route| route.as_str().to_owned());
    let may = declared(route.as_deref().unwrap_or_default(), request.uri().path());
    if may == Some(May::Anyone) {
        return next.run(request).await;
    }
    match session::recognise(&house, &mut request).await {
        Ok(true) => {}
        Ok(false) => return nobody(request.uri().path()),
        Err(failure) => return session::refuse(&failure),
    }
    let Some(may) = may else { return StatusCode::NOT_FOUND.into_response() };
    match session::principal(&request) {
        Some(principal) if may.lets(&principal) => next.run(request).await,
        _ => forbidden(&house, request.method(), request.headers()).await,
    }
}

/// Paths that pages and programs fetch, and nobody opens.
fn is_for_programs(path: &str) -> bool {
    ["/api", "/_fn/", "/fatias/", "/edicao/"].iter().any(|programs| path.starts_with(programs))
}

/// Nobody is signed in: programs are told so, people are led to where they sign in.
fn nobody(path: &str) -> Response {
    if is_for_programs(path) {
        return session::refuse(&Failure::new(
            FailureKind::NotSignedIn,
            "nobody is signed in; sign in at /entrar",
        ));
    }
    Redirect::to("/entrar").into_response()
}

async fn forbidden(house: &House, method: &Method, headers: &HeaderMap) -> Response {
    let accepts = headers.get("accept").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if method == Method::GET && accepts.contains("text/html") {
        return entry::page(house, StatusCode::FORBIDDEN, headers, app::stills::entry::forbidden).await;
    }
    session::refuse(&Failure::new(
        FailureKind::Forbidden,
        "your roles do not allow this; ask whoever administers Mirante",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Place};
    use axum::body::Body;
    use metastore::sessions::Device;
    use std::collections::BTreeSet;
    use tower::ServiceExt;

    /// The routes that the router knows.
    fn routes() -> BTreeSet<String> {
        // axum has no list of its routes but this one.
        let told = format!("{:?}", super::super::routes());
        let paths = told.split("RouteId(").filter_map(|rest| {
            let (number, path) = rest.split_once("): \"")?;
            number.parse::<u32>().ok()?;
            // Its own fallback stands among them.
            path.split('"').next().filter(|path| !path.contains("__private__")).map(str::to_owned)
        });
        paths.collect()
    }

    fn of(table: &[(&str, May)]) -> BTreeSet<String> {
        let names: BTreeSet<String> = table.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(names.len(), table.len(), "a door stands twice in the table");
        names
    }

    #[tokio::test]
    async fn every_route_says_who_may_and_no_line_is_left_over() {
        assert_eq!(routes(), of(ROUTES));
    }

    #[test]
    fn every_server_function_says_who_may_and_no_line_is_left_over() {
        let registered: BTreeSet<String> =
            server_fn::axum::server_fn_paths().map(|(path, _)| path.to_owned()).collect();
        assert!(registered.len() > 10, "{registered:?}");
        assert_eq!(registered, of(FUNCTIONS));
    }

    /// A path that the route matches.
    fn example(route: &str) -> String {
        let parts = route.split('/').map(|part| if part.starts_with('{') { "x" } else { part });
        parts.collect::<Vec<_>>().join("/")
    }

    #[tokio::test]
    async fn every_door_is_shut_to_whoever_the_table_does_not_name() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place { data: folder.path().join("data"), database_url: None, memory_mb: Some(64) };
        let house = Arc::new(House::open(Config::load(&place).unwrap()).await.unwrap());
        let router = super::super::router(house.clone());
        let mut people = vec![(None, String::new())];
        for role in Role::ALL {
            let id = role.name();
            let roles = vec![id.to_owned()];
            let user =
                Principal { id: id.to_owned(), name: id.to_owned(), roles, attributes: Default::default() };
            house.metastore.add_user(&user).await.unwrap();
            let session = house.metastore.begin_session(id, &Device::default()).await.unwrap();
            people.push((Some(user), format!("mirante_session={session}")));
        }
        let functions = FUNCTIONS.iter().map(|(path, may)| ((*path).to_owned(), *may));
        let routes =
            ROUTES.iter().filter(|(route, _)| *route != CALLS).map(|(route, may)| (example(route), *may));
        for (path, may) in routes.chain(functions).filter(|(_, may)| *may != May::Anyone) {
            // Signing out is a deed: whoever does it is nobody afterwards.
            for (person, cookie) in people.iter().filter(|_| path != "/sair") {
                for method in [Method::GET, Method::POST] {
                    let request = Request::builder().method(&method).uri(&path).header("cookie", cookie);
                    let request = request.header("content-type", "application/json");
                    let answer =
                        router.clone().oneshot(request.body(Body::from("{}")).unwrap()).await.unwrap();
                    let status = answer.status();
                    let who = person.as_ref().map_or("nobody", |person| &person.id);
                    let told = format!("{method} {path} as {who}: {status}");
                    match person {
                        // A method that is not there opens nothing either.
                        _ if status == StatusCode::METHOD_NOT_ALLOWED => {}
                        None if is_for_programs(&path) => {
                            assert_eq!(status, StatusCode::UNAUTHORIZED, "{told}");
                        }
                        None => assert_eq!(answer.headers()["location"], "/entrar", "{told}"),
                        Some(person) if may.lets(person) => {
                            assert!(
                                ![StatusCode::FORBIDDEN, StatusCode::UNAUTHORIZED].contains(&status),
                                "{told}"
                            );
                        }
                        Some(_) => assert_eq!(status, StatusCode::FORBIDDEN, "{told}"),
                    }
                }
            }
        }
    }
}
